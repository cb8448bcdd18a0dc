"""From the answers on disk and the labels to the accuracy of a run."""

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from inferometer_loadgen.coordinator.spool import KeptAnswer, OutputsSpool
from inferometer_loadgen.datasets.library import DataError
from inferometer_loadgen.datasets.npz import npz_facts, npz_labels
from inferometer_loadgen.datasets.outputs import of_sample, outputs_of
from inferometer_loadgen.datasets.scoring import Answer, Labels, ScoringError, score
from inferometer_loadgen.plan import NpzData, Plan
from inferometer_loadgen.stream import Stream
from inferometer_loadgen.verdict.accuracy import Accuracy


def accuracy_of(
    plan: Plan,
    stream: Stream,
    spool: OutputsSpool,
    data: Path | None,
    *,
    is_batched: bool,
    stop: threading.Event,
) -> Accuracy:
    """The score, or why there is none; a command is ended once `stop` is set.

    Raises OutputsError where an answer was not handed over.
    """
    if plan.scorer is None:
        raise TypeError("the plan of an accuracy run has a scorer")
    try:
        answers = answers_of(plan, spool.answers(stream), is_batched=is_batched)
        found = score(plan.scorer, answers, labels_of(plan, data), spool.folder, stop)
    except (ScoringError, DataError) as error:
        return Accuracy(metric=plan.scorer.kind, value=None, samples=0, not_scored=str(error))
    return Accuracy(metric=found.metric, value=found.value, samples=found.samples, details=dict(found.details))


def answers_of(plan: Plan, kept: Iterable[KeptAnswer], *, is_batched: bool) -> Iterator[Answer]:
    """What the model said of each sample. Raises DataError where that cannot be read."""
    for one in kept:
        arrays = outputs_of(plan.protocol, one.data, one.json_length)
        yield Answer(one.sample, of_sample(arrays, one.position, one.samples, is_batched=is_batched))


def labels_of(plan: Plan, path: Path | None) -> Labels:
    """The labels beside the plan's samples, none where they have none. Raises DataError for another file."""
    if path is None or not isinstance(plan.data, NpzData):
        return {}
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"the samples cannot be read for their labels: {error}", "give the file as --data") from error
    if npz_facts(data).sha256 != plan.data.sha256:
        raise DataError("the labels are not those of the plan's samples", "create the benchmark again")
    return npz_labels(data)
