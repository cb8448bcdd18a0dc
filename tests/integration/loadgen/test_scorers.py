"""Imported libraries against a real Triton, scored: each figure is what its library says of the same answers.

The models know their answers beforehand, so that the expected score needs no part of ours.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import sacrebleu
import yaml
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from inferometer_dev.triton import TritonProcess
from inferometer_loadgen.datasets.npz import npz_labels, npz_library
from integration.loadgen.shell import inferometer, report_in, run_arguments
from integration.loadgen.specs import write_spec
from unit.datasets.importers.pictures_made import a_coco

MODELS = Path(__file__).parent / "answering"
BOXES = 6
SENTENCES = {
    "Guten Morgen.": ("Good morning.", "Good morning."),
    "Der Hund biss den Mann.": ("The dog bit the man.", "The dog had bitten the man."),
    "Das war nicht überraschend.": ("It wasn't surprising.", "It was not unexpected."),
    "Grüße 😀": ("greetings 😀", "Greetings 😀"),
    "Ein etwas längerer Satz, der länger ist als die anderen.": (
        "A somewhat longer sentence that is longer than the others.",
        "A slightly longer sentence, which is longer than the other ones.",
    ),
}
"""A source's translation by the model, and its reference."""

CONFIG = """\
name: "{name}"
backend: "python"
max_batch_size: 8
input [ {inputs} ]
output [ {outputs} ]
instance_group [ {{ kind: KIND_CPU, count: 1 }} ]
"""


def tensors(*given: tuple[str, str, str]) -> str:
    return ", ".join(f'{{ name: "{name}" data_type: {kind} dims: {dims} }}' for name, kind, dims in given)


def add_model(repository: Path, name: str, inputs: str, outputs: str, known: dict[str, Any]) -> None:
    folder = repository / name / "1"
    folder.mkdir(parents=True)
    (repository / name / "config.pbtxt").write_text(CONFIG.format(name=name, inputs=inputs, outputs=outputs))
    (folder / "model.py").write_text((MODELS / f"{name}.py").read_text())
    (folder / "known.json").write_text(json.dumps(known))


@dataclass(frozen=True)
class Served:
    """Triton with both models, and the libraries that belong to them."""

    triton: TritonProcess
    pictures: Path
    instances: Path
    answers: list[dict[str, Any]]
    """The detector's, by picture."""
    texts: Path


def imported(*arguments: str) -> None:
    ended = inferometer("import", *arguments)
    assert ended.code == 0, ended.stderr


