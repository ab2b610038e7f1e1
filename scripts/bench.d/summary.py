"""The table to quote: each tracker beside the best of the C builds, as text and as Markdown.

The best C figure is that of the better build in each round, its median over the rounds; what is in
brackets is a tracker's figure compared with it within each round, as a median too.
"""

import collections
import statistics

from report import aligned

Row = collections.namedtuple("Row", "title measure key form better compare")
Comparison = collections.namedtuple("Comparison", "of form")

RATIO = Comparison(lambda own, best: own / best if best else None, "{:.2f}")
DIFFERENCE = Comparison(lambda own, best: own - best, "{:+,.3f}")
ALONE = Comparison(lambda own, best: None, "")  # is a ratio already


def rate(title, measure):
    return Row(title, measure, "rate", "{:,.0f}", max, RATIO)


def cpu(title, measure):
    return Row(title, measure, "cpu_us", "{:.2f}", min, RATIO)


def latency(title, key):
    return Row(title, "udp-half-load", key, "{:,.3f}", min, DIFFERENCE)


ROWS = [
    rate("HTTP announces/s, one connection each", "http"),
    cpu("server CPU each, µs", "http"),
    rate("HTTP announces/s, keep-alive (C and node close)", "http-keep-alive"),
    cpu("server CPU each, µs", "http-keep-alive"),
    rate("UDP announces/s, 1,000 swarms of 200", "udp-announce"),
    cpu("server CPU each, µs", "udp-announce"),
    rate("UDP announces/s of new peers", "udp-new"),
    rate("UDP connects/s", "udp-connect"),
    rate("UDP scrapes/s", "udp-scrape"),
    latency("99 % answered in, at half load, 100,000 peers, ms", "p99_ms"),
    latency("longest pause there, ms", "max_ms"),
    rate("UDP announces/s, 1,000,000 swarms of one", "udp-many-swarms"),
    cpu("server CPU each, µs", "udp-many-swarms"),
    Row(
        "answers/s, times its own with 1,000 swarms",
        "udp-many-swarms",
        "of_few",
        "{:.2f}",
        max,
        ALONE,
    ),
    Row("memory per peer, swarms of 100, bytes", "per-peer", "bytes_each", "{:,.1f}", min, RATIO),
    Row("memory per swarm of one peer, bytes", "per-swarm", "bytes_each", "{:,.1f}", min, RATIO),
    Row("growth in the flood, KiB", "flood", "grown_kib", "{:,.0f}", min, RATIO),
    Row("idle, KiB", "idle", "idle_kib", "{:,.0f}", min, RATIO),
    Row("start to first answer, ms", "idle", "start_ms", "{:,.1f}", min, RATIO),
    Row("compiled, KiB", "size", "installed_kib", "{:,.1f}", min, RATIO),
    Row("its package, KiB", "size", "package_kib", "{:,.1f}", min, RATIO),
]
REPLIES = [  # what was in them: peers, if it was announces, and how many were no answers
    ("HTTP announce, one connection each", "http"),
    ("HTTP announce, keep-alive", "http-keep-alive"),
    ("UDP announce, 1,000 swarms of 200", "udp-announce"),
    ("UDP announce of new peers", "udp-new"),
    ("UDP connect", "udp-connect"),
    ("UDP scrape", "udp-scrape"),
    ("UDP announce at half load, 100,000 peers", "udp-half-load"),
    ("UDP announce, 1,000 swarms of one", "udp-few-swarms"),
    ("UDP announce, 1,000,000 swarms of one", "udp-many-swarms"),
]
WITHOUT_PEERS = ("udp-connect", "udp-scrape")
BEST = "best C"
HEADINGS = {
    "cpython": "CPython",
    "micropython": "MicroPython",
    "bytecode": "bytecode only",
}
NOTE = "In brackets: the ratio to the best C figure of the same round, or the difference in ms."
REPLIES_TITLE = "Peers in a reply; errors and losses in the worst round, per cent"


def of_rounds(results, tracker, row):
    """{round: figure} of a tracker, empty if it was not measured."""
    rounds = results.get(tracker, {}).get(row.measure, {})
    return {turn: figures[row.key] for turn, figures in rounds.items() if row.key in figures}


def best_of(results, trackers, row):
    """{round: figure of whichever of the trackers was better in it}."""
    found = {}
    for tracker in trackers:
        for turn, figure in of_rounds(results, tracker, row).items():
            found[turn] = row.better(found.get(turn, figure), figure)
    return found


def compared(own, best, row):
    """The median comparison of the rounds that both have, or None."""
    both = [row.compare.of(own[turn], best[turn]) for turn in own if turn in best]
    both = [each for each in both if each is not None]
    return statistics.median(both) if both else None


def cell(own, best, row):
    if not own:
        return "-"
    text = row.form.format(statistics.median(own.values()))
    comparison = compared(own, best, row)
    if comparison is None:
        return text
    return "%s (%s)" % (text, row.compare.form.format(comparison))


def goals(results, references):
    """Rows of words: headings first, then what was measured of the best C build and all others."""
    others = [name for name in results if name not in references]
    lines = [["", BEST] + [HEADINGS.get(name, name) for name in others]]
    for row in ROWS:
        best = best_of(results, references, row)
        figures = [cell(best, {}, row)]
        figures += [cell(of_rounds(results, name, row), best, row) for name in others]
        if any(each != "-" for each in figures):
            lines.append([row.title] + figures)
    return lines


def replies(results):
    """Rows of words: headings first, then what was in the replies of each tracker."""
    lines = [[""] + [HEADINGS.get(name, name) for name in results]]
    for title, measure in REPLIES:
        figures = [reply_cell(results[name].get(measure), measure) for name in results]
        if any(each != "-" for each in figures):
            lines.append([title] + figures)
    return lines


def reply_cell(rounds, measure):
    if not rounds:
        return "-"
    bad = max(each["errors_percent"] + each["lost_percent"] for each in rounds.values())
    if measure in WITHOUT_PEERS:
        return "%.3f" % bad
    peers = statistics.median(each["peers_per_reply"] for each in rounds.values())
    return "%.1f; %.3f" % (peers, bad)


def as_text(results, references):
    parts = [
        "\n%s\n%s%s" % (title, aligned(lines), note)
        for title, note, lines in tables(results, references)
    ]
    return "\n".join(parts)


def as_markdown(about, results, references):
    parts = ["\n".join("- %s: %s" % pair for pair in about)]
    for title, note, lines in tables(results, references):
        parts.append("**%s**" % title)
        parts.append(markdown_table(lines))
        if note:
            parts.append(note.strip())
    return "\n\n".join(parts) + "\n"


def tables(results, references):
    summed, answered = goals(results, references), replies(results)
    if len(summed) > 1:
        yield "In one table: medians of the rounds", "\n\n" + NOTE, summed
    if len(answered) > 1:
        yield REPLIES_TITLE, "", answered


def markdown_table(lines):
    head, *rows = lines
    lines = [head, ["---"] + ["---:"] * (len(head) - 1)] + rows
    return "\n".join("| %s |" % " | ".join(line) for line in lines)
