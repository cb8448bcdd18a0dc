"""The shell's part of a run, against a coordinator whose answers are scripted: the real API, another run behind it."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from inferometer_loadgen.client import CoordinatorClient
from inferometer_loadgen.coordinator.server import Api
from inferometer_loadgen.local import engine
from inferometer_loadgen.plan import ReplicaAddress
from inferometer_loadgen.protocol.api import FailureReport, RunProgress, RunState, RunStatus, StartRequest
from integration.loadgen.peers import RUN_UID, TOKEN, a_plan

RUN = engine.LocalRun(
    plan=a_plan(),
    replicas=(ReplicaAddress(name="r0", url="http://127.0.0.1:9", metrics_url="http://127.0.0.1:9/metrics"),),
    data=None,
)


class ScriptedRun:
    """A run that is in these states, one a poll, the last one from then on; and what it was told."""

    def __init__(self, states: Iterable[RunState]) -> None:
        self._states = list(states)
        self.told: list[str] = []

    def status(self) -> RunStatus:
        state = self._states.pop(0) if len(self._states) > 1 else self._states[0]
        failure = FailureReport(type="Aborted", message="as told") if state is RunState.FAILED else None
        return RunStatus(
            state=state,
            workers=(),
            progress=RunProgress(step="ready"),
            starts_accepted=0,
            nonce="",
            plan_hash="",
            failure=failure,
        )

    def start(self, request: StartRequest) -> str:
        self.told.append(f"start {request.nonce}")
        return "the run is Failed, not Ready" if "abort" in self.told else ""

    def abort(self, reason: str) -> None:
        del reason
        self.told.append("abort")
        self._states = [RunState.FAILED]

    def report_json(self) -> bytes | None:
        return None

    def acknowledge(self) -> None:
        self.told.append("acknowledge")


@asynccontextmanager
async def serving(run: ScriptedRun, lost_answers: Iterable[int] = ()) -> AsyncIterator[CoordinatorClient]:
    """A client of this run's API; the requests with these numbers are carried out, but their answers get lost."""
    lost, numbers = set(lost_answers), itertools.count(1)

    @web.middleware
    async def lossy(request: web.Request, handler: Handler) -> web.StreamResponse:
        number = next(numbers)
        answer = await handler(request)
        if number in lost and request.transport is not None:
            request.transport.close()
        return answer

    application = Api(TOKEN, run).application()
    application.middlewares.append(lossy)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with aiohttp.ClientSession() as session:
        yield CoordinatorClient(session, f"http://127.0.0.1:{runner.addresses[0][1]}", TOKEN)
    await runner.cleanup()


def follow(run: ScriptedRun, *, interrupted: bool = False, lost_answers: Iterable[int] = ()) -> RunStatus:
    async def story() -> RunStatus:
        async with serving(run, lost_answers) as client:
            return await engine.follow(client, RUN, RUN_UID, [], lambda: interrupted, lambda _: None)

    return asyncio.run(story())


def test_ctrl_c_just_before_the_start_ends_the_run_and_gives_no_start() -> None:
    run = ScriptedRun([RunState.READY])

    status = follow(run, interrupted=True)

    assert status.state is RunState.FAILED
    assert run.told == ["abort"]


@pytest.mark.parametrize("lost", [1, 2, 3], ids=["the first poll", "the start", "a later poll"])
def test_an_answer_that_gets_lost_does_not_end_a_run(lost: int) -> None:
    run = ScriptedRun([RunState.READY] * 2 + [RunState.RUNNING] * 2 + [RunState.DONE])

    status = follow(run, lost_answers=[lost])

    assert status.state is RunState.DONE
    assert len(set(run.told)) == 1, "the start was given with two nonces"
