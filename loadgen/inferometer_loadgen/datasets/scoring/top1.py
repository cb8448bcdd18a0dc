"""The share of samples whose most likely class is their label."""

from collections.abc import Iterable

import numpy as np

from inferometer_loadgen.datasets.scoring.model import Answer, Labels, Score, ScoringError
from inferometer_loadgen.plan import ScorerPlan

LABEL = "class"


def top1(scorer: ScorerPlan, answers: Iterable[Answer], labels: Labels) -> Score:
    """Of an output of several values the largest one says the class, a single value is the class."""
    if LABEL not in labels:
        raise ScoringError(f"the samples have no labels: give the npz an array `label:{LABEL}`, one class for a sample")
    right = samples = 0
    for answer in answers:
        output = _output(scorer, answer)
        found = int(output.argmax()) if output.size > 1 else int(output.item())
        right += found == int(labels[LABEL][answer.sample]) + scorer.label_offset
        samples += 1
    if not samples:
        raise ScoringError("there is no answer to score")
    return Score(metric="top1", value=right / samples, samples=samples)


def _output(scorer: ScorerPlan, answer: Answer) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    names = ", ".join(answer.outputs)
    if scorer.output:
        if scorer.output not in answer.outputs:
            raise ScoringError(
                f"the answers have no output `{scorer.output}`: write one of {names} as spec.accuracy.output"
            )
        return answer.outputs[scorer.output]
    if len(answer.outputs) != 1:
        raise ScoringError(f"the answers have the outputs {names}: write one of them as spec.accuracy.output")
    return next(iter(answer.outputs.values()))
