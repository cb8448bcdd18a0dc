"""ServerRestarted: the window holds two lives of one server (design, invariant 5)."""

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.verdict.measured import Measured
from inferometer_loadgen.verdict.reasons import Finding, ReasonType, Severity
from inferometer_loadgen.verdict.wording import enumerated


def server_restarted(measured: Measured, _plan: Plan) -> Finding | None:
    """Inconclusive when a server began anew: its counts are lost, and part of the load met fewer servers."""
    restarted = [counts.replica for counts in measured.servers if counts.restarted]
    if not restarted:
        return None
    return Finding(
        ReasonType.SERVER_RESTARTED,
        Severity.INCONCLUSIVE,
        f"{enumerated(restarted)} restarted during the measured run; read the end of the log of the server that "
        f"ended, correct the cause and run again",
    )
