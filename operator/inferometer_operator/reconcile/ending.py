"""How a run ends without a result: typed, with evidence, and once."""

import msgspec
from msgspec import UNSET, UnsetType

from inferometer_loadgen.report.short import decode
from inferometer_operator.api.conditions import ConditionType
from inferometer_operator.api.status import (
    EVENT_LIMIT,
    EVENTS_LIMIT,
    EVIDENCE_LIMIT,
    LOG_TAIL_LIMIT,
    Evidence,
    ReasonStatus,
    Summary,
)
from inferometer_operator.objects.events import Told
from inferometer_operator.pods import Pod, Running, Terminated, Waiting
from inferometer_operator.reconcile.log_words import without_tables
from inferometer_operator.reconcile.observed import Observed
from inferometer_operator.reconcile.status_change import (
    FALSE,
    TRUE,
    UNKNOWN,
    Said,
    changed,
    reason_name,
    shortened,
    with_conditions,
)
from inferometer_operator.reconcile.step import Need, ReadEvents, ReadLog, Step
from inferometer_operator.run import format_time

INCONCLUSIVE = "Inconclusive"


def end_without_result(observed: Observed, reason: str, message: str, *failed: Pod | None) -> Step | Need:
    """The end state of a failed run. The pods that failed are read first: they are deleted after it."""
    evidence = evidence_of(observed, *failed)
    if isinstance(evidence, Need):
        return evidence
    run, now = observed.run, observed.now
    name = reason_name(reason)
    line = shortened(f"{name}: {message}")
    said = [
        Said(ConditionType.FINISHED, TRUE, name, message),
        Said(ConditionType.COMPLETE, FALSE, name, message),
        Said(ConditionType.FAILED, TRUE, name, message),
        Said(ConditionType.VALID, UNKNOWN, name, "there is no result to judge"),
    ]
    if not run.status.is_true(ConditionType.ACCEPTED):
        said.append(Said(ConditionType.ACCEPTED, FALSE, name, message))
    status = changed(
        run.status,
        observed_generation=run.generation,
        phase="Failed",
        completion_time=format_time(now),
        conditions=with_conditions(run, now, *said),
        # Before the start there is nothing that could have been measured, so there is nothing to judge either.
        verdict=INCONCLUSIVE if run.has_started else "",
        reasons=(ReasonStatus(type=name, message=shortened(message)),),
        summary=_summary(run.status.summary, line),
        evidence=evidence,
    )
    return Step(status=status, tell=(Told("Warning", name, message),))


def evidence_of(observed: Observed, *failed: Pod | None) -> tuple[Evidence, ...] | Need:
    """What is kept of the pods that failed, beside what is kept already; their logs and events are read first."""
    pods = tuple(pod for pod in failed if pod is not None)[:EVIDENCE_LIMIT]
    logs = tuple(ReadLog(pod) for pod in pods if _has_log(pod) and pod.name not in observed.logs)
    events = tuple(ReadEvents(pod) for pod in pods if pod.name not in observed.events)
    if logs or events:
        return Need((*logs, *events))
    kept = {one.pod: one for one in observed.run.status.evidence}
    for one in (_evidence(pod, observed) for pod in pods):
        old = kept.get(one.pod)
        # A container that is removed has no log any more; what was read of it stays.
        now = one if old is None or old.uid not in {"", one.uid} else _with_what_was_read_of(old, one)
        # The newest comes last, and where there is no room for all, it is what the run has failed of.
        kept = {name: evidence for name, evidence in kept.items() if name != one.pod} | {one.pod: now}
    return tuple(kept.values())[-EVIDENCE_LIMIT:]


def _summary(before: Summary | UnsetType, reason: str) -> Summary:
    # How far it came stays to be seen.
    known = Summary() if isinstance(before, UnsetType) else before
    return Summary(progress=known.progress, errors=known.errors, result="-", p99="-", reason=reason)


def _has_log(pod: Pod) -> bool:
    return isinstance(pod.container, Running | Terminated) and bool(pod.node)


def _with_what_was_read_of(old: Evidence, new: Evidence) -> Evidence:
    return msgspec.structs.replace(new, log_tail=new.log_tail or old.log_tail, events=new.events or old.events)


def _evidence(pod: Pod, observed: Observed) -> Evidence:
    code: int | UnsetType = UNSET
    match pod.container:
        case Terminated(exit_code, reason, message):
            # What a coordinator left of its report is no word about its end.
            said = pod.message or ("" if decode(message) else message)
            words = ": ".join(part for part in (pod.reason or reason, said) if part)
            code = exit_code
        case Waiting(reason, message):
            words = f"{reason}: {message}"
        case _:
            words = pod.disruption or pod.unschedulable or pod.reason
    return Evidence(
        pod=pod.name,
        uid=pod.uid,
        node=pod.node,
        reason=shortened(words),
        exit_code=code,
        log_tail=without_tables(observed.logs.get(pod.name, ""))[-LOG_TAIL_LIMIT:],
        events=tuple(one[:EVENT_LIMIT] for one in observed.events[pod.name][-EVENTS_LIMIT:]),
    )
