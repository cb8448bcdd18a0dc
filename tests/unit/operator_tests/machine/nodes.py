"""The nodes in memory: what becomes of pods, and the coordinator that runs in one of them."""

from dataclasses import dataclass, field
from typing import Any

from inferometer_loadgen.protocol.api import FailureReport, RunProgress, RunState, RunStatus, StartRequest
from inferometer_loadgen.report import schema
from inferometer_loadgen.report.short import encode, in_short
from inferometer_operator.objects.labels import INDEX, ROLE, Role
from inferometer_operator.pods import decode_pod
from unit.operator_tests.builders import a_report

from .api_server import ApiServer, Json

FOLLOWING = {
    RunState.RUNNING: RunState.DRAINING,
    RunState.DRAINING: RunState.SCORING,
    RunState.SCORING: RunState.DONE,
}


@dataclass
class Coordinator:
    """What runs in one coordinator's pod."""

    run_uid: str
    state: RunState = RunState.WAITING
    nonce: str = ""
    starts_accepted: int = 0
    called_off: str = ""
    loss: FailureReport | None = None
    failure: FailureReport | None = None
    report: bytes | None = None
    acknowledged: bool = False
    left: int = 8
    """How long the load still lasts."""
    silent: bool = False
    """Whether its node's network is gone."""

    def status(self) -> RunStatus:
        return RunStatus(
            state=self.state,
            workers=(),
            progress=RunProgress(step="measuring", completed=0, planned=800),
            starts_accepted=self.starts_accepted,
            nonce=self.nonce,
            plan_hash="",
            report_sha256=schema.sha256(self.report) if self.report else "",
            failure=self.failure,
        )

    def start(self, request: StartRequest) -> str:
        if self.nonce:
            return "" if self.nonce == request.nonce else "started already"
        if self.state is not RunState.READY:
            return f"the run is {self.state}, not Ready"
        self.nonce, self.state = request.nonce, RunState.RUNNING
        self.starts_accepted += 1
        return ""

    def abort(self, reason: str) -> None:
        if self.state in {RunState.WAITING, RunState.READY}:
            self.state, self.failure = RunState.FAILED, FailureReport(type="Aborted", message=reason)
        elif self.state in {RunState.RUNNING, RunState.DRAINING}:
            self.called_off, self.state = self.called_off or reason, RunState.SCORING

    def lose_a_worker(self, index: int) -> None:
        failure = FailureReport(type="WorkerLost", message=f"worker {index} hung up")
        if self.state is RunState.READY:
            self.state = RunState.WAITING
        elif self.state in {RunState.RUNNING, RunState.DRAINING}:
            self.called_off, self.loss, self.state = f"WorkerLost: {index},", failure, RunState.SCORING

    def go_on(self, workers_are_ready: bool) -> None:
        if self.state is RunState.WAITING and workers_are_ready:
            self.state = RunState.READY
        if self.state is RunState.RUNNING and self.left > 0:
            self.left -= 1
        else:
            self.state = FOLLOWING.get(self.state, self.state)
        if self.state is RunState.DONE and self.report is None:
            reasons = (schema.Reason(type="CalledOff", message=self.called_off),) if self.called_off else ()
            verdict = "Inconclusive" if reasons else "Valid"
            self.report = schema.encode(a_report(self.run_uid, verdict=verdict, reasons=reasons))
            if self.loss is not None:
                self.state, self.failure = RunState.FAILED, self.loss

    @property
    def is_whole(self) -> bool:
        """Whether it has measured and judged everything."""
        return self.report is not None and not self.called_off

    @property
    def last_words(self) -> str:
        if self.report is None:
            return ""
        return encode(in_short(schema.decode(self.report), schema.sha256(self.report), self.loss)).decode()


