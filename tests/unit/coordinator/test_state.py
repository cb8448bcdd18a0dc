"""The course of a run, event by event."""

import pytest

from inferometer_loadgen.coordinator import events as ev
from inferometer_loadgen.coordinator import state as st
from inferometer_loadgen.coordinator.live import worker_statuses
from inferometer_loadgen.plan import (
    Assignment,
    JudgePlan,
    ModelPlan,
    Plan,
    ReplicaAddress,
    Seeds,
    StreamPlan,
    SyntheticData,
    digest,
)
from inferometer_loadgen.protocol import frames
from inferometer_loadgen.protocol.api import FailureReport, RunFailure, RunState, StartRequest

PLAN = Plan(
    name="ordinary",
    protocol="http",
    model=ModelPlan(name="magika"),
    data=SyntheticData(samples=4, seed=0),
    stream=StreamPlan(
        seeds=Seeds(), target_qps=10, min_duration_ns=10**9, min_queries=1, total_samples=4, performance_samples=4
    ),
    judge=JudgePlan(latency_bound_ns=10**8, latency_percentile=0.99, min_duration_ns=10**9, min_queries=1),
    workers=2,
    replicas=1,
    connections_per_replica=2,
    warmup_ns=0,
    drain_ns=10**9,
    scrape_interval_ns=10**9,
)
ASSIGNMENT = Assignment(replicas=(ReplicaAddress(name="r0", url="http://r0", metrics_url="http://r0/metrics"),))
PREPARED = frames.Prepared(server_version="triton 2.51.0")
WARMED = frames.Warmed(answered=20, failed=0, first_error="")
FINISHED = frames.Finished(rows=5, backlogged=0, cpu_ns=1, busy_ns=1, elapsed_ns=2, first_error="")


def progress(*, all_sent: bool = False) -> frames.Progress:
    return frames.Progress(sent=1, completed=1, failed=0, all_sent=all_sent, latencies_ns=())


def a_start(nonce: str = "n1", assignment: Assignment = ASSIGNMENT) -> StartRequest:
    return StartRequest(run_uid="uid", nonce=nonce, assignment=assignment)


def both_say(run: st.CoordinatorState, frame: frames.FromWorker) -> list[ev.Instruction]:
    assert run.handle(ev.Said(0, frame)) == []
    return run.handle(ev.Said(1, frame))


def phase_of(run: st.CoordinatorState) -> st.Phase:
    return run.phase


def failure_of(run: st.CoordinatorState) -> FailureReport | None:
    return run.failure


def a_ready_run() -> st.CoordinatorState:
    run = st.CoordinatorState(PLAN)
    for index in (0, 1):
        run.handle(ev.Joined(index, f"uid-{index}"))
        run.handle(ev.Said(index, frames.Ready(samples=4, plan_hash=digest(PLAN))))
    return run


def a_measuring_run() -> st.CoordinatorState:
    run = a_ready_run()
    run.start(a_start())
    both_say(run, PREPARED)
    both_say(run, WARMED)
    run.handle(ev.WindowRead())
    return run


def test_the_ordinary_run_goes_from_start_to_score_and_waits_for_both_workers_at_each_step() -> None:
    run = a_ready_run()

    assert phase_of(run) is st.Phase.READY
    assert run.start(a_start()) == ("", [ev.SendAll(frames.Prepare(assignment=ASSIGNMENT))])
    assert both_say(run, PREPARED) == [ev.BeginWarmUp()]
    assert both_say(run, WARMED) == [ev.BeginWindow()]
    assert run.handle(ev.WindowRead()) == [ev.BeginMeasuring()]
    assert both_say(run, progress(all_sent=True)) == []
    assert phase_of(run) is st.Phase.DRAINING
    assert both_say(run, FINISHED) == [ev.EndWindow()]
    assert run.handle(ev.WindowRead()) == [ev.Score()]
    assert st.RUN_STATES[run.phase].load_has_ended
    assert run.handle(ev.Scored()) == [ev.SendAll(frames.Bye())]
    assert run.phase is st.Phase.DONE


def test_the_same_nonce_is_accepted_again_and_starts_nothing_twice() -> None:
    run = a_measuring_run()

    assert run.start(a_start("n1")) == ("", [])
    assert run.starts_accepted == 1


def test_another_nonce_is_refused_after_the_start() -> None:
    run = a_measuring_run()

    refusal, instructions = run.start(a_start("n2"))

    assert "another nonce" in refusal
    assert instructions == []
    assert run.starts_accepted == 1


@pytest.mark.parametrize(
    ("request_", "refusal"),
    [
        (a_start(nonce=""), "nonce is empty"),
        (a_start(assignment=Assignment(replicas=())), "0 replicas were assigned, and the plan has 1"),
        (
            a_start(assignment=Assignment(replicas=ASSIGNMENT.replicas, worker_uids=("uid-0", "somebody"))),
            "not those that signed in",
        ),
    ],
)
def test_a_start_that_does_not_fit_is_refused_and_the_run_stays_ready(request_: StartRequest, refusal: str) -> None:
    run = a_ready_run()

    assert refusal in run.start(request_)[0]
    assert run.starts_accepted == 0
    assert run.phase is st.Phase.READY
    assert run.nonce == ""


def test_a_start_before_all_are_ready_is_refused() -> None:
    assert st.CoordinatorState(PLAN).start(a_start())[0] == "the run is Waiting, not Ready"


def test_a_worker_may_be_replaced_before_the_start() -> None:
    run = a_ready_run()

    run.handle(ev.Left(1))
    assert phase_of(run) is st.Phase.WAITING
    run.handle(ev.Joined(1, "uid-new"))
    run.handle(ev.Said(1, frames.Ready(samples=4, plan_hash=digest(PLAN))))

    assert phase_of(run) is st.Phase.READY


