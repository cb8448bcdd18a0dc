"""One run from its creation to its end, with a fault on the way, and what must be true of it afterwards."""

import asyncio
import base64
import contextlib
import io
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from aiohttp import web

from inferometer_loadgen.report import short
from inferometer_operator.objects.labels import SELECTOR
from integration.operator_tests.rig import an_address, compressed_digest

from .admin import Json
from .coordinator import PlayedRun, serve
from .stage import Stage

NAME = "quickstart"
BENCHMARKS = "/apis/inferometer.dev/v1alpha1/namespaces/{}/inferencebenchmarks"
SPEC: Json = {
    "scenario": "Server",
    "model": {"name": "magika"},
    "target": {
        "triton": {
            "image": "localhost/triton-cpu:2.51",
            "replicas": 2,
            "gpu": {"count": 0},
            "modelRepository": {"image": "localhost/magika-model:1.0.3"},
        }
    },
    "load": {
        "workers": 2,
        "targetQPS": 40,
        "latencyBound": "250ms",
        "minDuration": "20s",
        "data": {"configMap": {"name": "samples"}},
    },
}
PODS = [f"{NAME}-{one}" for one in ("coordinator", "server-0", "server-1", "worker-0", "worker-1")]
STORY = ["Measured", "ServersReady", "Started", "Valid"]

_numbers = itertools.count()


class LateError(Exception):
    """Something did not come about in time."""


