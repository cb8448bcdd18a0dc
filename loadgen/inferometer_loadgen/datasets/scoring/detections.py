"""A sample's detected objects in its outputs, made into COCO's boxes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.datasets.scoring.model import Answer, ScoringError
from inferometer_loadgen.plan import DetectionsPlan


@dataclass(frozen=True, slots=True)
class Detections:
    """The same number of each."""

    boxes: NDArray[np.float64]
    """The upper left corner, width and height, in pixels of the original image."""
    classes: NDArray[np.int64]
    scores: NDArray[np.float64]


def detections_of(plan: DetectionsPlan, answer: Answer, height: int, width: int) -> Detections:
    """Those that count of an image of this size in pixels. Raises ScoringError where the outputs are none."""
    boxes = _numbers(answer, plan.boxes)
    if boxes.size % 4:
        raise ScoringError(_shape_of(answer, plan.boxes, "a box is four numbers"))
    boxes = boxes.reshape(-1, 4)
    classes, scores = _numbers(answer, plan.classes).reshape(-1), _numbers(answer, plan.scores).reshape(-1)
    for name, values in ((plan.classes, classes), (plan.scores, scores)):
        if len(values) != len(boxes):
            raise ScoringError(_shape_of(answer, name, f"`{plan.boxes}` has {len(boxes)} boxes"))
    count = _count(plan, answer, len(boxes))
    boxes, classes, scores = boxes[:count], classes[:count], scores[:count]
    if (classes != np.rint(classes)).any():
        raise ScoringError(f"output `{plan.classes}` of sample {answer.sample} has a class that is no whole number")
    certain = scores >= plan.min_score
    return Detections(_as_coco(plan, boxes[certain], height, width), classes[certain].astype(np.int64), scores[certain])


def _count(plan: DetectionsPlan, answer: Answer, boxes: int) -> int:
    if not plan.count:
        return boxes
    count = _numbers(answer, plan.count)
    if count.size != 1:
        raise ScoringError(_shape_of(answer, plan.count, "a sample has one number of objects"))
    number = float(count.reshape(-1)[0])
    if not number.is_integer() or not 0 <= number <= boxes:
        raise ScoringError(
            f"output `{plan.count}` of sample {answer.sample} is {number:g}, and there are {boxes} boxes"
        )
    return int(number)


def _as_coco(plan: DetectionsPlan, boxes: NDArray[np.float64], height: int, width: int) -> NDArray[np.float64]:
    if plan.box_format == "YXYX":
        boxes = boxes[:, [1, 0, 3, 2]]
    if plan.box_unit == "Relative":
        boxes = boxes * np.array([width, height, width, height], dtype=np.float64)
    if plan.box_format != "XYWH":
        boxes = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    return boxes


def _numbers(answer: Answer, name: str) -> NDArray[np.float64]:
    if name not in answer.outputs:
        raise ScoringError(
            f"the answers have no output `{name}`: write one of {', '.join(answer.outputs)} in spec.accuracy.detections"
        )
    output = answer.outputs[name]
    if output.dtype.kind not in "fiu":
        raise ScoringError(f"output `{name}` of sample {answer.sample} has the type {output.dtype}: give numbers")
    numbers = output.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise ScoringError(f"output `{name}` of sample {answer.sample} is not a finite number everywhere")
    return numbers


def _shape_of(answer: Answer, name: str, why: str) -> str:
    return f"output `{name}` of sample {answer.sample} has the shape {list(answer.outputs[name].shape)}: {why}"
