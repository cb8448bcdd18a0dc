"""TEST01's comparison: every logged answer against the accuracy round's, and the score of both where some differ."""

import json
import sys
from array import array
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from inferometer_loadgen.coordinator.comparing import Kept, Logged, compare_outputs
from inferometer_loadgen.coordinator.spool import OutputsSpool
from inferometer_loadgen.datasets.npz import npz_facts
from inferometer_loadgen.plan import AccuracyLog, NpzData, Plan, ScorerCommandPlan, ScorerPlan
from inferometer_loadgen.protocol.frames import Outputs
from inferometer_loadgen.report.schema import OutputsReport
from inferometer_loadgen.stream import Stream
from unit.report.reports import PLAN

SAMPLES = 6
ALL = AccuracyLog(seed=1, probability=1.0)
ASKED = (5, 0, 5, 3)
"""In the performance round: one sample twice."""


def an_answer(sample: int, class_: int) -> bytes:
    output = {"name": "class", "datatype": "INT64", "shape": [1, 1], "data": [class_]}
    return json.dumps({"model_name": "m", "outputs": [output]}).encode()


type MakeKept = Callable[[tuple[int, ...], dict[int, int]], Kept]


@pytest.fixture
def kept_of(tmp_path: Path) -> Iterator[MakeKept]:
    """A round that asked for these samples and was told each one's class; `wrong`, by its place, is another."""
    numbers = count()
    with ExitStack() as stack:

        def make(samples: tuple[int, ...], wrong: dict[int, int]) -> Kept:
            answers = [an_answer(sample, wrong.get(place, sample)) for place, sample in enumerate(samples)]
            spool = stack.enter_context(closing(OutputsSpool(len(answers), 1, tmp_path / f"round-{next(numbers)}")))
            spool.add(
                0,
                Outputs(
                    rows=array("q", range(len(answers))).tobytes(),
                    sizes=array("q", map(len, answers)).tobytes(),
                    json_lengths=array("q", [-1] * len(answers)).tobytes(),
                    data=b"".join(answers),
                ),
            )
            return Kept(Stream(np.array(samples), np.zeros(len(samples), dtype=np.int64)), spool)

        yield make


def compared(kept_of: MakeKept, wrong: dict[int, int], plan: Plan = PLAN, data: Path | None = None) -> OutputsReport:
    performance, accuracy = kept_of(ASKED, wrong), kept_of(tuple(range(SAMPLES)), {})
    logged = Logged(performance.stream, performance.spool, ALL)
    return compare_outputs(plan, logged, accuracy, data, is_batched=True)


def a_scored_plan(folder: Path, classes: list[int]) -> tuple[Plan, Path]:
    path = folder / "samples.npz"
    arrays = {"number": np.arange(SAMPLES), "label:class": np.array(classes)}
    np.savez(path, allow_pickle=False, **arrays)
    data = NpzData(samples=SAMPLES, sha256=npz_facts(path.read_bytes()).sha256)
    return structs.replace(PLAN, data=data, scorer=ScorerPlan(kind="top1")), path


def test_equal_answers_are_not_scored(kept_of: MakeKept, tmp_path: Path) -> None:
    plan, path = a_scored_plan(tmp_path, list(range(SAMPLES)))

    assert compared(kept_of, {}, plan, path) == OutputsReport(logged=4, different=0)


def test_each_answer_that_differs_counts_and_its_sample_is_named_once(kept_of: MakeKept) -> None:
    assert compared(kept_of, {0: 9, 2: 9, 3: 9}) == OutputsReport(logged=4, different=3, differing_samples=(3, 5))


def test_where_answers_differ_both_sets_are_scored_over_the_logged_samples(kept_of: MakeKept, tmp_path: Path) -> None:
    # Sample 0 is labelled otherwise than it is answered in both rounds; 1, 2 and 4 were never logged.
    plan, path = a_scored_plan(tmp_path, [7, 1, 2, 3, 4, 5])

    report = compared(kept_of, {3: 9}, plan, path)

    assert report == OutputsReport(
        logged=4, different=1, differing_samples=(3,), metric="top1", baseline=2 / 3, score=1 / 3
    )


def test_of_a_sample_that_was_logged_twice_the_first_answer_is_scored(kept_of: MakeKept, tmp_path: Path) -> None:
    plan, path = a_scored_plan(tmp_path, list(range(SAMPLES)))

    report = compared(kept_of, {2: 9}, plan, path)

    assert (report.different, report.baseline, report.score) == (1, 1.0, 1.0)


RIGHT = """
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
print(json.dumps({"metric": "right", "value": sum(a["outputs"]["class"]["data"] == [a["sample"]] for a in lines)}))
"""


def test_a_users_own_scorer_is_run_for_both_sets(kept_of: MakeKept) -> None:
    command = ScorerCommandPlan(run=(sys.executable, "-c", RIGHT), timeout_ns=60 * 10**9)
    plan = structs.replace(PLAN, scorer=ScorerPlan(kind="command", command=command))

    report = compared(kept_of, {3: 9}, plan)

    assert (report.not_scored, report.metric, report.baseline, report.score) == ("", "right", 3.0, 2.0)


def test_answers_that_cannot_be_scored_say_why(kept_of: MakeKept, tmp_path: Path) -> None:
    plan, _ = a_scored_plan(tmp_path, list(range(SAMPLES)))

    report = compared(kept_of, {0: 9}, plan, tmp_path / "gone.npz")

    assert (report.different, report.baseline, report.score) == (1, None, None)
    assert "cannot be read for their labels" in report.not_scored