def test_a_worker_lost_in_mid_run_stops_the_others_and_what_they_measured_is_reported() -> None:
    run = a_measuring_run()

    assert run.handle(ev.Left(1)) == [ev.SendAll(frames.Stop())]
    assert failure_of(run) is None
    assert run.handle(ev.Said(0, FINISHED)) == [ev.EndWindow()]
    assert run.handle(ev.WindowRead()) == [ev.Score()]
    assert run.handle(ev.Scored()) == [ev.SendAll(frames.Bye())]

    assert phase_of(run) is st.Phase.FAILED
    assert failure_of(run) == FailureReport(type="WorkerLost", message="worker 1 hung up while the run was Measuring")
    assert run.called_off == "WorkerLost: worker 1 hung up while the run was Measuring,"


def test_a_worker_lost_before_anything_is_measured_ends_the_run_at_once() -> None:
    run = a_ready_run()
    run.start(a_start())

    (instruction,) = run.handle(ev.Left(1))

    assert instruction == ev.SendAll(frames.Abort(reason="WorkerLost: worker 1 hung up while the run was Preparing"))
    assert run.failure is not None
    assert st.RUN_STATES[run.phase].load_has_ended


def test_the_last_worker_lost_leaves_nobody_to_wait_for() -> None:
    run = a_measuring_run()
    run.handle(ev.Left(1))

    assert run.handle(ev.Left(0)) == [ev.SendAll(frames.Stop()), ev.EndWindow()]


def test_a_worker_that_does_not_get_through_a_phase_in_time_is_lost_by_name() -> None:
    run = a_measuring_run()
    run.handle(ev.Said(0, FINISHED))

    assert run.handle(ev.Overdue(st.Phase.MEASURING)) == [ev.SendAll(frames.Stop()), ev.EndWindow()]
    assert run.loss is not None
    assert run.loss.message == "worker 1 did not get through phase Measuring in time"


def test_a_phase_that_is_over_cannot_be_overdue() -> None:
    run = a_measuring_run()

    assert run.handle(ev.Overdue(st.Phase.WARMING_UP)) == []
    assert run.loss is None


def test_a_worker_that_leaves_after_it_handed_everything_over_is_not_lost() -> None:
    run = a_measuring_run()
    run.handle(ev.Said(1, FINISHED))

    assert run.handle(ev.Left(1)) == []
    assert run.failure is None


def test_a_worker_with_another_plan_ends_the_run() -> None:
    run = st.CoordinatorState(PLAN)
    run.handle(ev.Joined(0, "uid-0"))

    run.handle(ev.Said(0, frames.Ready(samples=4, plan_hash="0" * 64)))

    assert run.failure is not None
    assert run.failure.type == "PlanDiffers"


def test_a_warm_up_with_failed_queries_ends_the_run_with_the_servers_words() -> None:
    run = a_ready_run()
    run.start(a_start())
    both_say(run, PREPARED)

    run.handle(ev.Said(0, frames.Warmed(answered=0, failed=20, first_error="HTTP 400: unexpected shape")))

    assert run.failure is not None
    assert "HTTP 400: unexpected shape" in run.failure.message


def test_a_run_called_off_while_it_measures_stops_sending_and_is_still_reported() -> None:
    run = a_measuring_run()

    assert run.handle(ev.CalledOff("Ctrl-C")) == [ev.SendAll(frames.Stop())]
    assert both_say(run, FINISHED) == [ev.EndWindow()]
    assert run.called_off == "Ctrl-C"


def test_a_run_called_off_before_anything_was_measured_has_failed() -> None:
    run = a_ready_run()

    run.handle(ev.CalledOff("Ctrl-C"))

    assert run.failure is not None
    assert run.failure.type == "Aborted"


def test_nothing_moves_a_run_that_has_ended() -> None:
    run = a_measuring_run()
    run.handle(ev.Broken(RunFailure.RECORDS_LOST, "row 3"))

    assert run.handle(ev.Left(0)) == []
    assert run.handle(ev.Said(0, FINISHED)) == []
    assert run.phase is st.Phase.FAILED


def test_who_comes_after_the_start_changes_nothing() -> None:
    run = a_measuring_run()
    run.handle(ev.Left(1))

    run.handle(ev.Joined(1, "uid-new"))
    run.handle(ev.Said(1, frames.Ready(samples=4, plan_hash=digest(PLAN))))
    run.handle(ev.Said(0, frames.Ready(samples=4, plan_hash=digest(PLAN))))

    assert run.workers[1].pod_uid == "uid-1"
    assert st.RUN_STATES[run.phase] is not RunState.READY
    assert run.handle(ev.Said(0, FINISHED)) == [ev.EndWindow()]


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(ev.CalledOff("Ctrl-C"), id="it is called off"),
        pytest.param(ev.Left(1), id="a worker is lost"),
    ],
)
def test_a_worker_that_hangs_after_the_stop_is_waited_for_as_long_as_a_drain_takes(event: ev.Event) -> None:
    run = a_measuring_run()

    run.handle(event)

    # Not Measuring, whose limit is the length of the whole run.
    assert phase_of(run) is st.Phase.DRAINING
    assert run.handle(ev.Overdue(st.Phase.DRAINING))[-1] == ev.EndWindow()


def test_a_worker_that_has_hung_up_is_not_said_to_be_connected() -> None:
    run = a_measuring_run()
    run.handle(ev.Said(0, FINISHED))

    run.handle(ev.Left(0))
    run.handle(ev.Left(1))

    assert [worker.connected for worker in worker_statuses(run)] == [False, False]
