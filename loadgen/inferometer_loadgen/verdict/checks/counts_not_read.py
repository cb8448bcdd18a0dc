"""CountsNotRead: no data is not zero, and not equal either (design, invariant 6)."""

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.verdict.measured import Measured
from inferometer_loadgen.verdict.reasons import Finding, ReasonType, Severity
from inferometer_loadgen.verdict.wording import enumerated


def counts_not_read(measured: Measured, _plan: Plan) -> Finding | None:
    """A warning when a replica's successes are unknown: nobody can say that it did what the client saw."""
    unread = [
        f"{counts.replica} ({counts.absent_reason})"
        for counts in measured.servers
        if counts.successes is None and not counts.restarted
    ]
    if not unread:
        return None
    return Finding(
        ReasonType.COUNTS_NOT_READ,
        Severity.WARNING,
        f"the counters of {enumerated(unread)} could not be read, so answers are not reconciled with the servers'; "
        f"make their metrics endpoint reachable",
    )
