"""What an accuracy run has found, as the verdict sees it."""

from dataclasses import dataclass, field

from inferometer_loadgen.plan import Plan


@dataclass(frozen=True, slots=True)
class Accuracy:
    """A score; its value is None where the answers could not be scored, and `not_scored` says why."""

    metric: str
    value: float | None
    samples: int
    details: dict[str, float] = field(default_factory=dict)
    not_scored: str = ""


def is_met(accuracy: Accuracy, plan: Plan) -> bool | None:
    """Whether the score is as good as the target; None where one of them is missing. On the target is met."""
    target = plan.judge.accuracy_target
    return None if target is None or accuracy.value is None else accuracy.value >= target


def figures(value: float, target: float) -> tuple[str, str]:
    """Both as text, with as many digits as tell them apart."""
    for digits in range(4, 17):
        pair = f"{value:.{digits}g}", f"{target:.{digits}g}"
        if pair[0] != pair[1] or value == target:
            return pair
    return repr(value), repr(target)
