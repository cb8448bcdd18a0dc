"""CalledOff: a run that somebody ended proves nothing about what it would have become."""

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.verdict.measured import Measured
from inferometer_loadgen.verdict.reasons import Finding, ReasonType, Severity


def called_off(measured: Measured, _plan: Plan) -> Finding | None:
    """Inconclusive when the run was ended before its time."""
    if not measured.called_off:
        return None
    return Finding(
        ReasonType.CALLED_OFF,
        Severity.INCONCLUSIVE,
        f"{measured.called_off} after {len(measured):,} queries; the figures are of those. Run again to its end",
    )
