"""QueriesFailed: in LoadGen's world every query is answered, so a single failure ends the claim to a valid run."""

import numpy as np

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.verdict.measured import Measured, QueryStatus
from inferometer_loadgen.verdict.reasons import Finding, ReasonType, Severity
from inferometer_loadgen.verdict.wording import counted, enumerated

FAILED_HOW = {
    QueryStatus.TIMED_OUT: "timed out",
    QueryStatus.ERROR_STATUS: "answered with an error status",
    QueryStatus.CONNECTION_LOST: "lost with the connection",
    QueryStatus.BAD_ANSWER: "answered with what is no answer",
    QueryStatus.NOT_SENT: "never sent",
}


def queries_failed(measured: Measured, _plan: Plan) -> Finding | None:
    """Invalid when any query has no good answer, whatever the percentiles say."""
    failed = len(measured) - int(np.count_nonzero(measured.answered()))
    if failed == 0:
        return None
    counts = {status: int(np.count_nonzero(measured.status == status)) for status in FAILED_HOW}
    how = enumerated([f"{counts[status]:,} {words}" for status, words in FAILED_HOW.items() if counts[status]])
    only_unsent = counts[QueryStatus.NOT_SENT] == failed
    next_step = "find what ended the run early" if only_unsent else f"{_servers_say(measured)}, correct the cause"
    return Finding(
        ReasonType.QUERIES_FAILED,
        Severity.INVALID,
        f"{failed:,} of {counted(len(measured), 'query', 'queries')} failed: {how}{_the_first(measured)}; "
        f"{next_step} and run again",
    )


def _the_first(measured: Measured) -> str:
    return f" (the first with `{' '.join(measured.first_error.split())}`)" if measured.first_error else ""


def _servers_say(measured: Measured) -> str:
    """Where to look: whether the servers themselves know of failures."""
    failures = [counts.failures for counts in measured.servers if counts.failures is not None]
    if not failures:
        return "read the servers' logs"
    if sum(failures) == 0:
        return "the servers counted no failure of their own, so look between them and the client"
    return f"the servers counted {counted(sum(failures), 'failure', 'failures')}, read their logs"
