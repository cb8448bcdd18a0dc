"""The course of a run of several rounds, event by event."""

import pytest
from msgspec import structs

from inferometer_loadgen.coordinator import events as ev
from inferometer_loadgen.coordinator import state as st
from inferometer_loadgen.plan import FindPeakPlan, RepeatPlan, digest
from inferometer_loadgen.protocol import frames
from inferometer_loadgen.protocol.api import RunFailure
from inferometer_loadgen.rounds import Round
from unit.coordinator.test_state import FINISHED, PLAN, PREPARED, WARMED, a_start, both_say

REPEATED = structs.replace(PLAN, repeat=RepeatPlan(count=2, cooldown_ns=5))
SECOND = Round(1, PLAN.stream, PLAN.judge, 5)
STOP = ev.SendAll(frames.Stop())
DRAWN = frames.Drawn(round_number=1)


def after_the_first_round() -> st.CoordinatorState:
    run = st.CoordinatorState(REPEATED)
    for index in (0, 1):
        run.handle(ev.Joined(index, f"uid-{index}"))
        run.handle(ev.Said(index, frames.Ready(samples=4, plan_hash=digest(REPEATED))))
    run.start(a_start())
    both_say(run, PREPARED)
    measure(run)
    assert run.handle(ev.WindowRead()) == [ev.JudgeRound()]
    return run


def measure(run: st.CoordinatorState) -> None:
    both_say(run, WARMED)
    assert run.handle(ev.WindowRead()) == [ev.BeginMeasuring()]
    assert both_say(run, FINISHED) == [ev.EndWindow()]


def cooling_down() -> st.CoordinatorState:
    run = after_the_first_round()
    assert run.handle(ev.RoundJudged(SECOND)) == [ev.CoolDown(SECOND)]
    return run


def drawing() -> st.CoordinatorState:
    run = cooling_down()
    assert run.handle(ev.CooledDown()) == [ev.DrawRound(SECOND)]
    return run


def warming_up() -> st.CoordinatorState:
    run = drawing()
    assert both_say(run, DRAWN) == [ev.BeginWarmUp()]
    return run


def reading() -> st.CoordinatorState:
    run = warming_up()
    assert both_say(run, WARMED) == [ev.BeginWindow()]
    return run


BETWEEN = [cooling_down, drawing, warming_up, reading]


def test_the_second_round_goes_through_the_same_and_the_servers_are_held_until_it_ends() -> None:
    run = after_the_first_round()
    assert not st.RUN_STATES[run.phase].load_has_ended

    run.handle(ev.RoundJudged(SECOND))
    assert not st.RUN_STATES[run.phase].load_has_ended
    run.handle(ev.CooledDown())
    both_say(run, DRAWN)
    measure(run)

    assert run.handle(ev.WindowRead()) == [ev.Score()]
    assert run.handle(ev.Scored()) == [ev.SendAll(frames.Bye())]
    assert (run.phase, run.starts_accepted, run.failure) == (st.Phase.DONE, 1, None)


def measuring() -> st.CoordinatorState:
    run = reading()
    assert run.handle(ev.WindowRead()) == [ev.BeginMeasuring()]
    return run


def test_a_round_that_cannot_be_valid_any_more_is_stopped_judged_and_followed_by_the_next() -> None:
    run = st.CoordinatorState(structs.replace(PLAN, repeat=RepeatPlan(count=3, cooldown_ns=5)))
    for index in (0, 1):
        run.handle(ev.Joined(index, f"uid-{index}"))
        run.handle(ev.Said(index, frames.Ready(samples=4, plan_hash=digest(run.plan))))
    run.start(a_start())
    both_say(run, PREPARED)
    both_say(run, WARMED)
    run.handle(ev.WindowRead())

    assert run.handle(ev.Decided("12 were late")) == [STOP]
    assert run.handle(ev.Decided("13 were late")) == []
    assert (run.phase, run.ended_early, run.called_off) == (st.Phase.DRAINING, "12 were late", "")

    both_say(run, frames.Progress(sent=3, completed=3, failed=1, all_sent=True, latencies_ns=()))
    assert both_say(run, FINISHED) == [ev.EndWindow()]
    assert run.handle(ev.WindowRead()) == [ev.JudgeRound()]
    assert run.handle(ev.RoundJudged(SECOND)) == [ev.CoolDown(SECOND)]
    assert (run.ended_early, run.cut_short) == ("", "")
    assert [worker.completed for worker in run.workers.values()] == [3, 3], "rows that were not sent have no answer"


