"""The share of samples whose most likely class is their label."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.datasets.scoring.model import Answer, Labels, Score, ScoringError
from inferometer_loadgen.datasets.scoring.texts import the_output
from inferometer_loadgen.plan import ScorerPlan

LABEL = "class"


def top1(scorer: ScorerPlan, answers: Iterable[Answer], labels: Labels) -> Score:
    """Of an output of several values the largest one says the class; a single whole number is the class.

    Raises ScoringError for outputs that say no class, and for labels that are none.
    """
    classes = _classes(labels)
    right = samples = 0
    for answer in answers:
        if not 0 <= answer.sample < len(classes):
            raise ScoringError(f"sample {answer.sample} has no label: `label:{LABEL}` has {len(classes):,} of them")
        label = int(classes[answer.sample]) + scorer.label_offset
        right += _class(answer, the_output(scorer.output, answer.outputs), label) == label
        samples += 1
    if not samples:
        raise ScoringError("there is no answer to score")
    return Score(metric="top1", value=right / samples, samples=samples)


def _classes(labels: Labels) -> NDArray[np.generic]:
    if LABEL not in labels:
        raise ScoringError(f"the samples have no labels: give the npz an array `label:{LABEL}`, one class for a sample")
    classes = labels[LABEL]
    if classes.ndim != 1 or classes.dtype.kind not in "iu":
        raise ScoringError(
            f"`label:{LABEL}` has the shape {list(classes.shape)} and the type {classes.dtype}: give one whole number "
            "for a sample"
        )
    return classes


def _class(answer: Answer, output: NDArray[np.generic], label: int) -> int:
    values = output.reshape(-1) if output.ndim != 1 and output.size == max(output.shape, default=1) else output
    of = f"the output of sample {answer.sample}"
    if values.ndim != 1 or not values.size:
        raise ScoringError(f"{of} has the shape {list(output.shape)}: a class is one number, or a score for each class")
    if values.size == 1:
        if values.dtype.kind not in "iu":
            raise ScoringError(f"{of} is one {values.dtype}: a class is a whole number, or a score for each class")
        return int(values.item())
    if values.dtype.kind not in "fiu":
        raise ScoringError(f"{of} has the type {values.dtype}: a score for each class is a number")
    if values.dtype.kind == "f" and np.isnan(values).any():
        raise ScoringError(f"{of} is not a number for at least one class: look at the model")
    if not 0 <= label < values.size:
        raise ScoringError(
            f"the label of sample {answer.sample} is class {label}, and the output has {values.size} classes: correct "
            f"`label:{LABEL}` or spec.accuracy.labelOffset"
        )
    return int(values.argmax())
