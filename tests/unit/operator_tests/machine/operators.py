"""An operator whose every call to the outside is a stop: a test decides when it goes on, with what answer, or never.

It is the real observer, policies, applier, cache and controller. Only the two clients that it speaks through are
played: each call is handed to whoever drives it.
"""

import gzip
import types
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from inferometer_loadgen.client import DeclinedError, SilentError
from inferometer_loadgen.protocol.api import RunStatus, StartRequest
from inferometer_operator.apply import Applier
from inferometer_operator.cache import Cache
from inferometer_operator.controller import Controller
from inferometer_operator.errors import KubeError, NotFoundError
from inferometer_operator.observe import Observer
from inferometer_operator.run import Key
from unit.operator_tests.builders import SETTINGS

from .api_server import BENCHMARK, NAMESPACE, ApiServer, Json
from .nodes import Coordinator, Nodes

KEY = Key(NAMESPACE, "quickstart")


@dataclass(frozen=True)
class Call:
    """What the operator asks of the world: done when the test says so."""

    what: str
    do: Callable[[], Any]
    writes: bool


@types.coroutine
def _ask(call: Call) -> Generator[Call, Any, Any]:
    answer = yield call
    return answer


@dataclass
class Kube:
    """The API server as the operator's own client offers it."""

    server: ApiServer
    cache: Cache

    async def create(self, manifest: Json, *, dry_run: bool = False) -> Json:
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        run = self.cache.run(KEY)
        if kind == "Pod" and not dry_run and run is not None and run.has_started:
            self.server.problems.append(f"{name} is created after a start that the operator knows of")
        return await _ask(Call(f"create {name}", lambda: self.server.create(manifest, dry_run), not dry_run))

    async def get(self, kind: str, _namespace: str, name: str) -> Json | None:
        return await _ask(Call(f"get {name}", lambda: self.server.find(kind, name), False))

    async def delete_pod(self, _namespace: str, name: str, uid: str) -> Json | None:
        def do() -> Json | None:
            return self.server.delete_pod(name, uid) if self.server.find("Pod", name) else None

        return await _ask(Call(f"delete {name}", do, True))

    async def benchmark_uid(self, key: Key) -> str | None:
        def do() -> str | None:
            found = self.server.find(BENCHMARK, key.name)
            return None if found is None else found["metadata"]["uid"]

        return await _ask(Call("get benchmark", do, False))

    async def delete_benchmark(self, key: Key, uid: str) -> None:
        await _ask(Call("delete benchmark", lambda: self.server.delete_benchmark(key.name, uid), True))

    async def pods_of(self, _key: Key) -> list[Json]:
        return await _ask(Call("list pods", lambda: self.server.all("Pod"), False))

    async def events_about(self, _namespace: str, _uid: str) -> list[Json]:
        return await _ask(Call("list events", list, False))

    async def log_tail(self, _namespace: str, name: str, _container: str, _lines: int) -> str:
        return await _ask(Call(f"log of {name}", lambda: "words", False))

    async def write_status(self, key: Key, uid: str, version: str, status: Json) -> Json:
        return await _ask(Call("status", lambda: self.server.write_status(key.name, uid, version, status), True))


@dataclass
class Client:
    """One coordinator as the operator's own client offers it."""

    nodes: Nodes
    address: str

    async def status(self) -> RunStatus:
        return await self._ask("ask", lambda one: one.status(), False)

    async def start(self, request: StartRequest) -> None:
        def do(_: Coordinator) -> None:
            if refusal := self.nodes.start(self.address, request):
                raise DeclinedError(409, refusal)

        await self._ask("start", do)

    async def abort(self, reason: str) -> None:
        await self._ask("abort", lambda one: one.abort(reason))

    async def report(self) -> bytes:
        def do(one: Coordinator) -> bytes:
            if one.report is None:
                raise DeclinedError(404, "there is no report yet")
            return gzip.compress(one.report, mtime=0)

        return await self._ask("report", do, False)

    async def acknowledge(self) -> None:
        def do(one: Coordinator) -> None:
            if one.report is None and one.failure is None:
                raise DeclinedError(409, "there is nothing to acknowledge yet")
            one.acknowledged = True

        await self._ask("acknowledge", do)

    async def _ask(self, what: str, do: Callable[[Coordinator], Any], writes: bool = True) -> Any:
        def there() -> Any:
            found = self.nodes.at(self.address)
            if found is None:
                raise SilentError("no answer: timed out")
            return do(found)

        return await _ask(Call(f"coordinator: {what}", there, writes))