def test_a_round_that_is_called_off_after_it_was_given_up_is_called_off() -> None:
    run = measuring()
    run.handle(ev.Decided("12 were late"))

    assert run.handle(ev.CalledOff("cancelled")) == [STOP]
    both_say(run, FINISHED)

    assert run.handle(ev.WindowRead()) == [ev.Score()]
    assert run.called_off == "cancelled"


@pytest.mark.parametrize("begin", [after_the_first_round, cooling_down, drawing, warming_up, reading])
def test_a_decision_that_comes_when_nothing_is_measured_changes_nothing(begin) -> None:
    run = begin()

    assert run.handle(ev.Decided("12 were late")) == []
    assert run.ended_early == ""


def test_a_programme_may_end_early() -> None:
    run = after_the_first_round()

    assert run.handle(ev.RoundJudged(None)) == [ev.Score()]
    assert run.cut_short == ""


@pytest.mark.parametrize("begin", BETWEEN)
def test_a_worker_that_leaves_between_rounds_fails_the_run_with_a_report_of_the_rounds_before(begin) -> None:
    run = begin()

    assert run.handle(ev.Left(1)) == [STOP, ev.Score()]
    assert run.handle(ev.WindowRead()) == run.handle(ev.CooledDown()) == []
    run.handle(ev.Scored())
    assert run.phase is st.Phase.FAILED
    assert run.failure is not None
    assert run.failure.type == RunFailure.WORKER_LOST


@pytest.mark.parametrize("begin", BETWEEN)
def test_a_run_that_is_called_off_between_rounds_reports_those_before(begin) -> None:
    run = begin()

    assert run.handle(ev.CalledOff("cancelled")) == [STOP, ev.Score()]
    run.handle(ev.Scored())
    assert (run.phase, run.cut_short, run.called_off) == (st.Phase.DONE, "cancelled", "")


def test_a_worker_that_left_after_its_last_word_is_missed_when_the_next_round_is_to_begin() -> None:
    run = after_the_first_round()

    assert run.handle(ev.Left(0)) == []
    assert run.handle(ev.RoundJudged(SECOND)) == [STOP, ev.Score()]
    assert run.loss is not None
    assert "worker 0 hung up between two rounds" in run.loss.message


def test_what_calls_a_run_off_while_a_round_is_judged_lets_no_other_begin() -> None:
    run = after_the_first_round()

    assert run.handle(ev.CalledOff("cancelled")) == []
    assert run.handle(ev.RoundJudged(SECOND)) == [ev.Score()]


def test_a_worker_that_does_not_draw_the_next_stream_is_silent() -> None:
    run = drawing()
    run.handle(ev.Said(0, DRAWN))

    assert run.handle(ev.Overdue(st.Phase.DRAWING)) == [STOP, ev.Score()]
    assert run.loss is not None
    assert "worker 1 did not get through phase Drawing" in run.loss.message


def test_a_warm_up_that_fails_in_the_second_round_leaves_the_first_one_reported() -> None:
    run = warming_up()

    failed = frames.Warmed(answered=0, failed=1, first_error="HTTP 503")
    assert run.handle(ev.Said(0, failed)) == [STOP, ev.Score()]
    assert run.loss is not None
    assert run.loss.type == RunFailure.WARM_UP_FAILED


def test_a_run_called_off_in_its_second_round_is_scored_at_its_end() -> None:
    run = reading()
    run.handle(ev.WindowRead())

    assert run.handle(ev.CalledOff("cancelled")) == [STOP]
    assert both_say(run, FINISHED) == [ev.EndWindow()]
    assert run.handle(ev.WindowRead()) == [ev.Score()]


