"""Starts coordinator and workers as child processes, gives the start, and brings the report home.

This is the operator's part of a run, played for one machine: the same order, the same API, the same token rules.
"""

import asyncio
import gzip
import json
import os
import secrets
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from inferometer_loadgen import plan as plans
from inferometer_loadgen.client import CoordinatorClient, CoordinatorError, SilentError
from inferometer_loadgen.local.children import Child, ChildError
from inferometer_loadgen.plan import Assignment, Plan, ReplicaAddress
from inferometer_loadgen.protocol.api import FailureReport, RunState, RunStatus, StartRequest
from inferometer_loadgen.report.schema import Report, decode
from inferometer_loadgen.rounds import may_keep_answers
from inferometer_loadgen.worker.access import OPEN, AccessFiles
from inferometer_loadgen.worker.shared_memory import new_memory

POLL_S = 0.2
SILENCE_S = 30.0
"""How long a coordinator that is alive may keep silent: a busy machine keeps it from its API for seconds."""
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class LocalRun:
    """What is run, against what; `data` are the bytes of an npz file where the plan has one."""

    plan: Plan
    replicas: tuple[ReplicaAddress, ...]
    data: bytes | None
    access: AccessFiles = OPEN
    outputs: Path | None = None
    """The folder in which answers that are kept are left."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: its report, or why it failed, or both where something was measured before it did."""

    report: Report | None
    failure: FailureReport | None
    interrupted: bool
    """Whether it was ended by Ctrl-C."""


async def run_locally(run: LocalRun, on_status: Callable[[RunStatus], None]) -> Outcome:
    """Runs to the end. Ctrl-C ends the run early, with what was measured; a second one leaves at once.

    Raises ChildError when a process of ours does not come up, CoordinatorError when the coordinator is lost.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="inferometer-")))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        token = secrets.token_hex(32)
        files = _write_files(folder, run, token)
        tls, access = AccessFiles(run.access.tls).arguments(), run.access.arguments()
        run_uid = secrets.token_hex(8)
        coordinator = await stack.enter_async_context(
            Child.start(
                "coordinator",
                command("coordinator", *files.common, *files.scoring, "--run-uid", run_uid, *_LISTEN, *tls),
            )
        )
        ports = json.loads(await coordinator.first_line())
        environment = os.environ | {"COORDINATOR": f"{LOOPBACK}:{ports['link']}"}
        bodies = new_memory()
        stack.callback(os.close, bodies)
        shared = ("--bodies-fd", str(bodies))
        workers = [
            await stack.enter_async_context(
                Child.start(
                    f"worker {index}",
                    command("worker", *files.common, *files.data, *access, *shared, "--index", str(index)),
                    environment,
                    descriptors=(bodies,),
                )
            )
            for index in range(run.plan.workers)
        ]
        client = CoordinatorClient(session, f"http://{LOOPBACK}:{ports['api']}", token.encode())
        interrupt = _Interrupt(asyncio.get_running_loop())
        children = [coordinator, *workers]
        last = await follow(client, run, run_uid, children, lambda: interrupt.came, on_status)
        report = None
        if last.report_sha256:
            report = decode(gzip.decompress(await _patiently(client.report, coordinator)))
        with suppress(CoordinatorError):  # Told or not, it ends with its standard input; the report is here.
            await client.acknowledge()
        return Outcome(report, last.failure, interrupted=interrupt.came)


class _Interrupt:
    """The first Ctrl-C is noted, the second one is Python's own."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.came = False
        self._loop = loop
        loop.add_signal_handler(signal.SIGINT, self._note)

    def _note(self) -> None:
        self.came = True
        self._loop.remove_signal_handler(signal.SIGINT)


async def follow(
    client: CoordinatorClient,
    run: LocalRun,
    run_uid: str,
    children: list[Child],
    is_interrupted: Callable[[], bool],
    on_status: Callable[[RunStatus], None],
) -> RunStatus:
    """Gives the start once all is ready, unless the run was called off; the status that it ended with.

    `children` are the coordinator and its workers.
    """
    coordinator = children[0] if children else None
    start = StartRequest(run_uid=run_uid, nonce=secrets.token_hex(16), assignment=Assignment(replicas=run.replicas))
    started = called_off = False
    while True:
        status = await _patiently(client.status, coordinator)
        on_status(status)
        if status.state in {RunState.DONE, RunState.FAILED}:
            return status
        if is_interrupted() and not called_off:
            called_off = True
            await _patiently(lambda: client.abort("interrupted from the keyboard"), coordinator)
        elif status.ready and not started and not called_off:
            started = True
            await _patiently(lambda: client.start(start), coordinator)
        if not started:
            for child in children:
                child.must_be_alive()
        await asyncio.sleep(POLL_S)


async def _patiently[Answer](ask: Callable[[], Awaitable[Answer]], coordinator: Child | None) -> Answer:
    """Asks again while no answer comes: each question may be asked twice, to no other effect.

    Raises ChildError once the coordinator has ended, SilentError when it keeps silent for too long.
    """
    clock = asyncio.get_running_loop().time
    give_up = clock() + SILENCE_S
    while True:
        try:
            return await ask()
        except SilentError:
            if coordinator is not None:
                coordinator.must_be_alive()
            if clock() > give_up:
                raise
        await asyncio.sleep(POLL_S)


@dataclass(frozen=True, slots=True)
class _Files:
    common: tuple[str, ...]
    data: tuple[str, ...]
    scoring: tuple[str, ...]
    """For a coordinator that scores answers: the data again, and where the answers go."""


_LISTEN = ("--host", LOOPBACK, "--api-port", "0", "--link-port", "0", "--until-stdin-closes")


def _write_files(folder: Path, run: LocalRun, token: str) -> _Files:
    plan_path, token_path, data_path = folder / "plan.json", folder / "token", folder / "samples.npz"
    plan_path.write_bytes(plans.encode(run.plan))
    token_path.touch(mode=0o600)
    token_path.write_text(token)
    if run.data is not None:
        data_path.write_bytes(run.data)
    data = ("--data", str(data_path)) if run.data is not None else ()
    return _Files(
        common=("--plan", str(plan_path), "--token", str(token_path)),
        data=data,
        scoring=_scoring(run, data),
    )


def _scoring(run: LocalRun, data: tuple[str, ...]) -> tuple[str, ...]:
    if not may_keep_answers(run.plan):
        return ()
    return (*data, *(() if run.outputs is None else ("--outputs", str(run.outputs))))


def command(verb: str, *arguments: str) -> tuple[str, ...]:
    """How a process of ours is started."""
    return (sys.executable, "-m", "inferometer_loadgen", verb, *arguments)


__all__ = ["ChildError", "LocalRun", "Outcome", "run_locally"]
