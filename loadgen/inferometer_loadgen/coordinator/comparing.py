"""TEST01's comparison: answers that were logged while performance was measured, and those of the accuracy round."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from msgspec import structs

from inferometer_loadgen.coordinator.scoring import labels_of
from inferometer_loadgen.coordinator.spool import KeptAnswer, OutputsSpool
from inferometer_loadgen.datasets.library import DataError
from inferometer_loadgen.datasets.outputs import Arrays, fingerprint, of_sample, outputs_of
from inferometer_loadgen.datasets.scoring import Answer, ScoringError, score
from inferometer_loadgen.plan import AccuracyLog, Plan
from inferometer_loadgen.report.schema import OutputsReport
from inferometer_loadgen.stream import Stream

NAMED = 10
"""Differing samples that the report names."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A round's stream and its answers."""

    stream: Stream
    spool: OutputsSpool


@dataclass(frozen=True, slots=True)
class Logged(Kept):
    """Of a round of which some answers were logged."""

    log: AccuracyLog

    def answers(self) -> Iterator[KeptAnswer]:
        """In the order in which they were asked for."""
        return self.spool.logged(self.stream, self.log)


def compare_outputs(
    plan: Plan,
    logged: Logged,
    accuracy: Kept,
    data: Path | None,
    *,
    is_batched: bool,
    stop: threading.Event | None = None,
) -> OutputsReport:
    """How many answers differ, and where some do and there is a scorer, what both are worth.

    Raises OutputsError where an answer was not handed over, DataError where one cannot be read.
    """
    places: list[int] = []
    prints: list[bytes] = []
    for kept in logged.answers():
        places.append(kept.sample)
        prints.append(fingerprint(_outputs(plan, kept, is_batched=is_batched)))
    samples = np.unique(np.array(places, dtype=np.int64))
    right = {
        kept.sample: fingerprint(_outputs(plan, kept, is_batched=is_batched))
        for kept in accuracy.spool.answers_to(accuracy.stream, samples)
    }
    differing = [sample for sample, found in zip(places, prints, strict=True) if right[sample] != found]
    report = OutputsReport(
        logged=len(places), different=len(differing), differing_samples=tuple(sorted(set(differing))[:NAMED])
    )
    if not differing or plan.scorer is None:
        return report
    return _scored(plan, report, logged, accuracy, data, is_batched=is_batched, stop=stop)


def _scored(
    plan: Plan,
    report: OutputsReport,
    logged: Logged,
    accuracy: Kept,
    data: Path | None,
    *,
    is_batched: bool,
    stop: threading.Event | None,
) -> OutputsReport:
    if plan.scorer is None:
        raise TypeError("answers are scored by the plan's scorer")
    samples = np.unique([kept.sample for kept in logged.answers()])
    # Of these few; the accuracy round's own folder keeps what all of its answers were scored by.
    folder = logged.spool.folder
    try:
        labels = labels_of(plan, data)
        baseline = score(
            plan.scorer,
            _answers(plan, accuracy.spool.answers_to(accuracy.stream, samples), is_batched=is_batched),
            labels,
            folder,
            stop,
        )
        # As LoadGen's log has it, and the scripts: of a sample that was logged several times the first answer counts.
        first = _first_each(logged.answers())
        found = score(plan.scorer, _answers(plan, first, is_batched=is_batched), labels, folder, stop)
    except (ScoringError, DataError) as error:
        return structs.replace(report, metric=plan.scorer.kind, not_scored=str(error))
    return structs.replace(report, metric=found.metric, baseline=baseline.value, score=found.value)


def _first_each(answers: Iterator[KeptAnswer]) -> Iterator[KeptAnswer]:
    seen: set[int] = set()
    for kept in answers:
        if kept.sample not in seen:
            seen.add(kept.sample)
            yield kept


def _answers(plan: Plan, kept: Iterator[KeptAnswer], *, is_batched: bool) -> Iterator[Answer]:
    for one in kept:
        yield Answer(one.sample, _outputs(plan, one, is_batched=is_batched))


def _outputs(plan: Plan, kept: KeptAnswer, *, is_batched: bool) -> Arrays:
    arrays = outputs_of(plan.protocol, kept.data, kept.json_length)
    return of_sample(arrays, kept.position, kept.samples, is_batched=is_batched)