@dataclass
class Coordinators:
    nodes: Nodes

    def at(self, address: str, _run_uid: str) -> Client:
        return Client(self.nodes, address)

    def token(self, _run_uid: str) -> str:
        return "token"

    def forget(self, _run_uid: str) -> None:
        pass


@dataclass
class Operator:
    """One process. It begins with what a list shows, and hears of the rest when it is told."""

    server: ApiServer
    nodes: Nodes
    heard: dict[str, int] = field(default_factory=dict)
    """How much of the log each of its two watches has told."""
    news: bool = True
    due: datetime | None = None
    call: Call | None = None
    """What it waits for."""
    _looking: Coroutine[Any, Any, float | None] | None = None

    def __post_init__(self) -> None:
        cache = Cache()
        kube, coordinators = cast("Any", Kube(self.server, cache)), cast("Any", Coordinators(self.nodes))
        observer = Observer(kube, coordinators, cache, SETTINGS, lambda: self.server.now)
        self.cache = cache
        self._controller = Controller(observer, Applier(kube, coordinators, cache))
        self.heard = dict.fromkeys(("Pod", BENCHMARK), len(self.server.log))
        for benchmark in self.server.all(BENCHMARK):
            cache.put_run(benchmark)
        for pod in self.server.all("Pod"):
            cache.put_pod(pod)

    @property
    def is_idle(self) -> bool:
        return self._looking is None

    def hear(self, kind: str, most: int = 1_000_000, again: int = 0) -> None:
        """The watch of a kind tells up to `most` more of what has happened; the last `again` of it once more."""
        begin = max(0, self.heard[kind] - again)
        end = min(len(self.server.log), self.heard[kind] + most)
        for told, one in self.server.log[begin:end]:
            if one["kind"] == kind:
                self._take(told, one)
        self.news = self.news or end > self.heard[kind]
        self.heard[kind] = end

    def _take(self, told: str, one: Json) -> None:
        match one["kind"], told:
            case "Pod", "DELETED":
                self.cache.drop_pod(one)
            case "Pod", _:
                self.cache.put_pod(one)
            case _, "DELETED":
                self.cache.drop_run(KEY, one["metadata"]["uid"])
            case _:
                self.cache.put_run(one)

    def begin(self) -> None:
        """Looks at the run, if there is a reason to."""
        is_due = self.due is not None and self.server.now >= self.due
        if self._looking is not None or not (self.news or is_due):
            return
        self.news, self.due = False, None
        self._looking = self._controller._once(KEY)
        self._resume()

    def answer(self) -> None:
        """What it waits for is done, and it hears so."""
        assert self.call is not None
        try:
            answer = self.call.do()
        except (KubeError, SilentError, DeclinedError) as error:
            self._resume(error=error)
        else:
            self._resume(answer)

    def fail(self, error: Exception, *, done: bool) -> None:
        """What it waits for fails; `done`: it is done all the same, and the answer is lost."""
        assert self.call is not None
        if done:
            try:
                self.call.do()
            except (KubeError, SilentError, DeclinedError) as refusal:
                error = refusal
        self._resume(error=error)

    def die(self) -> None:
        """No more of it."""
        if self._looking is not None:
            self._looking.close()
        self._looking = self.call = None

    def _resume(self, answer: Any = None, error: Exception | None = None) -> None:
        assert self._looking is not None
        try:
            self.call = self._looking.send(answer) if error is None else self._looking.throw(error)
        except StopIteration as ended:
            self._come_again(ended.value)
        except NotFoundError:
            self._come_again(None)
        except (KubeError, SilentError, DeclinedError):
            self._come_again(1.0)

    def _come_again(self, after_s: float | None) -> None:
        self._looking = self.call = None
        if after_s == 0:
            self.news = True
        elif after_s is not None and after_s < 1e9:
            self.due = self.server.now + timedelta(seconds=after_s)
