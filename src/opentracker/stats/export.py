"""mode=json and mode=prometheus: the table of metrics for programs to read."""

from json import dumps

from opentracker.stats.metrics import COUNTER, METRICS, identity

_PREFIX = "opentracker_"


def as_json(stats):
    """Returns the page of mode=json: an object (RFC 8259) with a member for each metric.

    A metric with a label is an object of numbers by the value of the label. What this tracker does
    not have is left out. Members are never renamed.
    """
    members = ["%s: %s" % (dumps(name), dumps(text)) for name, text in identity(stats)]
    for name, _, _, label, get in METRICS:
        value = get(stats)
        if value is not None:
            members.append('"%s": %s' % (name, _object(value) if label else "%d" % value))
    return ("{\n" + ",\n".join(members) + "\n}\n").encode()


def _object(counts):
    return "{" + ", ".join(['"%s": %d' % count for count in counts]) + "}"


def as_prometheus(stats):
    """Returns the page of mode=prometheus: text exposition format 0.0.4.

    Names are those of mode=json behind "opentracker_", counters with "_total" at the end.
    """
    labels = ",".join(['%s="%s"' % (name, _escaped(text)) for name, text in identity(stats)])
    lines = _head(_PREFIX + "info", "gauge", "Which tracker this is.")
    lines.append("%sinfo{%s} 1\n" % (_PREFIX, labels))
    for name, kind, text, label, get in METRICS:
        value = get(stats)
        if value is None:
            continue
        name = _PREFIX + name + ("_total" if kind == COUNTER else "")
        lines += _head(name, kind, text)
        if label:
            lines += ['%s{%s="%s"} %d\n' % (name, label, which, count) for which, count in value]
        else:
            lines.append("%s %d\n" % (name, value))
    return "".join(lines).encode()


def _head(name, kind, text):
    return ["# HELP %s %s\n# TYPE %s %s\n" % (name, text, name, kind)]


def _escaped(text):
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
