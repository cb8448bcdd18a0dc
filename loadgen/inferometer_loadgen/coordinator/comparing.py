"""TEST01's comparison: answers that were logged while performance was measured, and those of the accuracy round."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from msgspec import structs

from inferometer_loadgen.coordinator.scoring import answers_of, labels_of
from inferometer_loadgen.coordinator.spool import KeptAnswer, OutputsSpool
from inferometer_loadgen.datasets.library import DataError
from inferometer_loadgen.datasets.outputs import fingerprint
from inferometer_loadgen.datasets.scoring import ScoringError, score
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
    for answer in answers_of(plan, logged.answers(), is_batched=is_batched):
        places.append(answer.sample)
        prints.append(fingerprint(answer.outputs))
    samples = np.unique(np.array(places, dtype=np.int64))
    asked_again = accuracy.spool.answers_to(accuracy.stream, samples)
    right = {
        answer.sample: fingerprint(answer.outputs) for answer in answers_of(plan, asked_again, is_batched=is_batched)
    }
    differing = [sample for sample, found in zip(places, prints, strict=True) if right[sample] != found]
    report = OutputsReport(
        logged=len(places), different=len(differing), differing_samples=tuple(sorted(set(differing))[:NAMED])
    )
    scorer = plan.scorer
    if not differing or scorer is None:
        return report
    # As LoadGen's log has it, and the scripts: of a sample that was logged several times the first answer counts.
    both = accuracy.spool.answers_to(accuracy.stream, samples), _first_each(logged.answers())
    try:
        labels = labels_of(plan, data)
        baseline, found = (
            # Of these few; the accuracy round's own folder keeps what all of its answers were scored by.
            score(scorer, answers_of(plan, kept, is_batched=is_batched), labels, logged.spool.folder, stop)
            for kept in both
        )
    except (ScoringError, DataError) as error:
        return structs.replace(report, metric=scorer.kind, not_scored=str(error))
    return structs.replace(report, metric=found.metric, baseline=baseline.value, score=found.value)


def _first_each(answers: Iterator[KeptAnswer]) -> Iterator[KeptAnswer]:
    seen: set[int] = set()
    for kept in answers:
        if kept.sample not in seen:
            seen.add(kept.sample)
            yield kept
