"""One coordinator and 64 workers: what all of them hand over, in any order, becomes one report with each query once."""

import asyncio
import random

import numpy as np
import pytest
from msgspec import structs

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.protocol import frames
from inferometer_loadgen.protocol.api import RunState
from inferometer_loadgen.report import schema
from inferometer_loadgen.stream import make_stream, replica_of
from integration.loadgen.peers import Peer, a_coordinator, a_plan

WORKERS = 64
LATENCY_NS = 3_000_000


def a_plan_of_many(scenario: str) -> Plan:
    plan = a_plan(workers=WORKERS)
    stream = structs.replace(plan.stream, scenario=scenario, target_qps=2_000.0, min_queries=2_000)
    return structs.replace(plan, stream=stream, in_flight=2 * WORKERS)


def hand_over(peer: Peer, index: int, sent_ns: "np.ndarray", rng: random.Random) -> None:
    """A worker's records, a few a frame and in any order, and its last word."""
    rows = list(range(len(sent_ns)))
    rng.shuffle(rows)
    while rows:
        some, rows = rows[:7], rows[7:]
        sent = sent_ns[some].astype("<i8")
        peer.say(
            frames.Records(
                rows=np.array(some, dtype="<i8").tobytes(),
                sent_ns=sent.tobytes(),
                done_ns=(sent + LATENCY_NS + index).astype("<i8").tobytes(),
                status=bytes(len(some)),
            )
        )
    peer.say(frames.Finished(rows=len(sent_ns), backlogged=0, cpu_ns=1, busy_ns=1, elapsed_ns=2, first_error=""))


@pytest.mark.parametrize("scenario", ["Server", "Offline", "Concurrency"])
def test_the_records_of_64_workers_become_one_report(scenario: str) -> None:
    plan = a_plan_of_many(scenario)
    stream = make_stream(plan.stream)
    rng = random.Random(5)

    async def story() -> None:
        async with a_coordinator(plan) as rig:
            peers = await rig.measuring_workers()
            for index, peer in enumerate(peers):
                own = stream.scheduled_ns[index::WORKERS]
                hand_over(peer, index, own if scenario == "Server" else np.arange(len(own)) * 10**7, rng)
                await peer.writer.drain()
            await rig.status_is(RunState.DONE)

            whole = rig.run.report_json()
            assert whole is not None
            report = schema.decode(whole)
            assert report.result.queries == report.result.answered == len(stream)
            assert [worker.queries for worker in report.client.workers] == [
                len(range(index, len(stream), WORKERS)) for index in range(WORKERS)
            ]
            if scenario == "Server":
                expected = np.sort(LATENCY_NS + replica_of(np.arange(len(stream)), WORKERS))
                assert report.result.latency.p50_ns == expected[len(stream) // 2]
                assert report.result.latency.max_ns == expected[-1]

    asyncio.run(story())


def test_a_record_that_one_of_64_workers_keeps_back_ends_the_run() -> None:
    plan = a_plan_of_many("Server")
    stream = make_stream(plan.stream)

    async def story() -> None:
        async with a_coordinator(plan) as rig:
            peers = await rig.measuring_workers()
            for index, peer in enumerate(peers):
                own = stream.scheduled_ns[index::WORKERS]
                hand_over(peer, index, own[:-1] if index == 40 else own, random.Random(index))
                await peer.writer.drain()
            status = await rig.status_is(RunState.FAILED)

            assert status.failure is not None
            assert status.failure.type == "RecordsLost"
            assert "worker 40 handed over" in status.failure.message

    asyncio.run(story())
