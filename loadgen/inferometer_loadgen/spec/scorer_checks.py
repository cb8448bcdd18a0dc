"""Whether what is said of a scorer fits it."""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import UNSET

from inferometer_loadgen.spec.benchmark import Accuracy
from inferometer_loadgen.spec.units import parse_duration_ns

FIELDS_OF = {
    "output": ("top1", "bleu"),
    "labelOffset": ("top1", "coco-map"),
    "detections": ("coco-map",),
    "tokenize": ("bleu",),
    "command": ("command",),
}
"""The scorers that know each field."""
NEEDED_BY = {"detections": "coco-map", "command": "command"}
BEST = {"top1": 1, "coco-map": 1, "bleu": 100}
"""The highest score that there is; a command's own may be any number."""


class Misfit(NamedTuple):
    """Where, what, and what to write instead: the fields of a SpecError."""

    path: str
    message: str
    hint: str


def scorer_misfits(accuracy: Accuracy) -> Iterator[Misfit]:
    """What a scorer lacks, what is another one's, a target that it cannot reach."""
    given = {
        "output": accuracy.output,
        "labelOffset": accuracy.label_offset,
        "detections": accuracy.detections,
        "tokenize": accuracy.tokenize,
        "command": accuracy.command,
    }
    for name, scorers in FIELDS_OF.items():
        if given[name] is not UNSET and accuracy.scorer not in scorers:
            yield Misfit(
                f"spec.accuracy.{name}",
                f"means nothing to scorer {accuracy.scorer}",
                f"leave it out, or use scorer {' or '.join(scorers)}",
            )
        if given[name] is UNSET and NEEDED_BY.get(name) == accuracy.scorer:
            yield Misfit(f"spec.accuracy.{name}", f"is missing, and scorer {accuracy.scorer} needs it", f"add {name}")
    yield from _target_can_be_met(accuracy)
    if accuracy.command is not UNSET and not parse_duration_ns(accuracy.command.timeout):
        yield Misfit("spec.accuracy.command.timeout", "`0s` leaves no time", "give a time such as 10m")


def _target_can_be_met(accuracy: Accuracy) -> Iterator[Misfit]:
    best = BEST.get(accuracy.scorer)
    if accuracy.target is not UNSET and best is not None and accuracy.target > best:
        yield Misfit(
            "spec.accuracy.target",
            f"`{accuracy.target:g}` is above {best}, the best that {accuracy.scorer} can be",
            "write a share such as 0.757" if best == 1 else "write a score from 0 to 100",
        )
