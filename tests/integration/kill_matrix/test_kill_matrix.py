"""Nothing that befalls an operator between two of its writes changes what becomes of a run.

The rows of the matrix are the writes of the golden path, from `kubectl apply` to a finished run of which nothing is
left. Each cell is a run of its own in a namespace of its own, on one API server.
"""

import asyncio
import time
from functools import partial
from pathlib import Path

import pytest

from inferometer_dev.bare_apiserver import BareApiServer

from .acts import FAULTS, bereft, hindered, kept, killed, paused, stale, too_late, undisturbed
from .faults import Moment
from .outcomes import Outcome, Outcomes, remember
from .stage import a_stage

pytestmark = pytest.mark.timeout(900)

STALE_S = (1.0, 3.0)


async def all_cells(server: BareApiServer, kubeconfig: Path, folder: Path) -> Outcomes:
    began_s = time.monotonic()
    async with a_stage(server, kubeconfig, folder) as stage:
        writes = await undisturbed(stage)
        kills: list[Outcome] = []
        for number in range(1, len(writes) + 1):
            kills += [await killed(stage, number, moment) for moment in Moment]
            kills.append(await too_late(stage, number))
        start = writes.index("status: startTime") + 1
        store = writes.index("create configmap quickstart-report") + 1
        others = [
            *(partial(paused, stage, number, moment) for number in range(start - 1, start + 2) for moment in Moment),
            *(partial(hindered, stage, words) for words in FAULTS),
            *(partial(stale, stage, delay_s) for delay_s in STALE_S),
            *(partial(bereft, stage, store, moment) for moment in Moment),
            partial(kept, stage),
        ]
        faults = [await cell() for cell in others]
    return Outcomes(kills, faults, time.monotonic() - began_s)


@pytest.fixture(scope="module")
def outcomes(server: BareApiServer, kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    found = asyncio.run(all_cells(server, kubeconfig, tmp_path_factory.mktemp("operators")))
    remember(found)
    return found


def test_a_run_survives_an_operator_that_is_killed_before_or_after_any_of_its_writes(outcomes: Outcomes) -> None:
    kills = [one for one in outcomes.kills if one.moment in set(Moment)]

    assert len(kills) >= 2 * 25
    assert [one for one in kills if one.problems] == []


def test_a_write_that_arrives_after_the_end_changes_nothing(outcomes: Outcomes) -> None:
    late = [one for one in outcomes.kills if one.moment not in set(Moment)]

    assert len(late) >= 25
    assert [one for one in late if one.problems] == []


def test_a_result_survives_the_coordinator_that_has_it(outcomes: Outcomes) -> None:
    bereft_of_it = [one for one in outcomes.faults if "coordinator die" in one.write]

    assert len(bereft_of_it) == 3
    assert [one for one in bereft_of_it if one.problems] == []


def test_a_run_survives_two_operators_late_watches_conflicts_refusals_and_lost_answers(outcomes: Outcomes) -> None:
    assert [one for one in outcomes.faults if one.problems] == []
