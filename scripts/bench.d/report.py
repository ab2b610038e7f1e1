"""Medians, the tables a person reads, and the same as JSON."""

import collections
import json
import os
import statistics

Column = collections.namedtuple("Column", "heading key form ratio")
Table = collections.namedtuple("Table", "title columns")


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
    column("p50 ms", "p50_ms", "{:.3f}"),
    column("p99 ms", "p99_ms", "{:.3f}"),
    column("max ms", "max_ms", "{:.3f}"),
]
OF_FEW = [column("of few", "of_few", "{:.2f}")]
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
SIZE = [
    column("KiB", "installed_kib", "{:,.1f}", ratio=True),
    column("package KiB", "package_kib", "{:,.1f}"),
]
TABLES = {
    "http": Table("HTTP announce, one connection each", RATES + LATENCY),
    "http-keep-alive": Table("HTTP announce, keep-alive", RATES + LATENCY + KEPT_ALIVE),
    "udp-announce": Table("UDP announce of known peers, 1,000 swarms of 200", RATES + LATENCY),
    "udp-new": Table("UDP announce of new peers", RATES + LATENCY),
    "udp-scrape": Table("UDP scrape, one swarm each", RATES + LATENCY),
    "udp-connect": Table("UDP connect", RATES + LATENCY),
    "udp-peak": Table("UDP announce, 1,000 swarms of 100, alone on its core", RATES + LATENCY),
    "udp-half-load": Table("UDP announce there, at half of that speed", RATES + LATENCY),
    "udp-few-swarms": Table("UDP announce, 1,000 swarms of one peer", RATES + LATENCY),
    "udp-many-swarms": Table("UDP announce, 1,000,000 of them", RATES + LATENCY + OF_FEW),
    "idle": Table("Start and idle, resident memory", IDLE),
    "per-peer": Table("Memory per peer: 1,000 swarms of 100", GROWTH),
    "per-swarm": Table("Memory per swarm: 100,000 swarms of one peer", GROWTH),
    "flood": Table("Flood of random info_hashes, default budget", FLOOD),
    "size": Table("Compiled size", SIZE),
}
LEGEND = """\
x NAME: the figure to its left, divided by NAME's. CPU us: user and system time of the tracker for
each answer; the client and the kernel saturate before a tracker does under ab, so there this tells
trackers apart. peers: mean number in a reply. of few: answers/s, divided by its own with 1,000
swarms. refused %: answered by an error. kept %: peers of established swarms that are still known
after the flood. Growth leaves out the C trackers' whitelist, which they have read before."""
DISTURBED = 5  # per cent of the server's core, from which on it is worth a word


def with_medians(results, references):
    """{tracker: {measure: {"median": .., "ratios": .., "rounds": ..}}} of the figures per round."""
    return {
        tracker: {
            measure: {
                "median": medians(list(rounds.values())),
                "ratios": {
                    name: ratios(TABLES[measure].columns, rounds, results[name][measure])
                    for name in references
                    if measure in results.get(name, ())
                },
                "rounds": rounds,
            }
            for measure, rounds in measures.items()
        }
        for tracker, measures in results.items()
    }


def medians(runs):
    numbers = [key for key, value in runs[0].items() if not isinstance(value, str)]
    return {key: statistics.median(run[key] for run in runs) for key in numbers}


def ratios(columns, rounds, reference):
    """{figure: ratio to the reference}: the median of the rounds that both have done."""
    found = {}
    common = [turn for turn in rounds if turn in reference]
    for key in [each.key for each in columns if each.ratio]:
        quotients = [
            rounds[turn][key] / reference[turn][key] for turn in common if reference[turn][key]
        ]
        if quotients:
            found[key] = round(statistics.median(quotients), 4)
    return found


def as_text(about, measured):
    width = max(len(name) for name, _ in about)
    parts = ["\n".join("%-*s  %s" % (width, name, text) for name, text in about)]
    for measure, (title, columns) in TABLES.items():
        rows = {name: found[measure] for name, found in measured.items() if measure in found}
        if rows:
            parts.append(title + "\n" + table(rows, columns))
    parts.append(LEGEND + disturbance(measured))
    return "\n\n".join(parts)


def table(rows, columns):
    references = next(iter(rows.values()))["ratios"]
    lines = [[""]]
    for each in columns:
        lines[0].append(each.heading)
        lines[0] += ["x " + name for name in references if each.ratio]
    for tracker, found in rows.items():
        line = [tracker]
        for each in columns:
            figure = found["median"].get(each.key)
            line.append("-" if figure is None else each.form.format(figure))
            if each.ratio:
                line += [as_ratio(ratio.get(each.key)) for ratio in found["ratios"].values()]
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


def disturbance(measured):
    """A word of caution if something else ran on the trackers' core."""
    shares = [
        (figures["others_percent"], measure, tracker, turn)
        for tracker, found in measured.items()
        for measure, facts in found.items()
        for turn, figures in facts["rounds"].items()
        if "others_percent" in figures
    ]
    if not shares or max(shares)[0] < DISTURBED:
        return ""
    return (
        "\n\nNot alone: others took up to %.0f %% of the trackers' core (%s of %s, round %d)."
        % max(shares)
    )


def write_json(path, about, settings, measured):
    settings = {key: value for key, value in settings.items() if key != "json"}
    document = {"about": dict(about), "settings": settings, "trackers": measured}
    with open(path + ".new", "w") as file:
        json.dump(document, file, indent=1)
        file.write("\n")
    os.replace(path + ".new", path)
