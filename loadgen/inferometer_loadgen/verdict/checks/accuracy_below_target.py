"""AccuracyBelowTarget: inference rules, "the quality target of the task"."""

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.verdict.accuracy import figures, is_met
from inferometer_loadgen.verdict.measured import Measured
from inferometer_loadgen.verdict.reasons import Finding, ReasonType, Severity


def accuracy_below_target(measured: Measured, plan: Plan) -> Finding | None:
    """Invalid when the score is below the target; on the target is met."""
    accuracy, target = measured.accuracy, plan.judge.accuracy_target
    if accuracy is None or accuracy.value is None or target is None or is_met(accuracy, plan):
        return None
    value, least = figures(accuracy.value, target)
    return Finding(
        ReasonType.ACCURACY_BELOW_TARGET,
        Severity.INVALID,
        f"{accuracy.metric} was {value} over {accuracy.samples:,} samples, the target is {least}{_asked_by(plan)}; "
        "serve a better model, or look whether labels and samples are those it was trained for",
    )


def _asked_by(plan: Plan) -> str:
    return f", {plan.judge.accuracy_target_source}" if plan.judge.accuracy_target_source else ""
