"""The coordinators of all cells, played: they move on with each question, so that no cell waits for a clock."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from inferometer_loadgen.coordinator.server import Api
from inferometer_loadgen.protocol.api import API_PORT, RunState, RunStatus, StartRequest
from inferometer_loadgen.protocol.signing import run_token
from integration.operator_tests.rig import KEY, FakeRun
from unit.operator_tests.builders import a_report

from .faults import DroppedError
from .proxy import READS, Gate, refuse_to_answer, write_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

FOLLOWING = {RunState.RUNNING: RunState.SCORING, RunState.SCORING: RunState.DONE}


@dataclass
class PlayedRun(FakeRun):
    """Ready once its workers are; after the start each answer is one state further, and the last holds a report."""

    run_uid: str = ""
    workers_are_ready: Callable[[], bool] = lambda: False
    accepted: list[str] = field(default_factory=list)
    """The nonces of starts that were accepted for the first time."""
    keeps_its_report: bool = False
    """Whether it answers nobody who asks for its report."""
    asked_for_its_report: asyncio.Event = field(default_factory=asyncio.Event)

    def status(self) -> RunStatus:
        if self.state is RunState.WAITING and self.workers_are_ready():
            self.state = RunState.READY
        answer = super().status()
        self.state = FOLLOWING.get(self.state, self.state)
        self.completed = self.planned if self.state is not RunState.READY else 0
        if self.state is RunState.DONE and self.report is None:
            self.report = a_report(self.run_uid)
        return answer

    def start(self, request: StartRequest) -> str:
        if not self.nonce:
            self.accepted.append(request.nonce)
            return super().start(request)
        # Once it runs it does not begin anew.
        self.starts.append(request)
        return "" if request.nonce == self.nonce else "started already"


async def serve(run: PlayedRun, address: str, gate: Gate) -> web.AppRunner:
    """The real server side of the coordinator's API, with its writes through the gate."""

    @web.middleware
    async def through_the_gate(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path == "/v1/report":
            run.asked_for_its_report.set()
            if run.keeps_its_report:
                return refuse_to_answer(request)
        if request.method in READS:
            return await handler(request)
        try:
            return await gate.meet(await write_of(request), lambda: handler(request))
        except (DroppedError, aiohttp.ClientError):
            return refuse_to_answer(request)

    application = Api(run_token(KEY, run.run_uid).encode(), run).application()
    application.middlewares.append(through_the_gate)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, address, API_PORT).start()
    return runner
