"""AccuracyNotScored: an accuracy run whose answers nobody could score says nothing of the model."""

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.verdict.measured import Measured
from inferometer_loadgen.verdict.reasons import Finding, ReasonType, Severity


def accuracy_not_scored(measured: Measured, _plan: Plan) -> Finding | None:
    """Inconclusive when the scorer gave up. Where answers are missing there is nothing to score: another reason."""
    accuracy = measured.accuracy
    if accuracy is None or accuracy.value is not None:
        return None
    return Finding(
        ReasonType.ACCURACY_NOT_SCORED,
        Severity.INCONCLUSIVE,
        f"the answers could not be scored by {accuracy.metric}: "
        f"{' '.join(accuracy.not_scored.split())}; correct that and run again",
    )