def test_what_comes_too_late_to_cut_anything_leaves_the_result_whole() -> None:
    """The last round of a search was judged when the cancel came: nobody knew that none was to follow."""
    run = after_the_first_round()
    run.handle(ev.CalledOff("cancelled"))

    assert run.handle(ev.RoundJudged(None)) == [ev.Score()]
    assert run.cut_short == ""


@pytest.mark.parametrize("begin", [*BETWEEN, None], ids=lambda begin: begin.__name__ if begin else "measuring")
def test_a_fault_in_a_later_round_leaves_those_before_it_reported(begin) -> None:
    run = reading() if begin is None else begin()
    if begin is None:
        run.handle(ev.WindowRead())

    assert run.handle(ev.Broken(RunFailure.RECORDS_LOST, "a row came twice")) == [STOP, ev.Score()]
    assert run.is_broken
    run.handle(ev.Scored())
    assert run.phase is st.Phase.FAILED
    assert run.failure is not None
    assert run.failure.type == RunFailure.RECORDS_LOST


def test_answers_of_the_last_round_that_were_lost_leave_the_rounds_before_it_reported() -> None:
    """Performance was measured for an hour; that its answers cannot be scored then does not take it back."""
    run = warming_up()
    measure(run)
    assert run.handle(ev.WindowRead()) == [ev.Score()]

    lost = ev.Broken(RunFailure.OUTPUTS_LOST, "7 of 64 answers were not handed over")

    assert run.handle(lost) == [STOP, ev.Score()]
    assert run.is_broken
    run.handle(ev.Scored())
    assert run.failure is not None
    assert run.failure.type == RunFailure.OUTPUTS_LOST


def test_what_goes_wrong_in_the_report_itself_is_not_tried_for_ever() -> None:
    run = warming_up()
    measure(run)
    run.handle(ev.WindowRead())
    fault = ev.Broken(RunFailure.COORDINATOR_ERROR, "KeyError")

    assert run.handle(fault) == [STOP, ev.Score()]
    run.handle(fault)
    assert run.phase is st.Phase.FAILED


def test_a_fault_in_the_first_round_leaves_nothing_to_report() -> None:
    run = st.CoordinatorState(REPEATED)

    assert run.handle(ev.Broken(RunFailure.RECORDS_LOST, "a row came twice")) != [STOP, ev.Score()]
    assert run.phase is st.Phase.FAILED


def test_a_trial_that_is_too_much_even_for_its_warm_up_is_judged() -> None:
    search = structs.replace(
        PLAN, find_peak=FindPeakPlan(min_qps=1, max_qps=9, tolerance=0.5, trial_duration_ns=10**9, max_trials=5)
    )
    run = st.CoordinatorState(search)
    for index in (0, 1):
        run.handle(ev.Joined(index, f"uid-{index}"))
        run.handle(ev.Said(index, frames.Ready(samples=4, plan_hash=digest(search))))
    run.start(a_start())
    both_say(run, PREPARED)

    assert both_say(run, frames.Warmed(answered=1, failed=9, first_error="no answer")) == [ev.BeginWindow()]


def test_a_step_that_is_too_much_even_for_its_warm_up_is_judged_unless_it_is_the_first() -> None:
    failed = frames.Warmed(answered=1, failed=9, first_error="HTTP 503")
    first, later = first_warm_up(), warming_up()
    for run in (first, later):
        run.plan = structs.replace(run.plan, concurrency_steps=(2, 4))

    assert both_say(later, failed) == [ev.BeginWindow()]
    first.handle(ev.Said(0, failed))
    assert first.failure is not None
    assert first.failure.type == RunFailure.WARM_UP_FAILED


def first_warm_up() -> st.CoordinatorState:
    run = st.CoordinatorState(REPEATED)
    for index in (0, 1):
        run.handle(ev.Joined(index, f"uid-{index}"))
        run.handle(ev.Said(index, frames.Ready(samples=4, plan_hash=digest(REPEATED))))
    run.start(a_start())
    both_say(run, PREPARED)
    return run
