"""Observed runs for tests: an ordinary world, what differs from it, and a refusal of worlds that can't be."""

from datetime import timedelta
from typing import Any

from msgspec import UNSET

from inferometer_loadgen.protocol.api import RunProgress, RunState, RunStatus
from inferometer_loadgen.spec.benchmark import BenchmarkSpec
from inferometer_loadgen.spec.resolve import LibraryFacts
from inferometer_operator.api.conditions import ConditionStatus, ConditionType
from inferometer_operator.api.status import BenchmarkStatus, Condition
from inferometer_operator.objects.labels import Role
from inferometer_operator.objects.names import coordinator_name, server_name, worker_name
from inferometer_operator.pods import Pod, Running, Terminated
from inferometer_operator.reconcile.observed import LetIn, Observed
from inferometer_operator.run import format_time

from .builders import SETTINGS, T0, UID, a_run, a_spec

NONCE = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
TOKEN = "quickstart-token-0a1b2c3d"
COORDINATOR_IP = "198.18.0.9"
NOW = T0 + timedelta(seconds=30)

ALL_TOLD = frozenset({"ServersReady", "Started", "Measured", "Valid", "Said"})
"""The ordinary run was told of by the operator that looks at it."""

ACCEPTED = (ConditionType.ACCEPTED,)
SERVING = (*ACCEPTED, ConditionType.SERVERS_READY)
STARTED = (*SERVING, ConditionType.LOADERS_READY)
MEASURED = (*STARTED, ConditionType.MEASURED)
FINISHED = (*MEASURED, ConditionType.REPORT_STORED, ConditionType.FINISHED)


class ImpossibleWorldError(Exception):
    """A test describes what can't happen; it would prove nothing."""


def a_status(*true: ConditionType, **changes: Any) -> BenchmarkStatus:
    """The status of a run of which `true` was said at T0; from its readiness on it has a start."""
    started = ConditionType.LOADERS_READY in true
    ordinary = {
        "conditions": tuple(
            Condition(
                type=one,
                status=ConditionStatus.TRUE.value,
                reason="Said",
                message="",
                last_transition_time=format_time(T0),
            )
            for one in true
        ),
        "start_time": format_time(T0) if started else UNSET,
        "start_nonce": NONCE if started else UNSET,
    }
    return BenchmarkStatus(**ordinary | changes)


def a_pod(role: Role, index: int = 0, **changes: Any) -> Pod:
    """A pod of the quickstart that runs and is ready."""
    names = {Role.SERVER: server_name, Role.WORKER: worker_name}
    name = names[role]("quickstart", index) if role in names else coordinator_name("quickstart")
    ordinary: dict[str, Any] = {
        "namespace": "bench",
        "name": name,
        "uid": f"{role}-{index}",
        "run": "quickstart",
        "owner_uid": UID,
        "role": role,
        "index": index,
        "created": T0,
        "node": f"node-{index}",
        "ip": COORDINATOR_IP if role is Role.COORDINATOR else f"198.18.0.{index + (1 if role is Role.SERVER else 20)}",
        "ready": True,
        "phase": "Running",
        "container": Running(),
        "scheduled_at": T0,
    }
    if role is not Role.SERVER:
        ordinary["token_secret"] = TOKEN
    if role is Role.WORKER:
        ordinary["coordinator"] = f"{COORDINATOR_IP}:9182"
    return Pod(**ordinary | changes)


def a_pending_pod(role: Role, index: int = 0, **changes: Any) -> Pod:
    """A pod that was just created."""
    fresh = {"ready": False, "ip": "", "node": "", "phase": "Pending", "container": None, "scheduled_at": None}
    return a_pod(role, index, **fresh | changes)


SERVERS = (a_pod(Role.SERVER, 0), a_pod(Role.SERVER, 1))
COORDINATOR = a_pod(Role.COORDINATOR)
WORKERS = (a_pod(Role.WORKER, 0), a_pod(Role.WORKER, 1))
ALL_PODS = (*SERVERS, COORDINATOR, *WORKERS)


def an_answer(state: RunState, **changes: Any) -> RunStatus:
    """What a coordinator answers in a state; from Running on it has our start."""
    before = state in {RunState.WAITING, RunState.READY}
    ordinary: dict[str, Any] = {
        "state": state,
        "workers": (),
        "progress": RunProgress(step="ready" if before else "measuring", completed=0, planned=800),
        "starts_accepted": 0 if before else 1,
        "nonce": "" if before else NONCE,
        "plan_hash": "",
    }
    return RunStatus(**ordinary | changes)


def an_observed_run(
    *said: ConditionType, spec: BenchmarkSpec | None = None, status: dict[str, Any] | None = None, **changes: Any
) -> Observed:
    """The quickstart, of which `said` is true, 30 s after its creation."""
    ordinary: dict[str, Any] = {
        "run": a_run(spec or a_spec(), a_status(*said, **status or {})),
        "settings": SETTINGS,
        "now": NOW,
        "nonce": NONCE,
        "secrets": frozenset({TOKEN}),
        "told": ALL_TOLD,
        "library": LibraryFacts(samples=8, sha256="ab" * 32),
        "trial": LetIn(),
        "events": {pod.name: () for pod in changes.get("pods", ())},
    }
    observed = Observed(**ordinary | changes)
    _must_be_possible(observed)
    return observed


def _must_be_possible(observed: Observed) -> None:
    run, status = observed.run, observed.run.status
    rules = {
        "a start has a time and a nonce": isinstance(status.start_time, str) == isinstance(status.start_nonce, str),
        "a started run was accepted": not run.has_started or status.is_true(ConditionType.ACCEPTED),
        "what has ended has started": not status.is_true(ConditionType.MEASURED) or run.has_started,
        "who answers has a pod": observed.coordinator is None or observed.coordinator_pod is not None,
        "a start that was accepted was decided": not isinstance(observed.coordinator, RunStatus)
        or not observed.coordinator.nonce
        or run.has_started,
        "a ready pod runs and has an address": all(
            bool(pod.ip) and not isinstance(pod.container, Terminated) for pod in observed.pods if pod.ready
        ),
        "a pod has one name": len({pod.name for pod in observed.pods}) == len(observed.pods),
        "a run that is not accepted has no pods": status.is_true(ConditionType.ACCEPTED)
        or run.is_finished
        or not observed.pods,
    }
    if broken := [rule for rule, holds in rules.items() if not holds]:
        raise ImpossibleWorldError("; ".join(broken))
