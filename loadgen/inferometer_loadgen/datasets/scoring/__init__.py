"""From a model's outputs and the samples' labels to one number."""

from collections.abc import Iterable

from inferometer_loadgen.datasets.scoring.model import Answer, Labels, Score, ScoringError
from inferometer_loadgen.datasets.scoring.top1 import top1
from inferometer_loadgen.plan import ScorerPlan

__all__ = ["Answer", "Labels", "Score", "ScoringError", "score"]


def score(scorer: ScorerPlan, answers: Iterable[Answer], labels: Labels) -> Score:
    """The score of an accuracy run. Raises ScoringError where the answers cannot be scored."""
    match scorer.kind:
        case "top1":
            return top1(scorer, answers, labels)
