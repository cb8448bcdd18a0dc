"""A compliance test in words: whether it passed, and the evidence."""

from collections.abc import Iterator

from inferometer_loadgen.report.schema import AuditReport, OutputsReport
from inferometer_loadgen.spec.units import format_duration_ns
from inferometer_loadgen.verdict.wording import counted

OUTCOMES = {True: "passed", False: "failed", None: "says nothing"}


def audit_words(audit: AuditReport) -> str:
    """The test and its outcome: `TEST04 passed`."""
    return f"{audit.test} {OUTCOMES[audit.passed]}"


def audit_lines(audit: AuditReport) -> Iterator[str]:
    """Its outcome with both figures, and what was compared besides."""
    pair = f"{_figure(audit.audited, audit)} against {_figure(audit.reference, audit)}"
    yield f"audit {audit_words(audit)}: {pair}{_limits(audit)}"
    if audit.outputs is not None:
        yield f"  outputs: {_outputs(audit.outputs)}"


def _figure(value: float | None, audit: AuditReport) -> str:
    if value is None:
        return "no data"
    return format_duration_ns(value) if audit.unit == "ns" else f"{value:,.6g} {audit.unit}"


def _limits(audit: AuditReport) -> str:
    low, high = (_figure(end, audit) if end is not None else "" for end in (audit.low, audit.high))
    if low and high:
        return f", {low} to {high} allowed"
    return f", above {low} allowed" if low else f", below {high} allowed" if high else ""


def _outputs(found: OutputsReport) -> str:
    logged = counted(found.logged, "logged answer", "logged answers")
    if not found.different:
        return f"{logged}, all equal to those of the accuracy round"
    samples = ", ".join(map(str, found.differing_samples))
    said = f"{logged}, {found.different:,} differ from those of the accuracy round (samples {samples})"
    if found.not_scored:
        return f"{said}; not scored: {found.not_scored}"
    if found.baseline is None or found.score is None:
        return said
    return f"{said}; {found.metric} {found.score:.6g} against {found.baseline:.6g}"
