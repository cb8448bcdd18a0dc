"""A run survives an operator that dies after any write and hears of any write late.

The world below is the API server, kubelet and coordinator in a few lines; the operator is the pure part with its
steps carried out by hand, in the order in which `apply` carries them out. A crash loses the rest of a step and
everything that was remembered; a late watch makes a decision start from an older state, as a second operator would.
"""

import gzip
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from inferometer_loadgen.protocol.api import RunState, RunStatus
from inferometer_loadgen.report import schema
from inferometer_loadgen.spec.resolve import LibraryFacts
from inferometer_operator.objects.labels import INDEX, ROLE, Role
from inferometer_operator.pods import Pod
from inferometer_operator.reconcile import Need, Step, reconcile
from inferometer_operator.reconcile.observed import LetIn, Observed, StoredReport, Unreachable
from inferometer_operator.reconcile.step import (
    AskCoordinator,
    FetchReport,
    ListPods,
    Read,
    ReadEvents,
    ReadLibrary,
    ReadLog,
    ReadStoredReport,
    Start,
    TryPods,
)
from inferometer_operator.run import Run

from .builders import SETTINGS, T0, a_report, a_run
from .worlds import a_pod, an_answer

REPORT = gzip.compress(schema.encode(a_report()), mtime=0)


class CrashError(Exception):
    """The operator dies here."""


@dataclass
class World:
    """What is true, whatever the operator believes."""

    run: Run
    pods: dict[str, Pod] = field(default_factory=dict)
    report: bytes | None = None
    state: RunState = RunState.WAITING
    nonce: str = ""
    starts: list[str] = field(default_factory=list)
    now: datetime = T0
    uids: int = 0
    history: list[tuple[Run, dict[str, Pod]]] = field(default_factory=list)

    def tick(self) -> None:
        """A second passes: pods that are deleted are gone, and the coordinator goes on."""
        self.now += timedelta(seconds=1)
        self.pods = {name: pod for name, pod in self.pods.items() if not pod.deleting}
        workers = [pod for pod in self.pods.values() if pod.role is Role.WORKER]
        following = {
            RunState.WAITING: RunState.READY if len(workers) == 2 else RunState.WAITING,
            RunState.READY: RunState.READY,
            RunState.RUNNING: RunState.DRAINING,
            RunState.DRAINING: RunState.SCORING,
            RunState.SCORING: RunState.DONE,
        }
        self.state = following.get(self.state, self.state)

    def remember(self) -> None:
        self.history.append((self.run, dict(self.pods)))

    def answer(self) -> RunStatus:
        return an_answer(self.state, nonce=self.nonce, starts_accepted=len(set(self.starts)))


@dataclass
class Operator:
    """Carries out steps on a world; dies after `lives` writes."""

    world: World
    lives: int
    lag: int

    def look(self) -> Step:
        run, pods = self._heard()
        observed = Observed(
            run=run,
            settings=SETTINGS,
            now=self.world.now,
            nonce=f"nonce-{self.world.uids}-{len(self.world.history)}",
            pods=tuple(pods.values()),
            secrets=frozenset(pod.token_secret for pod in pods.values()),
        )
        for _ in range(12):
            answer = reconcile(observed)
            if isinstance(answer, Step):
                self._carry_out(answer, observed)
                return answer
            observed = self._read(observed, answer)
        raise AssertionError("undecided")

    def _heard(self) -> tuple[Run, dict[str, Pod]]:
        history = self.world.history
        return history[max(0, len(history) - 1 - self.lag)]

    def _read(self, observed: Observed, need: Need) -> Observed:
        for read in need.reads:
            observed = self._one(observed, read)
        return observed

    def _one(self, observed: Observed, read: Read) -> Observed:
        world = self.world
        match read:
            case ReadLibrary():
                return replace(observed, library=LibraryFacts(samples=8, sha256="ab" * 32))
            case TryPods():
                return replace(observed, trial=LetIn())
            case ListPods():
                return replace(observed, pods=tuple(world.pods.values()), pods_are_live=True)
            case AskCoordinator():
                there = any(pod.role is Role.COORDINATOR and not pod.deleting for pod in world.pods.values())
                silent = Unreachable(world.now, "no answer")
                return replace(observed, coordinator=world.answer() if there else silent)
            case FetchReport():
                return replace(observed, fetched_report=REPORT)
            case ReadStoredReport():
                return replace(observed, stored_report=StoredReport(world.report))
            case ReadEvents(pod):
                return replace(observed, events={**observed.events, pod.name: ()})
            case ReadLog(pod):
                return replace(observed, logs={**observed.logs, pod.name: ""})
            case _:
                raise AssertionError(read)

    def _carry_out(self, step: Step, observed: Observed) -> None:
        world = self.world
        for manifest in step.create:
            self._create(manifest)
        if step.status is not None:
            if observed.run.resource_version != world.run.resource_version:
                return  # 409: the run was changed meanwhile
            version = str(int(world.run.resource_version) + 1)
            world.run = replace(world.run, status=step.status, resource_version=version)
            self._written()
        if isinstance(step.call, Start):
            assert step.call.request.nonce == world.run.status.start_nonce, "a start that was not persisted"
            if world.nonce in {"", step.call.request.nonce}:
                world.starts.append(step.call.request.nonce)
                world.nonce = step.call.request.nonce
                world.state = RunState.RUNNING if world.state is RunState.READY else world.state
            self._written()
        for pod in step.delete:
            if (found := world.pods.get(pod.name)) is not None and found.uid == pod.uid:
                world.pods[pod.name] = replace(found, deleting=True)
            self._written()

    def _create(self, manifest: dict) -> None:
        world = self.world
        if manifest["kind"] == "ConfigMap":
            if manifest["metadata"]["name"].endswith("-report"):
                world.report = REPORT
            self._written()
            return
        name, labels = manifest["metadata"]["name"], manifest["metadata"]["labels"]
        if name not in world.pods:
            world.uids += 1
            role = Role(labels[ROLE])
            world.pods[name] = a_pod(role, int(labels.get(INDEX, 0)), uid=f"uid-{world.uids}")
            if world.run.has_started:
                raise AssertionError(f"{name} was created after the start")
        self._written()

    def _written(self) -> None:
        self.world.remember()
        self.lives -= 1
        if self.lives == 0:
            raise CrashError


@settings(max_examples=200, deadline=None)
@given(
    lives=st.lists(st.integers(1, 12), max_size=8),
    lags=st.lists(st.integers(0, 8), min_size=1, max_size=12),
)
def test_a_run_ends_with_its_result_and_one_start_whatever_dies_and_is_late(lives: list[int], lags: list[int]) -> None:
    world = World(run=a_run())
    world.remember()
    remaining = [*lives, 10_000]
    for turn in range(200):
        operator = Operator(world, lives=remaining[0], lag=lags[turn % len(lags)])
        try:
            operator.look()
            remaining[0] = operator.lives
        except CrashError:
            remaining.pop(0)
        # After each step, not only at the end.
        nonces = {one for one in (world.run.status.start_nonce, *world.starts) if isinstance(one, str)}
        assert len(nonces) <= 1
        assert not world.run.is_finished or world.run.status.verdict == "Valid"
        if world.run.is_finished and not world.pods:
            break
        world.tick()
        if turn % 3 == 2:
            # In the end every watch hears everything.
            world.remember()
            world.history = world.history[-1:]

    assert world.run.status.verdict == "Valid", world.run.status.summary
    assert len(set(world.starts)) == 1
    assert world.pods == {}
