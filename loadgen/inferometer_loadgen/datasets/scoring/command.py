"""A user's own scorer: a program that reads the answers from a file and prints its score.

The file is JSON lines, a sample each, in their order: `{"sample": 0, "outputs": {NAME: {"datatype": "FP32", "shape":
[…], "data": […]}}, "labels": {NAME: …}}`. Numbers that JSON lacks are null; texts that are no UTF-8 are `b64` and not
`data`.

It runs with the rights and the environment of whoever runs `inferometer run`, and nowhere else: where no folder keeps
the answers, as in a cluster, it is refused.
"""

import base64
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.datasets.metadata import KSERVE_TYPES
from inferometer_loadgen.datasets.scoring.bounded import CommandError, run_bounded
from inferometer_loadgen.datasets.scoring.model import Answer, Labels, Score, ScoringError
from inferometer_loadgen.plan import ScorerPlan

ANSWERS = "answers.jsonl"
MAX_PRINTED_BYTES = 64 * 1024


class _Printed(msgspec.Struct, frozen=True):
    metric: str
    value: float
    details: dict[str, float] = {}


def by_command(
    scorer: ScorerPlan,
    answers: Iterable[Answer],
    labels: Labels,
    folder: Path | None,
    stop: threading.Event | None = None,
) -> Score:
    """What the command says. Raises ScoringError where it fails, takes too long, or prints something else."""
    command = scorer.command
    if command is None:
        raise TypeError("the plan of a command names it")
    if folder is None:
        raise ScoringError("scorer command runs in the shell only: use inferometer run")
    path = folder / ANSWERS
    samples = 0
    try:
        with path.open("wb") as file:
            for line in answer_lines(answers, labels):
                file.write(line)
                samples += 1
    except OSError as error:
        raise ScoringError(f"{path}: can't be written: {error.strerror}; make room, or name another -o") from error
    if not samples:
        raise ScoringError("there is no answer to score")
    try:
        printed = run_bounded((*command.run, str(path)), command.timeout_ns / 1e9, MAX_PRINTED_BYTES, stop)
    except CommandError as error:
        raise ScoringError(f"spec.accuracy.command {error}") from error
    try:
        found = msgspec.json.decode(printed, type=_Printed)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ScoringError(
            f"spec.accuracy.command printed no score: {error}; print one JSON object such as "
            '{"metric": "f1", "value": 0.9}, and all else to standard error'
        ) from error
    if not found.metric or len(found.metric) > 64:
        raise ScoringError("spec.accuracy.command printed a metric that is no name of up to 64 characters")
    return Score(metric=found.metric, value=found.value, samples=samples, details=found.details)


def answer_lines(answers: Iterable[Answer], labels: Labels) -> Iterator[bytes]:
    """The file's lines with their ends. Raises ScoringError for a sample without labels where there are some."""
    for answer in answers:
        for name, values in labels.items():
            if answer.sample >= len(values):
                raise ScoringError(f"sample {answer.sample} has no label: `label:{name}` has {len(values):,} of them")
        line = {
            "sample": answer.sample,
            "outputs": {name: _tensor(output) for name, output in answer.outputs.items()},
            "labels": {name: _plain(values[answer.sample]) for name, values in labels.items()},
        }
        yield msgspec.json.encode(line) + b"\n"


def _tensor(output: NDArray[np.generic]) -> dict[str, Any]:
    tensor: dict[str, Any] = {"datatype": KSERVE_TYPES.get(output.dtype, "BYTES"), "shape": list(output.shape)}
    values = output.reshape(-1).tolist()
    if tensor["datatype"] != "BYTES":
        return tensor | {"data": values}
    texts = [value.encode() if isinstance(value, str) else bytes(value) for value in values]
    try:
        return tensor | {"data": [text.decode() for text in texts]}
    except UnicodeDecodeError:
        return tensor | {"b64": [base64.b64encode(text).decode() for text in texts]}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return value.decode(errors="replace") if isinstance(value, bytes) else value