@dataclass
class Nodes:
    """The kubelets, and the scheduler, and the garbage collector."""

    server: ApiServer
    coordinators: dict[str, Coordinator] = field(default_factory=dict)
    """By the uid of their pods."""
    ever: list[Coordinator] = field(default_factory=list)
    """Also those whose pods are gone."""
    accepted: list[tuple[str, str, str]] = field(default_factory=list)
    """Each start that was accepted, without its repetitions: the run, the coordinator's pod and the nonce."""
    _addresses: int = 0

    def go_on(self) -> None:
        """Everything takes its next step."""
        self.server.collect_garbage()
        for pod in self.server.all("Pod"):
            self._step(pod)
        for pod in self.server.all("Pod"):
            self._run(pod)

    def end(self, pod: Json, exit_code: int, reason: str = "Error", **status: Any) -> None:
        """A pod's container has ended."""
        coordinator = self.coordinators.pop(pod["metadata"]["uid"], None)
        ended = {"exitCode": exit_code, "reason": reason, "message": coordinator.last_words if coordinator else ""}
        self._say(pod, {"terminated": ended}, phase="Succeeded" if exit_code == 0 else "Failed", **status)
        if pod["metadata"]["labels"][ROLE] == Role.WORKER:
            for other in self.coordinators.values():
                other.lose_a_worker(int(pod["metadata"]["labels"][INDEX]))

    def vanish(self, pod: Json) -> None:
        """A pod is deleted by force: nobody is told of its end."""
        self.end(pod, 137)
        if (found := self.server.find("Pod", pod["metadata"]["name"])) is not None:
            self.server.remove(found)

    def at(self, address: str) -> Coordinator | None:
        """The coordinator that answers at an address."""
        for pod in self.server.all("Pod"):
            if pod.get("status", {}).get("podIP") == address:
                found = self.coordinators.get(pod["metadata"]["uid"])
                return None if found is None or found.silent else found
        return None

    def start(self, address: str, request: StartRequest) -> str:
        found = self.at(address)
        assert found is not None
        before = found.starts_accepted
        refusal = found.start(request)
        if found.starts_accepted > before:
            uid = next(uid for uid, one in self.coordinators.items() if one is found)
            self.accepted.append((found.run_uid, uid, request.nonce))
        return refusal

    def _step(self, pod: Json) -> None:
        decoded = decode_pod(pod)
        if decoded.deleting:
            if not decoded.has_ended:
                self.end(pod, 143)
            else:
                self.server.remove(pod)
        elif not decoded.node:
            self.server.replace(pod | {"spec": pod["spec"] | {"nodeName": "node-a"}})
        elif decoded.container is None and self._is_mounted(pod):
            self._addresses += 1
            self._say(pod, {"running": {}}, phase="Running", podIP=f"198.18.0.{self._addresses}")
            if decoded.role is Role.COORDINATOR:
                self.coordinators[decoded.uid] = Coordinator(decoded.owner_uid)
                self.ever.append(self.coordinators[decoded.uid])

    def _run(self, pod: Json) -> None:
        coordinator = self.coordinators.get(pod["metadata"]["uid"])
        if coordinator is None:
            return
        dialling = [decode_pod(one) for one in self.server.all("Pod")]
        workers = {
            one.index
            for one in dialling
            if one.role is Role.WORKER and one.ready and one.coordinator.split(":")[0] == decode_pod(pod).ip
        }
        coordinator.go_on(workers == {0, 1})
        if coordinator.acknowledged:
            self.end(pod, 0, "Completed")

    def _is_mounted(self, pod: Json) -> bool:
        secrets = (one["secret"]["secretName"] for one in pod["spec"].get("volumes", ()) if "secret" in one)
        return all(self.server.find("Secret", name) is not None for name in secrets)

    def _say(self, pod: Json, state: Json, **status: Any) -> None:
        is_ready = "running" in state
        conditions = [
            {"type": "Ready", "status": "True" if is_ready else "False"},
            {"type": "PodScheduled", "status": "True"},
        ]
        container = {"name": pod["spec"]["containers"][0]["name"], "state": state}
        found = pod.get("status", {}) | {"conditions": conditions, "containerStatuses": [container]} | status
        self.server.replace(pod | {"status": found})
