"""coco-map is pycocotools' own figure, whichever way the model tells its boxes."""

import json

import msgspec
import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from inferometer_loadgen.datasets.scoring import Answer, ScoringError, score
from inferometer_loadgen.plan import DetectionsPlan, ScorerPlan

CATEGORIES = (1, 18, 44, 90)
"""COCO's ids have gaps; their numbers are 1 to 4."""


def scorer(**fields):
    named = {"boxes": "b", "classes": "c", "scores": "s", "box_format": "XYWH", "box_unit": "Pixels"}
    offset = fields.pop("label_offset", 0)
    return ScorerPlan(kind="coco-map", detections=DetectionsPlan(**{**named, **fields}), label_offset=offset)


def annotated(seed=7, images=12):
    """Images of several sizes with objects of all sizes, some of them crowds, some images without any."""
    draw = np.random.default_rng(seed)
    found = []
    for index in range(images):
        height, width = (int(side) for side in draw.integers(200, 640, 2))
        annotations = []
        for _ in range(index % 4):
            w, h = draw.uniform(8, width / 2), draw.uniform(8, height / 2)
            x, y = draw.uniform(0, width - w), draw.uniform(0, height - h)
            number = int(draw.integers(1, 5))
            annotations.append(
                {
                    "category_id": CATEGORIES[number - 1],
                    "category_number": number,
                    "bbox": [x, y, w, h],
                    "area": w * h * 0.7,
                    "iscrowd": int(draw.random() < 0.1),
                }
            )
        found.append({"id": 1000 + 7 * index, "height": height, "width": width, "annotations": annotations})
    return found


def labels(images):
    texts = np.empty(len(images), dtype=object)
    texts[:] = [json.dumps(image).encode() for image in images]
    return {"annotations": texts}


def detected(images, *, shift=0.0, noise=0.0, seed=3):
    """For each image (boxes as XYWH in pixels, category ids, scores): each object moved by a share of its width."""
    draw = np.random.default_rng(seed)
    answers = []
    for image in images:
        boxes, ids = [], []
        for one in image["annotations"]:
            x, y, w, h = one["bbox"]
            boxes.append([x + shift * w + noise * draw.normal() * w, y + noise * draw.normal() * h, w, h])
            ids.append(one["category_id"])
        if noise:
            boxes += [[5.0, 6.0, 40.0, 50.0], [15.0, 6.0, 80.0, 50.0]]
            ids += [18, 44]
        scores = draw.uniform(0.05, 1, len(ids)).astype(np.float32)
        answers.append((np.array(boxes, np.float64).reshape(-1, 4), np.array(ids, np.int64), scores))
    return answers


def as_answers(found):
    return [Answer(sample, {"b": b, "c": c, "s": s}) for sample, (b, c, s) in enumerate(found)]


