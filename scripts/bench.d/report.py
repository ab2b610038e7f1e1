"""Medians, the tables a person reads, and the same as JSON."""

import collections
import json
import os
import statistics

Column = collections.namedtuple("Column", "heading key form ratio")


def column(heading, key, form="{:,.0f}", ratio=False):
    """A figure of a measure; with `ratio` also how many times that of each reference it is."""
    return Column(heading, key, form, ratio)


RATES = [
    column("answers/s", "rate", ratio=True),
    column("CPU us", "cpu_us", "{:.2f}", ratio=True),
    column("peers", "peers_per_reply", "{:.1f}"),
    column("lost %", "lost_percent", "{:.3f}"),
    column("errors %", "errors_percent", "{:.3f}"),
]
LATENCY = [
    column("p50 us", "p50_us"),
    column("p99 us", "p99_us"),
    column("max us", "max_us"),
]
KEPT_ALIVE = [column("kept alive", "kept_alive")]
IDLE = [
    column("start ms", "start_ms", "{:.1f}", ratio=True),
    column("bare KiB", "bare_kib"),
    column("idle KiB", "idle_kib", ratio=True),
    column("above bare", "above_bare_kib"),
]
GROWTH = [
    column("stored", "stored"),
    column("grown KiB", "grown_kib"),
    column("bytes each", "bytes_each", "{:.1f}", ratio=True),
]
FLOOD = [
    column("grown KiB", "grown_kib", ratio=True),
    column("answers/s", "rate"),
    column("CPU us", "cpu_us", "{:.2f}"),
    column("lost %", "lost_percent", "{:.3f}"),
    column("refused %", "errors_percent", "{:.1f}"),
    column("kept %", "kept_percent"),
]
TABLES = {
    "http": ("HTTP announce, one connection each", RATES + LATENCY),
    "http-keep-alive": ("HTTP announce, keep-alive", RATES + LATENCY + KEPT_ALIVE),
    "udp-announce": ("UDP announce of known peers, 1,000 swarms of 200", RATES + LATENCY),
    "udp-half-load": ("UDP announce at half of that speed", RATES + LATENCY),
    "udp-new": ("UDP announce of new peers", RATES + LATENCY),
    "udp-scrape": ("UDP scrape, one swarm each", RATES + LATENCY),
    "udp-connect": ("UDP connect", RATES + LATENCY),
    "udp-scale": ("UDP announce, 1,000,000 swarms of one peer", RATES + LATENCY),
    "idle": ("Start and idle, resident memory", IDLE),
    "per-peer": ("Memory per peer: 1,000 swarms of 100", GROWTH),
    "per-swarm": ("Memory per swarm: 100,000 swarms of one peer", GROWTH),
    "flood": ("Flood of random info_hashes, default budget", FLOOD),
}
LEGEND = """\
x NAME: the figure to its left, divided by NAME's. CPU us: user and system time of the tracker for
each answer; the client and the kernel saturate before a tracker does under ab, so there this tells
trackers apart. peers: mean number in a reply. refused %: answered by an error. kept %: peers of
established swarms that are still known after the flood. Growth leaves out the C trackers'
whitelist, which they have read before."""
DISTURBED = 5  # per cent of the server's core, from which on it is worth a word


def medians(results):
    """{tracker: {measure: {figure: median}}} of the figures of all runs."""
    return {
        tracker: {measure: median_of(runs) for measure, runs in measures.items()}
        for tracker, measures in results.items()
    }


def median_of(runs):
    numbers = [key for key, value in runs[0].items() if not isinstance(value, str)]
    return {key: statistics.median(run[key] for run in runs) for key in numbers}


def ratios(figures, columns, others):
    """{(figure, reference): ratio}, as far as the reference has the figure."""
    return {
        (each.key, name): figures[each.key] / other[each.key]
        for each in columns
        if each.ratio
        for name, other in others.items()
        if other.get(each.key)
    }


def as_text(about, middle, references):
    width = max(len(name) for name, _ in about)
    parts = ["\n".join("%-*s  %s" % (width, name, text) for name, text in about)]
    for measure, (title, columns) in TABLES.items():
        rows = {name: found[measure] for name, found in middle.items() if measure in found}
        if rows:
            parts.append(title + "\n" + table(rows, columns, references))
    parts.append(LEGEND + disturbance(middle))
    return "\n\n".join(parts)


def table(rows, columns, references):
    others = {name: rows[name] for name in references if name in rows}
    headings = [""]
    for each in columns:
        headings.append(each.heading)
        headings += ["x " + name for name in others if each.ratio]
    lines = [headings]
    for tracker, figures in rows.items():
        found = ratios(figures, columns, others)
        line = [tracker]
        for each in columns:
            known = each.key in figures
            line.append(each.form.format(figures[each.key]) if known else "-")
            if each.ratio:
                line += [as_ratio(found.get((each.key, name))) for name in others]
        lines.append(line)
    return aligned(lines)


def as_ratio(ratio):
    return "-" if ratio is None else "%.2f" % ratio


def aligned(lines):
    """Rows of words as text, the first column to the left and all others to the right."""
    widths = [max(map(len, words)) for words in zip(*lines)]
    return "\n".join(
        "  "
        + line[0].ljust(widths[0])
        + "".join("  " + word.rjust(width) for word, width in zip(line[1:], widths[1:]))
        for line in lines
    )


def disturbance(middle):
    worst = max(
        (figures.get("others_percent", 0), measure, tracker)
        for tracker, found in middle.items()
        for measure, figures in found.items()
    )
    if worst[0] < DISTURBED:
        return ""
    return (
        "\n\nNot alone: others took up to %.0f %% of the tracker's core (%s of %s), so the figures"
        "\nare worth less." % worst
    )


def write_json(path, about, settings, results, middle, references):
    measured = {}
    for tracker, measures in results.items():
        measured[tracker] = {}
        for measure, runs in measures.items():
            others = {
                name: middle[name][measure]
                for name in references
                if measure in middle.get(name, ())
            }
            found = ratios(middle[tracker][measure], TABLES[measure][1], others)
            against = {}
            for (key, name), ratio in found.items():
                against.setdefault(name, {})[key] = round(ratio, 4)
            measured[tracker][measure] = {
                "median": middle[tracker][measure],
                "ratios": against,
                "runs": runs,
            }
    settings = {key: value for key, value in settings.items() if key != "json"}
    document = {"about": dict(about), "settings": settings, "trackers": measured}
    with open(path + ".new", "w") as file:
        json.dump(document, file, indent=1)
        file.write("\n")
    os.replace(path + ".new", path)
