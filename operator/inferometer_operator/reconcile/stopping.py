"""A run that ends before its time: why is written first, then what was measured is taken, then all is released.

From the moment at which the reason is written (Complete=False) the coordinator has a bounded time to report what was
measured; a run whose coordinator has no report by then ends without. So a coordinator that hangs holds nothing, and an
operator that dies in between leaves a state from which the next one goes on. A report that turns out to be whole (the
load had ended before the coordinator was told) is the run's result, as if nobody had called it off.
"""

import math

from inferometer_loadgen.protocol.api import RunState, RunStatus
from inferometer_loadgen.spec.resolve import answers_within_ns
from inferometer_loadgen.spec.units import parse_duration_ns
from inferometer_operator.api.conditions import ConditionType, FailureReason
from inferometer_operator.reconcile.ending import end_without_result
from inferometer_operator.reconcile.last_words import last_words
from inferometer_operator.reconcile.loaders import ask_a_ready_coordinator
from inferometer_operator.reconcile.noted import Why, casualties, note, noted_failure
from inferometer_operator.reconcile.observed import Absent, Observed, Unreachable
from inferometer_operator.reconcile.releasing import CALLED_OFF
from inferometer_operator.reconcile.step import Abort, FetchReport, Need, ReadStoredReport, Step
from inferometer_operator.run import Run, parse_time

CALLED_OFF_WITHIN_S = 10.0
"""What a user who calls a run off waits for the coordinator to stop the workers, read the counters and judge."""

LOST_WITHIN_S = 15.0
"""The same after a loss, beside the time in which answers are still awaited: of a server that hangs none comes."""


LONGEST_REPORT_S = 300.0
"""Whatever bound a spec gives its answers: the servers of a run that has failed are not held for hours."""


def stop(observed: Observed) -> Step | Need | None:
    """Ends a run that was called off, by its user or by its deadline, or of which a part was lost."""
    run = observed.run
    noted = noted_failure(run)
    why = _why(observed) if noted is None else Why(noted.reason, noted.message)
    if why is None:
        return None
    if not run.has_started:
        return _end(observed, why)
    if noted is None:
        return note(observed, why)
    if (observed.now - parse_time(noted.last_transition_time)).total_seconds() >= _report_within_s(run, why):
        return _when_its_time_is_over(observed, why)
    if (ask := ask_a_ready_coordinator(observed)) is not None:
        return ask
    return _after_the_answer(observed, why)


def seconds_to_deadline(observed: Observed) -> float:
    """Until the run is called off by itself; infinite for one without a deadline, and for one that is not accepted."""
    run = observed.run
    accepted = run.status.condition(ConditionType.ACCEPTED)
    if run.spec is None or accepted is None or not run.status.is_true(ConditionType.ACCEPTED):
        return math.inf
    text = run.spec.run_policy.active_deadline
    if not isinstance(text, str):
        return math.inf
    return parse_duration_ns(text) / 1e9 - (observed.now - parse_time(accepted.last_transition_time)).total_seconds()


def _report_within_s(run: Run, why: Why) -> float:
    if why.reason in CALLED_OFF:
        return CALLED_OFF_WITHIN_S
    return min(LONGEST_REPORT_S, LOST_WITHIN_S + answers_within_ns(run.wanted.load) / 1e9)


def _why(observed: Observed) -> Why | None:
    run = observed.run
    if run.spec is None:
        return None
    if run.spec.cancel:
        return Why(FailureReason.CANCELLED, "spec.cancel was set; create a benchmark with another name to run it again")
    if seconds_to_deadline(observed) > 0:
        return None
    return Why(
        FailureReason.ACTIVE_DEADLINE_EXCEEDED,
        f"the run took longer than spec.runPolicy.activeDeadline, {run.spec.run_policy.active_deadline}; allow more, "
        "or see in its events what took the time",
    )


def _after_the_answer(observed: Observed, why: Why) -> Step | Need | None:
    pod, answer = observed.coordinator_pod, observed.coordinator
    if isinstance(answer, Unreachable):
        return Step(again_after_s=1.0)
    if pod is None or not isinstance(answer, RunStatus):
        return _end_unless_reported(observed, why)
    if answer.state is RunState.FAILED and not answer.report_sha256:
        return _end(observed, why)
    if answer.state.load_has_ended:
        # There is, or will be, a report: it is stored as any other.
        return None
    return Step(call=Abort(pod.ip, f"{why.reason}: {why.message}"), again_after_s=1.0)


def _when_its_time_is_over(observed: Observed, why: Why) -> Step | Need | None:
    """Nothing is waited for any more. But a report that is there is taken: it may be the operator that was away."""
    if (ask := ask_a_ready_coordinator(observed)) is not None:
        return ask
    pod, answer = observed.coordinator_pod, observed.coordinator
    if pod is not None and isinstance(answer, RunStatus) and answer.report_sha256:
        if observed.fetched_report is None:
            return Need((FetchReport(pod.ip, answer.report_sha256),))
        if not isinstance(observed.fetched_report, Absent):
            return None
    return _end_unless_reported(observed, why)


def _end_unless_reported(observed: Observed, why: Why) -> Step | Need | None:
    if last_words(observed) is not None:
        return None
    if observed.run.status.is_true(ConditionType.MEASURED):
        if observed.stored_report is None:
            return Need((ReadStoredReport(),))
        if observed.stored_report.compressed is not None:
            return None
    return _end(observed, why)


def _end(observed: Observed, why: Why) -> Step | Need:
    return end_without_result(observed, why.reason, why.message, *casualties(observed))