def by_pycocotools(tmp_path, images, found):
    """The figure by the files and calls that pycocotools' own demo uses."""
    truth, number = [], 0
    for image in images:
        for one in image["annotations"]:
            number += 1
            truth.append(
                {k: v for k, v in one.items() if k != "category_number"} | {"id": number, "image_id": image["id"]}
            )
    results = [
        {"image_id": image["id"], "category_id": int(c), "bbox": b.tolist(), "score": float(s)}
        for image, rows in zip(images, found, strict=True)
        for b, c, s in zip(*rows, strict=True)
    ]
    path = tmp_path / "instances.json"
    categories = [{"id": category, "name": str(category)} for category in CATEGORIES]
    path.write_text(json.dumps({"images": images, "annotations": truth, "categories": categories}))
    (tmp_path / "results.json").write_text(json.dumps(results))
    coco = COCO(str(path))
    evaluation = COCOeval(coco, coco.loadRes(str(tmp_path / "results.json")), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return evaluation.stats


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("noise", [0.05, 0.2])
def test_the_figures_are_those_of_pycocotools_own_files_and_calls(tmp_path, capsys, seed, noise):
    images = annotated(seed)
    found = detected(images, noise=noise, seed=seed)
    expected = by_pycocotools(tmp_path, images, found)
    capsys.readouterr()

    scored = score(scorer(), as_answers(found), labels(images))

    assert capsys.readouterr().out == ""
    assert (scored.metric, scored.samples) == ("coco-map", len(images))
    assert scored.value == expected[0]
    assert 0 < scored.value < 1
    assert (scored.details["ap50"], scored.details["ap75"], scored.details["ar100"]) == tuple(expected[[1, 2, 8]])


def test_perfect_boxes_are_one_and_none_at_all_are_zero():
    images = annotated()
    nothing = [(np.zeros((0, 4)), np.zeros(0, np.int64), np.zeros(0, np.float32)) for _ in images]

    assert score(scorer(), as_answers(detected(images)), labels(images)).value == pytest.approx(1, abs=1e-12)
    assert score(scorer(), as_answers(nothing), labels(images)).value == 0


def test_boxes_moved_by_a_quarter_of_their_width_count_at_three_of_ten_thresholds():
    """Their intersection over union is 0.75 / 1.25 = 0.6, which is not below 0.5, 0.55 and 0.6."""
    box = [64.0, 64.0, 128.0, 128.0]
    images = [{"id": 1, "height": 512, "width": 512, "annotations": [{"category_id": 1, "bbox": box}]}]

    found = score(scorer(), as_answers(detected(images, shift=0.25)), labels(images))

    assert found.value == pytest.approx(0.3)
    assert (found.details["ap50"], found.details["ap75"]) == pytest.approx((1, 0))


@pytest.mark.parametrize("unit", ["Pixels", "Relative"])
@pytest.mark.parametrize("form", ["YXYX", "XYXY", "XYWH"])
def test_every_form_of_a_box_is_the_same_box(form, unit):
    images = annotated()
    found = detected(images, noise=0.1)
    expected = score(scorer(), as_answers(found), labels(images)).value
    told = []
    for image, (boxes, ids, scores) in zip(images, found, strict=True):
        x, y, w, h = boxes.T
        if unit == "Relative":
            x, w, y, h = x / image["width"], w / image["width"], y / image["height"], h / image["height"]
        columns = {"XYWH": (x, y, w, h), "XYXY": (x, y, x + w, y + h), "YXYX": (y, x, y + h, x + w)}[form]
        told.append((np.stack(columns, axis=1), ids, scores))

    scored = score(scorer(box_format=form, box_unit=unit), as_answers(told), labels(images))

    assert scored.value == pytest.approx(expected, abs=1e-9)


def test_numbers_of_categories_and_an_offset_lead_to_the_same_ids():
    images = annotated()
    found = detected(images, noise=0.1)
    expected = score(scorer(), as_answers(found), labels(images)).value
    numbered = [(b, np.array([CATEGORIES.index(i) for i in c], np.float32), s) for b, c, s in found]

    scored = score(scorer(categories="Numbers", label_offset=-1), as_answers(numbered), labels(images))

    assert scored.value == expected


def test_only_the_first_count_and_only_those_sure_enough_count():
    images = annotated()
    found = detected(images, noise=0.1)
    plan = scorer(count="n", min_score=0.5)
    padded = [
        Answer(
            sample,
            {
                "b": np.concatenate([b, np.full((3, 4), 9.0)])[np.newaxis],
                "c": np.concatenate([c, [1, 1, 1]]),
                "s": np.concatenate([s, [0.99] * 3]),
                "n": np.array([len(c)], np.float32),
            },
        )
        for sample, (b, c, s) in enumerate(found)
    ]
    sure = [(b[s >= 0.5], c[s >= 0.5], s[s >= 0.5]) for b, c, s in found]

    scored = score(plan, padded, labels(images))

    assert scored.value == score(scorer(), as_answers(sure), labels(images)).value


ONE = [{"id": 1, "height": 10, "width": 10, "annotations": [{"category_id": 1, "bbox": [1, 1, 5, 5]}]}]


@pytest.mark.parametrize(
    ("outputs", "images", "words"),
    [
        ({"b": np.zeros((1, 4))}, ONE, "the answers have no output `c`: write one of b in spec.accuracy.detections"),
        ({"b": np.zeros(3), "c": np.zeros(1), "s": np.zeros(1)}, ONE, "a box is four numbers"),
        ({"b": np.zeros((2, 4)), "c": np.zeros(1), "s": np.zeros(2)}, ONE, "`b` has 2 boxes"),
        ({"b": np.zeros((1, 4)), "c": np.array([1.5]), "s": np.zeros(1)}, ONE, "no whole number"),
        ({"b": np.full((1, 4), np.nan), "c": np.ones(1), "s": np.zeros(1)}, ONE, "not a finite number"),
        ({"b": np.array([["a"] * 4]), "c": np.ones(1), "s": np.zeros(1)}, ONE, "has the type <U1: give numbers"),
        ({}, [{"id": 1}], "`label:annotations` of sample 0: Object missing required field"),
        (
            {"b": np.zeros((0, 4)), "c": np.zeros(0), "s": np.zeros(0)},
            [ONE[0] | {"annotations": []}],
            "no image has an",
        ),
    ],
)
def test_what_cannot_be_scored_says_why(outputs, images, words):
    with pytest.raises(ScoringError) as raised:
        score(scorer(), [Answer(0, outputs)], labels(images))

    assert words in str(raised.value)


def test_samples_without_annotations_or_twice_of_one_image_are_refused():
    answers = as_answers(detected(ONE * 2))

    for given, words in (({}, "inferometer import coco makes it"), (labels(ONE * 2), "two samples are of image 1")):
        with pytest.raises(ScoringError, match=words):
            score(scorer(), answers, given)


def test_a_number_that_the_annotations_lack_is_asked_for():
    with pytest.raises(ScoringError, match="has no category_number"):
        score(scorer(categories="Numbers"), as_answers(detected(ONE)), labels(ONE))


def test_more_objects_than_boxes_are_refused():
    outputs = {"b": np.zeros((1, 4)), "c": np.ones(1), "s": np.ones(1), "n": np.array([2.0])}

    with pytest.raises(ScoringError, match="is 2, and there are 1 boxes"):
        score(msgspec.structs.replace(scorer(count="n")), [Answer(0, outputs)], labels(ONE))