def near_the_truth(images: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the detector says: boxes near the objects, a wrong one, and filling beyond its count."""
    draw = np.random.default_rng(11)
    answers = []
    for image in images:
        boxes, classes = [[0.1, 0.1, 0.4, 0.5]], [18.0]
        for one in image["annotations"]:
            x, y, w, h = one["bbox"]
            dx, dy = draw.uniform(-0.15, 0.15, 2) * (w, h)
            corners = (y + dy, x + dx, y + dy + h, x + dx + w)
            boxes.append([c / s for c, s in zip(corners, [image["height"], image["width"]] * 2, strict=True)])
            classes.append(float(one["category_id"]))
        count = len(boxes)
        answers.append(
            {
                "num_detections:0": [count],
                "detection_boxes:0": boxes + [[0.0, 0.0, 1.0, 1.0]] * (BOXES - count),
                "detection_classes:0": classes + [1.0] * (BOXES - count),
                "detection_scores:0": [*draw.uniform(0.2, 1, count).tolist(), *[0.99] * (BOXES - count)],
            }
        )
    return answers


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    coco = a_coco(folder / "coco")
    instances = coco / "annotations" / "instances_val2017.json"
    pictures, texts = folder / "coco.npz", folder / "texts.npz"
    imported("coco", str(coco / "val2017"), str(instances), "--task", "ssd-mobilenet", "-o", str(pictures))
    (folder / "source").write_text("".join(f"{source}\n" for source in SENTENCES))
    (folder / "reference").write_text("".join(f"{reference}\n" for _, reference in SENTENCES.values()))
    imported("text", str(folder / "source"), str(folder / "reference"), "-o", str(texts))

    library = npz_library(pictures.read_bytes())
    images = [json.loads(text) for text in npz_labels(pictures.read_bytes())["annotations"]]
    answers = near_the_truth(images)
    known = {
        hashlib.sha256(library.sample(index)["image_tensor:0"].tobytes()).hexdigest(): answer
        for index, answer in enumerate(answers)
    }
    repository = folder / "models"
    found = tensors(
        ("num_detections:0", "TYPE_FP32", "[ 1 ]"),
        ("detection_boxes:0", "TYPE_FP32", f"[ {BOXES}, 4 ]"),
        ("detection_scores:0", "TYPE_FP32", f"[ {BOXES} ]"),
        ("detection_classes:0", "TYPE_FP32", f"[ {BOXES} ]"),
    )
    add_model(repository, "detector", tensors(("image_tensor:0", "TYPE_UINT8", "[ 300, 300, 3 ]")), found, known)
    add_model(
        repository,
        "translator",
        tensors(("text", "TYPE_STRING", "[ 1 ]")),
        tensors(("translation", "TYPE_STRING", "[ 1 ]")),
        {source: translation for source, (translation, _) in SENTENCES.items()},
    )
    with TritonProcess(repository) as triton:
        yield Served(triton, pictures, instances, answers, texts)


def scored_run(served: Served, folder: Path, model: str, data: Path, accuracy: dict[str, Any], protocol: str) -> Any:
    path = write_spec(folder, model=model, protocol=protocol, workers=2, data={"configMap": {"name": "imported"}})
    document = yaml.safe_load(path.read_text())
    document["spec"] |= {"mode": "Accuracy", "accuracy": accuracy}
    path.write_text(yaml.safe_dump(document))
    triton = served.triton
    url = triton.url if protocol == "http" else f"grpc://{urlsplit(triton.url).hostname}:{triton.grpc_port}"
    ended = inferometer(*run_arguments(path, url, triton.metrics_url, folder), "--data", str(data))
    assert (folder / "report.json").exists(), ended.stderr
    return report_in(folder), ended


DETECTIONS = {
    "count": "num_detections:0",
    "boxes": "detection_boxes:0",
    "classes": "detection_classes:0",
    "scores": "detection_scores:0",
}
"""Of the reference's ssd-mobilenet."""


def by_pycocotools(served: Served, folder: Path) -> float:
    images = json.loads(served.instances.read_text())["images"]
    results = []
    for image, answer in zip(images, served.answers, strict=True):
        for number in range(answer["num_detections:0"][0]):
            y0, x0, y1, x1 = (np.float32(side) for side in answer["detection_boxes:0"][number])
            w, h = image["width"], image["height"]
            results.append(
                {
                    "image_id": image["id"],
                    "category_id": int(answer["detection_classes:0"][number]),
                    "bbox": [float(side) for side in (x0 * w, y0 * h, (x1 - x0) * w, (y1 - y0) * h)],
                    "score": answer["detection_scores:0"][number],
                }
            )
    (folder / "results.json").write_text(json.dumps(results))
    coco = COCO(str(served.instances))
    evaluation = COCOeval(coco, coco.loadRes(str(folder / "results.json")), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return float(evaluation.stats[0])


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_detected_objects_score_what_pycocotools_says(served: Served, tmp_path: Path, protocol: str) -> None:
    accuracy = {"scorer": "coco-map", "detections": DETECTIONS, "target": 0.1}

    report, ended = scored_run(served, tmp_path, "detector", served.pictures, accuracy, protocol)

    expected = by_pycocotools(served, tmp_path)
    assert 0.1 < expected < 0.95
    assert ended.code == 0, ended.stderr
    assert (report.accuracy.metric, report.accuracy.met, report.accuracy.samples) == ("coco-map", True, 4)
    assert report.accuracy.value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_translations_score_what_sacrebleu_says(served: Served, tmp_path: Path, protocol: str) -> None:
    accuracy = {"scorer": "bleu", "target": 90}

    report, ended = scored_run(served, tmp_path, "translator", served.texts, accuracy, protocol)

    translations, references = zip(*SENTENCES.values(), strict=True)
    expected = sacrebleu.corpus_bleu(list(translations), [list(references)]).score
    assert (ended.code, report.verdict) == (3, "Invalid")
    assert [reason.type for reason in report.reasons] == ["AccuracyBelowTarget"]
    assert (report.accuracy.value, report.accuracy.samples) == (expected, len(SENTENCES))


SCORER = """
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
right = sum(line["outputs"]["translation"]["data"] == [line["labels"]["text"]] for line in lines)
print(json.dumps({"metric": "exact", "value": right / len(lines), "details": {"right": right}}))
"""


def test_a_users_own_command_scores_the_answers(served: Served, tmp_path: Path) -> None:
    accuracy = {"scorer": "command", "command": {"run": [sys.executable, "-c", SCORER]}, "target": 0.2}

    report, ended = scored_run(served, tmp_path, "translator", served.texts, accuracy, "http")

    assert ended.code == 0, ended.stderr
    assert (report.accuracy.metric, report.accuracy.value, report.accuracy.details) == ("exact", 0.2, {"right": 1.0})
    assert len((tmp_path / "answers.jsonl").read_text().splitlines()) == len(SENTENCES)


def test_a_command_that_fails_leaves_the_run_inconclusive_with_its_last_words(served: Served, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no dictionary')"]

    report, ended = scored_run(
        served, tmp_path, "translator", served.texts, {"scorer": "command", "command": {"run": command}}, "http"
    )

    assert (ended.code, report.verdict) == (3, "Inconclusive")
    assert [reason.type for reason in report.reasons] == ["AccuracyNotScored"]
    assert "ended with 1; its last words: no dictionary" in report.reasons[0].message
