"""What is told of a run in its events, read from its status; so that an event is not lost with the operator.

A step tells its event after it has written the status: whoever dies in between has told nothing, and the next operator
finds the status as it should be. So each operator compares what the status says with what it has told itself, and tells
the rest. An event has one name however often it is told, so that the API server keeps one. What is old is left
alone: its event was told and has expired, or nobody looks for it any more.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

from inferometer_operator.api.conditions import ConditionStatus, ConditionType
from inferometer_operator.api.status import BenchmarkStatus, Condition, Progress
from inferometer_operator.objects.events import Told
from inferometer_operator.reconcile.observed import Observed
from inferometer_operator.reconcile.starting import stream_note
from inferometer_operator.reconcile.step import Step
from inferometer_operator.run import Run, parse_time

TOLD_WITHIN = timedelta(minutes=30)
"""An API server keeps events for an hour by default; an operator that comes later than this tells no old tales."""

AGAIN_AFTER_S = 1.0
"""As often as a coordinator is polled: an API server that takes no events must not be asked without a pause."""


def tell_the_end(observed: Observed) -> Step | None:
    """Of a finished run, once nothing is held: its pods are worth more than its events."""
    return _tell_the_rest(observed) if observed.run.is_finished else None


def tell_the_rest(observed: Observed) -> Step | None:
    """Of a run that goes on, once there is nothing else to do."""
    return _tell_the_rest(observed)


def story(run: Run) -> tuple[Told, ...]:
    """All that the status says has happened, in that order."""
    return tuple(_chapters(run))


def _tell_the_rest(observed: Observed) -> Step | None:
    owed = tuple(
        told
        for told in story(observed.run)
        if told.reason not in observed.told and told.at is not None and observed.now - told.at < TOLD_WITHIN
    )
    return Step(tell=owed, again_after_s=AGAIN_AFTER_S) if owed else None


def _chapters(run: Run) -> Iterator[Told]:
    status = run.status
    if serving := _true(status, ConditionType.SERVERS_READY):
        yield _told("Normal", "ServersReady", serving.message, serving)
    ready, progress = _true(status, ConditionType.LOADERS_READY), status.progress
    # Without a word from the coordinator nobody knows yet whether it has the start.
    if ready and isinstance(progress, Progress) and run.spec is not None:
        yield _told("Normal", "Started", stream_note(run, progress.planned), ready)
    stored, ended = status.condition(ConditionType.REPORT_STORED), status.is_true(ConditionType.FINISHED)
    if ended and stored is not None and stored.status == ConditionStatus.FALSE:
        yield _told("Warning", stored.reason, stored.message, stored)
    measured, complete = _true(status, ConditionType.MEASURED), _true(status, ConditionType.COMPLETE)
    if measured and complete:
        yield _told("Normal", "Measured", measured.message, complete)
    if complete and (valid := status.condition(ConditionType.VALID)):
        if status.verdict == "Valid":
            yield _told("Normal", "Valid", valid.message, complete)
        else:
            yield _told("Warning", status.verdict, f"{valid.reason}: {valid.message}", complete)
    if failed := _true(status, ConditionType.FAILED):
        yield _told("Warning", failed.reason, failed.message, failed)


def _true(status: BenchmarkStatus, kind: ConditionType) -> Condition | None:
    return status.condition(kind) if status.is_true(kind) else None


def _told(kind: Literal["Normal", "Warning"], reason: str, note: str, since: Condition) -> Told:
    return Told(kind, reason, note, at=parse_time(since.last_transition_time))
