"""The mean average precision of detected objects, as pycocotools computes it: a share from 0 to 1.

What is right is `label:annotations`, for each sample a JSON text in the words of COCO's own instances file:
`{"id": 139, "height": 426, "width": 640, "annotations": [{"category_id": 64, "bbox": [x, y, width, height], "area": …,
"iscrowd": 0, "category_number": 59}, …]}`. `category_number`, the place of the category in the file's list counted from
1, is needed where the model counts so; area is that of the box where it is missing.

All images that were asked for count. MLPerf v0.5's script (MLCommons inference,
v0.5/classification_and_detection/python/coco.py) leaves out those for which the model detects nothing, so that its
figure can be higher.
"""

from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from inferometer_loadgen.datasets.scoring.detections import Detections, detections_of
from inferometer_loadgen.datasets.scoring.model import Answer, Labels, Score, ScoringError
from inferometer_loadgen.datasets.scoring.texts import text_of
from inferometer_loadgen.plan import DetectionsPlan, ScorerPlan

LABEL = "annotations"
FIGURES = {"ap50": 1, "ap75": 2, "apSmall": 3, "apMedium": 4, "apLarge": 5, "ar100": 8}
"""Of pycocotools' summary, by place."""


class Annotation(msgspec.Struct, frozen=True):
    """One object that is in an image."""

    category_id: int
    bbox: tuple[float, float, float, float]
    """The upper left corner, width and height, in pixels of the original image."""
    area: float | None = None
    iscrowd: int = 0
    category_number: int | None = None


class Image(msgspec.Struct, frozen=True):
    """What is in one image, in COCO's words."""

    id: int
    height: int
    width: int
    annotations: tuple[Annotation, ...]


def coco_map(scorer: ScorerPlan, answers: Iterable[Answer], labels: Labels) -> Score:
    """AP over intersections of 50% to 95%. Raises ScoringError for outputs that are no detections, for bad labels."""
    if scorer.detections is None:
        raise TypeError("the plan of coco-map names its outputs")
    texts = _texts(labels)
    images: list[Image] = []
    found: list[Detections] = []
    for answer in answers:
        image = _image(texts, answer.sample)
        images.append(image)
        found.append(detections_of(scorer.detections, answer, image.height, image.width))
    _each_once(images)
    truth = list(_truth(images))
    if not any(not annotation["iscrowd"] for annotation in truth):
        raise ScoringError(f"no image has an object in `label:{LABEL}`, so there is nothing to find")
    ids = _ids_of_classes(scorer.detections, images)
    detected = list(_detected(images, found, ids, scorer.label_offset))
    figures = _evaluated(images, truth, detected)
    details = {name: float(figures[place]) for name, place in FIGURES.items() if figures[place] >= 0}
    details |= {"objects": float(len(truth)), "detections": float(sum(len(one.scores) for one in found))}
    return Score(metric="coco-map", value=float(figures[0]), samples=len(images), details=details)


def _texts(labels: Labels) -> NDArray[np.generic]:
    if LABEL not in labels:
        raise ScoringError(
            f"the samples have no annotations: give the npz an array `label:{LABEL}`, a JSON text for a sample; "
            "inferometer import coco makes it"
        )
    return labels[LABEL]


def _image(texts: NDArray[np.generic], sample: int) -> Image:
    if not 0 <= sample < len(texts):
        raise ScoringError(f"sample {sample} has no annotations: `label:{LABEL}` has {len(texts):,} of them")
    of = f"`label:{LABEL}` of sample {sample}"
    try:
        return msgspec.json.decode(text_of(texts[sample], of), type=Image)
    except msgspec.DecodeError as error:
        raise ScoringError(f"{of}: {error}") from error


def _each_once(images: list[Image]) -> None:
    seen: set[int] = set()
    for image in images:
        if image.id in seen:
            raise ScoringError(f"two samples are of image {image.id}: give each image once")
        seen.add(image.id)
    if not images:
        raise ScoringError("there is no answer to score")


def _truth(images: list[Image]) -> Iterator[dict[str, Any]]:
    # Numbered from 1: pycocotools takes 0 for "matches nothing".
    number = 0
    for image in images:
        for annotation in image.annotations:
            number += 1
            area = annotation.bbox[2] * annotation.bbox[3] if annotation.area is None else annotation.area
            yield {
                "id": number,
                "image_id": image.id,
                "category_id": annotation.category_id,
                "bbox": list(annotation.bbox),
                "area": area,
                "iscrowd": annotation.iscrowd,
            }


def _ids_of_classes(plan: DetectionsPlan, images: list[Image]) -> dict[int, int]:
    """Categories without an object in any image are not in it: they are no part of the mean."""
    annotations = [annotation for image in images for annotation in image.annotations]
    if plan.categories == "Ids":
        return {annotation.category_id: annotation.category_id for annotation in annotations}
    by_number: dict[int, int] = {}
    for annotation in annotations:
        if annotation.category_number is None:
            raise ScoringError(
                f"an annotation of `label:{LABEL}` has no category_number, which spec.accuracy.detections.categories "
                "Numbers needs: add it, or write Ids"
            )
        by_number[annotation.category_number] = annotation.category_id
    return by_number


def _detected(
    images: list[Image], found: list[Detections], ids: dict[int, int], offset: int
) -> Iterator[dict[str, Any]]:
    number = 0
    for image, detections in zip(images, found, strict=True):
        for box, category, score in zip(
            detections.boxes.tolist(), detections.classes.tolist(), detections.scores.tolist(), strict=True
        ):
            category_id = ids.get(category - offset)
            if category_id is None:
                continue
            number += 1
            yield {
                "id": number,
                "image_id": image.id,
                "category_id": category_id,
                "bbox": box,
                "area": box[2] * box[3],
                "iscrowd": 0,
                "score": score,
            }


def _evaluated(images: list[Image], truth: list[dict[str, Any]], detected: list[dict[str, Any]]) -> NDArray[np.float64]:
    # pycocotools tells what it does on standard output, which is the coordinator's for its ports.
    with redirect_stdout(StringIO()):
        evaluation = COCOeval(_indexed(images, truth, truth), _indexed(images, detected, truth), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    stats: NDArray[np.float64] = evaluation.stats
    return stats


def _indexed(images: list[Image], annotations: list[dict[str, Any]], truth: list[dict[str, Any]]) -> COCO:
    # Not by loadRes, which fails where nothing was detected.
    coco = COCO()
    coco.dataset = {
        "images": [{"id": image.id} for image in images],
        "annotations": annotations,
        "categories": [{"id": category} for category in sorted({one["category_id"] for one in truth})],
    }
    coco.createIndex()
    return coco