async def until(holds: Callable[[], Awaitable[Any]], what: str, within_s: float = 20.0) -> Any:
    """Asks until it holds; the answer is the first that is true."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + within_s
    while clock() < deadline:
        if found := await holds():
            return found
        await asyncio.sleep(0.03)  # the pace of asking, not a guess at how long it takes
    raise LateError(f"{what}: not within {within_s:g} s")


@dataclass
class Cell:
    """A namespace with one benchmark."""

    stage: Stage
    namespace: str
    run: PlayedRun
    problems: list[str] = field(default_factory=list)
    coordinator: web.AppRunner | None = None
    """Its server, while it lives."""
    report_is_lost: bool = False
    """Whether it died before its report could be stored."""

    async def benchmark(self) -> Json:
        return await self.stage.admin.call("GET", f"{BENCHMARKS.format(self.namespace)}/{NAME}")

    async def is_finished(self) -> bool:
        conditions = (await self.benchmark()).get("status", {}).get("conditions", ())
        return any(one["type"] == "Finished" and one["status"] == "True" for one in conditions)

    async def meddle(self) -> None:
        """Somebody annotates the benchmark: whoever read it before has an old version."""
        change = {"metadata": {"annotations": {"example.test/note": str(next(_numbers))}}}
        await self.stage.admin.call("PATCH", f"{BENCHMARKS.format(self.namespace)}/{NAME}", change)

    async def lose_the_coordinator(self) -> None:
        """It is killed after it has left its report in short, and the kubelet says so."""
        assert self.coordinator is not None
        assert self.run.report is not None
        await self.coordinator.cleanup()
        self.coordinator = None
        left = short.encode(short.in_short(self.run.report, self.run.status().report_sha256))
        await self.stage.kubelet.kill(self.namespace, f"{NAME}-coordinator", "loadgen", left.decode())

    async def judge(self) -> list[str]:
        """What is wrong with the run now that it should have ended; nothing if all is well."""
        for check in (self._ends, self._is_told, self.leaves_nothing):
            try:
                await check()
            except LateError as error:
                self.problems.append(str(error))
        await self._result()
        self._started_once()
        self._is_made_once()
        return self.problems

    async def _ends(self) -> None:
        await until(self.is_finished, "Finished")

    async def _is_told(self) -> None:
        async def all_of_it() -> bool:
            return set(self._story()) <= set(await self._events())

        # The run may have ended before the next operator is up.
        with contextlib.suppress(LateError):
            await until(all_of_it, "events")
        found = await self._events()
        self._expect(sorted(found) == sorted(self._story()), f"events {sorted(found)}")

    def _story(self) -> list[str]:
        return ["ReportLost", *STORY] if self.report_is_lost else STORY

    async def _events(self) -> list[str]:
        path = f"/apis/events.k8s.io/v1/namespaces/{self.namespace}/events"
        items = (await self.stage.admin.call("GET", path))["items"]
        return [one["reason"] for one in items if one["regarding"].get("kind") == "InferenceBenchmark"]

    async def leaves_nothing(self) -> None:
        async def nothing_is_left() -> bool:
            return not await self._managed("pods") and not await self._managed("secrets")

        try:
            await until(nothing_is_left, "cleaned", within_s=10.0)
        except LateError:
            left = [*await self._managed("pods"), *await self._managed("secrets")]
            self.problems.append(f"left behind: {', '.join(left)}")

    async def _managed(self, plural: str) -> list[str]:
        path = f"/api/v1/namespaces/{self.namespace}/{plural}?labelSelector={SELECTOR}"
        return [one["metadata"]["name"] for one in (await self.stage.admin.call("GET", path))["items"]]

    async def _result(self) -> None:
        status = (await self.benchmark()).get("status", {})
        self._expect(status.get("verdict") == "Valid", f"verdict {status.get('verdict')}: {status.get('summary')}")
        self._expect(self.run.accepted == [status.get("startNonce")], "the nonce is not the accepted one")
        path = f"/api/v1/namespaces/{self.namespace}/configmaps/{NAME}-report"
        stored = await self.stage.admin.call("GET", path, checked=False)
        compressed = base64.b64decode(stored.get("binaryData", {}).get("report.json.gz", ""))
        digest = compressed_digest(compressed) if compressed else None
        self._expect(status.get("report", {}).get("sha256") == digest, f"the stored report is {digest}")
        self._expect((digest is None) == self.report_is_lost, f"the stored report is {digest}")
        self._expect("result" in status, "there are no figures")

    def _started_once(self) -> None:
        asked = {one.nonce for one in self.run.starts}
        self._expect(len(self.run.accepted) == 1 and len(asked) == 1, f"starts {asked}")
        is_there = self.coordinator is not None
        self._expect(self.run.acknowledged or not is_there, "the coordinator was not told that it may leave")

    def _is_made_once(self) -> None:
        pods = sorted(pod["metadata"]["name"] for pod in self.stage.kubelet.seen[self.namespace])
        self._expect(pods == PODS, f"pods were created: {pods}")
        made = [
            f"{write.content['kind']} {write.content['metadata']['name']}"
            for write, status in self.stage.gate.writes
            if status == 201 and not write.is_a_trial
        ]
        twice = [name for name, times in Counter(made).items() if times > 1]
        self._expect(not twice, f"created more than once: {twice}")
        secrets = [one for one in made if one.startswith("Secret")]
        self._expect(len(secrets) == 1, f"secrets were created: {secrets}")

    def _expect(self, holds: bool, problem: str) -> None:
        if not holds:
            self.problems.append(problem)


@contextlib.asynccontextmanager
async def a_cell(stage: Stage) -> AsyncIterator[Cell]:
    """A namespace that is ready for a benchmark, and a coordinator that waits for its workers. See `begin`."""
    namespace, address = f"cell-{next(_numbers)}", an_address()
    admin = stage.admin
    await admin.call("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    account = f"/api/v1/namespaces/{namespace}/serviceaccounts/default"

    async def there_is_an_account() -> bool:
        return (await admin.call("GET", account, checked=False)).get("kind") == "ServiceAccount"

    await until(there_is_an_account, "the namespace has its service account")
    samples = {"metadata": {"name": "samples"}, "binaryData": {"samples.npz": _samples()}}
    await admin.call("POST", f"/api/v1/namespaces/{namespace}/configmaps", samples)
    stage.coordinators[namespace] = address
    ready = stage.kubelet.ready[namespace]
    run = PlayedRun(workers_are_ready=lambda: sum(one.startswith("worker") for one in ready) == 2)
    yield Cell(stage, namespace, run)


@contextlib.asynccontextmanager
async def begun(cell: Cell) -> AsyncIterator[None]:
    """The benchmark is created, and its coordinator answers."""
    body = {
        "apiVersion": "inferometer.dev/v1alpha1",
        "kind": "InferenceBenchmark",
        "metadata": {"name": NAME},
        "spec": SPEC,
    }
    stored = await cell.stage.admin.call("POST", BENCHMARKS.format(cell.namespace), body)
    cell.run.run_uid = stored["metadata"]["uid"]
    cell.coordinator = await serve(cell.run, cell.stage.coordinators[cell.namespace], cell.stage.gate)
    try:
        yield
    finally:
        if cell.coordinator is not None:
            await cell.coordinator.cleanup()
        # The operators of later cells have enough to look at.
        await cell.stage.admin.call("DELETE", f"{BENCHMARKS.format(cell.namespace)}/{NAME}")


def _samples() -> str:
    file = io.BytesIO()
    np.savez(file, bytes=np.zeros((8, 2048), np.int32))
    return base64.b64encode(file.getvalue()).decode()
