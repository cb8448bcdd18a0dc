"""How far a run is, for people."""

import pytest

from inferometer_loadgen.coordinator.live import LiveView
from inferometer_loadgen.coordinator.state import CoordinatorState, Phase, Worker
from inferometer_loadgen.protocol.frames import Progress
from unit.verdict.runs import a_plan


def a_state(phase: Phase, completed: int, called_off: str = "") -> CoordinatorState:
    progress = Progress(sent=completed, completed=completed, failed=0, all_sent=False, latencies_ns=())
    worker = Worker(pod_uid="", progress=progress)
    return CoordinatorState(a_plan(), phase=phase, workers={0: worker}, called_off=called_off)


@pytest.mark.parametrize(
    ("state", "percent"),
    [
        (a_state(Phase.MEASURING, 400), 40),
        (a_state(Phase.MEASURING, 1_000), 99),
        (a_state(Phase.DONE, 1_000), 100),
        (a_state(Phase.SCORING, 400, called_off="cancelled"), 40),
        (a_state(Phase.DONE, 400, called_off="cancelled"), 40),
    ],
    ids=["underway", "all answered, not judged", "done", "called off", "called off and judged"],
)
def test_only_a_run_that_came_to_its_end_is_done(state: CoordinatorState, percent: int) -> None:
    live = LiveView()
    live.planned = 1_000

    assert live.progress(state, now_ns=0).percent == percent


def test_a_load_without_a_length_is_as_far_as_its_least_duration_over_all_rounds() -> None:
    live = LiveView()
    live.planned, live.is_open_ended = 100, True
    live.rounds, live.t0_ns, live.last_scheduled_ns = 4, 1_000, 200
    state = a_state(Phase.MEASURING, 5_000)

    assert live.progress(state, now_ns=900).percent == 0
    assert live.progress(state, now_ns=1_100).percent == 12
    assert live.progress(state, now_ns=9_000).percent == 25
    state.round_number, state.phase = 1, Phase.WARMING_UP
    assert live.progress(state, now_ns=9_000).percent == 25
    state.phase = Phase.MEASURING
    assert live.progress(state, now_ns=1_100).percent == 37


def test_nor_is_it_further_than_its_least_queries() -> None:
    live = LiveView()
    live.planned, live.is_open_ended = 1_000, True

    assert live.progress(a_state(Phase.MEASURING, 200), now_ns=10**12).percent == 20


def test_the_live_p99_is_of_what_was_measured() -> None:
    live = LiveView()
    live.add(range(1, 101))

    assert live.progress(a_state(Phase.MEASURING, 100), now_ns=0).p99_ns == 100
