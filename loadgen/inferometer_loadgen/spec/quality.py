"""The quality that an edition of the rules asks of answers: it fills `accuracy.target`, and names what falls short.

A pack's target is a share of the reference's score, in the rules' own unit (75.6954 top-1 %). A scorer's score has a
unit of its own (a fraction), and the pack says how many of the one make the other. A pack may name a scorer that this
version does not have yet: nothing is filled before a spec can ask for it.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from inferometer_loadgen.plan import Deviation
from inferometer_loadgen.rules.pack import Quality, TaskRules, least_score

if TYPE_CHECKING:
    from inferometer_loadgen.spec.benchmark import Accuracy


def accuracy_filled(accuracy: "Accuracy | UnsetType", task: TaskRules) -> "Accuracy | UnsetType":
    """With the laxest target that the rules accept, where none is given and the scorer is the rules' own."""
    if isinstance(accuracy, UnsetType) or accuracy.target is not UNSET:
        return accuracy
    quality = _held_by(accuracy, task)
    return accuracy if quality is None else replace(accuracy, target=least_score(quality, quality.ratios[0]))


def target_source(accuracy: "Accuracy | UnsetType", task: TaskRules) -> str:
    """Where the edition says what the target is; empty where the target is not the edition's."""
    if isinstance(accuracy, UnsetType):
        return ""
    quality = _held_by(accuracy, task)
    if quality is None:
        return ""
    taken = (ratio for ratio in quality.ratios if least_score(quality, ratio) == accuracy.target)
    ratio = next(taken, None)
    return "" if ratio is None else f"{_asked(quality, ratio)} ({quality.source})"


def quality_deviations(accuracy: "Accuracy | UnsetType", task: TaskRules) -> Iterator[Deviation]:
    """A filled spec's: a scorer that measures something else, or a target below the rules'."""
    if isinstance(accuracy, UnsetType):
        return
    quality = _held_by(accuracy, task)
    if quality is None:
        asked = "; ".join(_asked(one, one.ratios[0]) for one in task.quality)
        source = task.quality[0].source
        yield Deviation(field="spec.accuracy.scorer", value=accuracy.scorer, fixed=asked, source=source)
        return
    least = least_score(quality, quality.ratios[0])
    if accuracy.target is not UNSET and accuracy.target < least:
        yield Deviation(
            field="spec.accuracy.target", value=f"{accuracy.target:.15g}", fixed=f"{least:.15g}", source=quality.source
        )


def _held_by(accuracy: "Accuracy", task: TaskRules) -> Quality | None:
    """What this scorer measures of a task; None where its score is not what the rules ask, or a part of it only."""
    if len(task.quality) != 1:
        return None
    (quality,) = task.quality
    return quality if quality.most is None and quality.scorer == accuracy.scorer else None


def _asked(quality: Quality, ratio: float) -> str:
    return f"{ratio:g} x {quality.reference:g} {quality.metric}"
