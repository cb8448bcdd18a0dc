"""From a model's outputs and the samples' labels to one number."""

import threading
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from inferometer_loadgen.datasets.scoring.model import Answer, Labels, Score, ScoringError
from inferometer_loadgen.datasets.scoring.top1 import top1
from inferometer_loadgen.plan import ScorerPlan

__all__ = ["Answer", "Labels", "Score", "ScoringError", "missing_package", "score"]

_PACKAGES = {"coco-map": "pycocotools", "bleu": "sacrebleu"}


def missing_package(scorer: ScorerPlan) -> str:
    """The package that a scorer needs and this Python lacks; empty where there is none."""
    package = _PACKAGES.get(scorer.kind, "")
    return package if package and find_spec(package) is None else ""


def score(
    scorer: ScorerPlan,
    answers: Iterable[Answer],
    labels: Labels,
    folder: Path | None = None,
    stop: threading.Event | None = None,
) -> Score:
    """The score of an accuracy run. Raises ScoringError where the answers cannot be scored.

    `folder` is where a command finds the answers; without one no command is run. It is ended once `stop` is set.
    """
    if package := missing_package(scorer):
        raise ScoringError(f"scorer {scorer.kind} needs {package}: install inferometer with the extra `scoring`")
    # Imported when they are needed: each takes a third of a second.
    match scorer.kind:
        case "top1":
            return top1(scorer, answers, labels)
        case "coco-map":
            from inferometer_loadgen.datasets.scoring.coco_map import coco_map

            return coco_map(scorer, answers, labels)
        case "bleu":
            from inferometer_loadgen.datasets.scoring.bleu import bleu

            return bleu(scorer, answers, labels)
        case "command":
            from inferometer_loadgen.datasets.scoring.command import by_command

            return by_command(scorer, answers, labels, folder, stop)
