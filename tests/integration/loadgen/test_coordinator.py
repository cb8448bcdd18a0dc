"""The coordinator against workers that are scripted word by word: whatever they do, the run ends."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import aiohttp
import numpy as np
import pytest
from aiohttp import web
from msgspec import structs

from inferometer_loadgen.coordinator import events as ev
from inferometer_loadgen.coordinator import run as run_module
from inferometer_loadgen.coordinator.run import Run
from inferometer_loadgen.coordinator.server import Api
from inferometer_loadgen.coordinator.state import Phase
from inferometer_loadgen.plan import digest
from inferometer_loadgen.protocol import frames
from inferometer_loadgen.protocol.api import RunState
from inferometer_loadgen.report import schema
from inferometer_loadgen.report.short import in_short
from integration.loadgen.peers import PATIENCE_S, TOKEN, a_coordinator, a_plan

FINISHED = frames.Finished(rows=1, backlogged=0, cpu_ns=1, busy_ns=1, elapsed_ns=1_000_000, first_error="")


def one_answer() -> frames.Records:
    """The worker's first query, answered after a millisecond."""
    rows, sent_ns, done_ns = (np.array([value], "<i8").tobytes() for value in (0, 0, 1_000_000))
    return frames.Records(rows=rows, sent_ns=sent_ns, done_ns=done_ns, status=np.array([0], "<i1").tobytes())


def test_records_that_cannot_be_read_end_the_run() -> None:
    async def story() -> None:
        async with a_coordinator(a_plan()) as rig:
            peers = await rig.measuring_workers()

            peers[0].say(frames.Records(rows=b"odd", sent_ns=b"", done_ns=b"", status=b""))

            status = await rig.status_is(RunState.FAILED)
            assert status.failure is not None
            assert status.failure.type == "RecordsLost"

    asyncio.run(story())


def test_an_event_that_the_coordinator_cannot_digest_ends_the_run() -> None:
    async def story() -> None:
        async with a_coordinator(a_plan()) as rig:
            rig.run._events.put_nowait(ev.Left(7))

            status = await rig.status_is(RunState.FAILED)
            assert status.failure is not None
            assert status.failure.type == "CoordinatorError"

    asyncio.run(story())


def test_nobody_takes_the_place_of_a_worker_after_the_start() -> None:
    async def story() -> None:
        async with a_coordinator(a_plan()) as rig:
            peers = await rig.measuring_workers()
            peers[1].hang_up()
            await peers[0].hear_a(frames.Stop)

            newcomer, answer = await rig.peer(1, "another pod")
            newcomer.say(frames.Ready(samples=4, plan_hash=digest(rig.plan)))

            assert isinstance(answer, frames.Refused)
            assert "was started" in answer.message
            peers[0].hang_up()
            status = await rig.status_is(RunState.FAILED)
            assert status.failure is not None
            assert status.failure.type == "WorkerLost"

    asyncio.run(story())


def test_only_what_sets_the_load_off_counts_as_a_start() -> None:
    async def story() -> None:
        async with a_coordinator(a_plan()) as rig:
            await rig.ready_workers()
            before = rig.run.status().starts_accepted

            said = [rig.start(nonce) for nonce in ("n1", "n1", "n2")]

            assert said[:2] == ["", ""]
            assert "another nonce" in said[2]
            assert (before, rig.run.status().starts_accepted) == (0, 1)

    asyncio.run(story())


def test_a_second_start_would_show() -> None:
    async def story() -> None:
        async with a_coordinator(a_plan()) as rig:
            await rig.ready_workers()
            assert rig.start("n1") == ""

            # What refuses a second start has failed.
            rig.run._state.nonce, rig.run._state.phase = "", Phase.READY

            assert rig.start("n2") == ""
            assert rig.run.status().starts_accepted == 2

    asyncio.run(story())


def test_a_report_is_left_in_short_too_for_the_case_that_nobody_can_fetch_it() -> None:
    async def story() -> None:
        async with a_coordinator(a_plan()) as rig:
            peers = await rig.measuring_workers()
            rig.run.abort("enough")
            for peer in peers:
                await peer.hear_a(frames.Stop)
                peer.say(one_answer(), FINISHED)

            status = await rig.status_is(RunState.DONE)

            whole = rig.run.report_json()
            assert whole is not None
            assert rig.left == [in_short(schema.decode(whole), status.report_sha256)]

    asyncio.run(story())


def test_a_scrape_while_it_is_measured_shows_what_the_workers_have_handed_over() -> None:
    async def story() -> None:
        async with a_coordinator(a_plan()) as rig, serving(rig.run) as address, aiohttp.ClientSession() as session:
            peers = await rig.measuring_workers()
            peers[1].say(frames.Progress(sent=3, completed=1, failed=0, all_sent=False, latencies_ns=()), one_answer())

            async with asyncio.timeout(PATIENCE_S):
                page = ""
                while 'queries_sent_total{benchmark="ordinary",worker="1"} 3.0' not in page:
                    async with session.get(f"{address}/metrics") as answer:
                        page = await answer.text()

            assert 'inferometer_load_queries_completed_total{benchmark="ordinary",worker="1"} 1.0' in page
            assert 'inferometer_load_queries_in_flight{benchmark="ordinary",worker="1"} 2.0' in page
            assert 'inferometer_load_state{benchmark="ordinary",state="Running"} 1.0' in page

    asyncio.run(story())


@contextlib.asynccontextmanager
async def serving(run: Run) -> AsyncIterator[str]:
    """The run's API over HTTP: where it is."""
    runner = web.AppRunner(Api(TOKEN, run, run.metrics_page).application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def test_a_worker_whose_machine_is_gone_is_noticed() -> None:
    async def story() -> None:
        async with a_coordinator(a_plan()) as rig:
            await rig.peer(0)

            sock = rig.run.links.links[0]._writer.get_extra_info("socket")
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) > 0

    asyncio.run(story())


def test_a_closed_loop_lasts_as_long_as_its_worker_is_heard_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "phase_limit_s", lambda _, phase, __: 0.5 if phase is Phase.MEASURING else None)
    plan = a_plan(workers=1)
    plan = structs.replace(plan, stream=structs.replace(plan.stream, scenario="SingleStream"), in_flight=1)
    progress = frames.Progress(sent=1, completed=1, failed=0, all_sent=False, latencies_ns=())

    async def story() -> None:
        async with a_coordinator(plan) as rig:
            (peer,) = await rig.measuring_workers()
            for _ in range(10):
                peer.say(progress)
                await asyncio.sleep(0.1)  # In all twice as long as a phase may last that nobody is heard of.
            assert rig.run.status().state is RunState.RUNNING

            await peer.hear_a(frames.Stop)
            await rig.status_is(RunState.FAILED)

    asyncio.run(story())
