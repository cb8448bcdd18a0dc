"""From the start to the end of the load: nothing is replaced, what is lost ends the run.

A lost server or worker is written down first; then the coordinator is told to stop (`stopping`), and what was measured
until then is stored. Of a lost coordinator there is no report: its pod is the evidence.
"""

from inferometer_loadgen.protocol.api import RunProgress, RunStatus
from inferometer_loadgen.spec.units import format_duration_ns
from inferometer_operator.api.conditions import ConditionType, FailureReason
from inferometer_operator.api.status import BenchmarkStatus, Progress, Summary
from inferometer_operator.objects.load_pods import GRACE_S
from inferometer_operator.pods import Pod, Terminated
from inferometer_operator.reconcile.ending import end_without_result
from inferometer_operator.reconcile.loss import what_became_of
from inferometer_operator.reconcile.noted import Why, note
from inferometer_operator.reconcile.observed import Observed, Unreachable
from inferometer_operator.reconcile.releasing import keeps_pods
from inferometer_operator.reconcile.status_change import TRUE, Said, changed, with_conditions
from inferometer_operator.reconcile.step import Need, Step
from inferometer_operator.run import format_time, parse_time

UNREACHABLE_S = 60.0
"""A node's network may hiccup; the coordinator itself goes on measuring meanwhile."""

TOLD_AFTER_S = 5.0
"""From the end of a container to the kubelet's word about it: a second, on a node that is not too busy."""

PROGRESS_EVERY_S = 5.0
"""Each write is stored and sent to every watcher; live figures are the coordinator's own metrics."""


def end_if_the_coordinator_is_lost(observed: Observed) -> Step | Need | None:
    """After the start there is one coordinator, and its report is the only result."""
    if not observed.run.has_started:
        return None
    pod, answer = observed.coordinator_pod, observed.coordinator
    if pod is not None and _may_have_last_words(observed, pod):
        return None
    if (why := what_became_of(pod, "the coordinator")) is None:
        if not isinstance(answer, Unreachable):
            return None
        silent_s = (observed.now - answer.since).total_seconds()
        if silent_s <= UNREACHABLE_S:
            return None
        why = f"the coordinator has not answered for {silent_s:.0f} s ({answer.why})"
    message = f"{why}; look at its node and run again"
    return end_without_result(observed, FailureReason.COORDINATOR_LOST, message, pod)


def end_if_a_server_is_lost(observed: Observed) -> Step | Need | None:
    """While load is sent each server must be the one that was there at the start."""
    if not _load_is_sent(observed):
        return None
    at_the_start = {server.name: server.uid for server in observed.run.status.servers}
    for index, pod in enumerate(observed.servers):
        why = what_became_of(pod, f"replica {index}")
        if pod is not None and pod.uid != at_the_start.get(pod.name, pod.uid):
            why = f"replica {index} was replaced"
        if why:
            message = f"{why} while it was measured; look at its node and run again"
            return note(observed, Why(FailureReason.SERVER_LOST, message), pod)
    return None


def end_if_a_worker_is_lost(observed: Observed) -> Step | Need | None:
    """While load is sent each worker must be there; one that has handed over its records may leave."""
    if not _load_is_sent(observed):
        return None
    for index, pod in enumerate(observed.workers):
        if pod is not None and isinstance(pod.container, Terminated) and pod.container.exit_code == 0:
            continue
        if why := what_became_of(pod, f"worker {index}"):
            message = f"{why} while it sent load; look at its node and run again"
            return note(observed, Why(FailureReason.WORKER_LOST, message), pod)
    return None


def note_the_end_of_the_load(observed: Observed) -> Step | None:
    """Written before the servers are released: a missing server means nothing from then on."""
    answer, run = observed.coordinator, observed.run
    if not run.has_started or run.status.is_true(ConditionType.MEASURED) or not isinstance(answer, RunStatus):
        return None
    if not answer.state.load_has_ended:
        return None
    released = ", the servers are released" if observed.servers else ""
    said = Said(ConditionType.MEASURED, TRUE, "LoadEnded", f"the load has ended{released}")
    status = changed(run.status, phase="Finishing", conditions=with_conditions(run, observed.now, said))
    return Step(status=_with_progress(observed, status, answer.progress))


def release_servers(observed: Observed) -> Step | None:
    """GPUs are wanted: scoring and the report need none."""
    if not observed.run.status.is_true(ConditionType.MEASURED):
        return None
    stays = keeps_pods(observed)
    servers = (pod for pod in observed.servers if pod is not None and not pod.deleting)
    held = tuple(pod for pod in servers if not (stays and pod.has_ended))
    return Step(delete=held) if held else None


def report_progress(observed: Observed) -> Step | None:
    """How far the run is, as often as it is worth a write."""
    answer, run = observed.coordinator, observed.run
    if not run.has_started or not isinstance(answer, RunStatus):
        return None
    old = run.status.progress
    if isinstance(old, Progress):
        same_step = old.step == answer.progress.step
        is_recent = (observed.now - parse_time(old.time)).total_seconds() < PROGRESS_EVERY_S
        is_same = (old.completed, old.errors) == (answer.progress.completed, answer.progress.errors)
        if same_step and (is_recent or is_same):
            return None
    return Step(status=_with_progress(observed, run.status, answer.progress))


def _with_progress(observed: Observed, status: BenchmarkStatus, progress: RunProgress) -> BenchmarkStatus:
    said = Progress(
        step=progress.step,
        percent=min(100, max(0, progress.percent)),
        completed=progress.completed,
        planned=progress.planned,
        errors=progress.errors,
        time=format_time(observed.now),
        eta=format_duration_ns(progress.eta_ns) if progress.eta_ns else "",
    )
    summary = Summary(progress=f"{said.percent}%", errors=f"{progress.errors:,}")
    return changed(status, progress=said, summary=summary)


def _may_have_last_words(observed: Observed, pod: Pod) -> bool:
    """Whether it is being deleted with a report that nobody has fetched: its container's end will tell."""
    if not pod.deleting or pod.has_ended:
        return False
    match observed.coordinator:
        case Unreachable(since):
            return (observed.now - since).total_seconds() <= GRACE_S + TOLD_AFTER_S
        case RunStatus(state=state):
            return state.load_has_ended
        case None:
            return False


def _load_is_sent(observed: Observed) -> bool:
    # Judged only beside an answer: a coordinator that has just ended the load makes a missing server harmless.
    answer, run = observed.coordinator, observed.run
    return (
        run.has_started
        and not run.status.is_true(ConditionType.MEASURED)
        and isinstance(answer, RunStatus)
        and not answer.state.load_has_ended
    )
