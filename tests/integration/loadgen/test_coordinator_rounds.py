"""The coordinator in a run of several rounds, against workers that are scripted word by word."""

import asyncio

import numpy as np
from msgspec import structs

from inferometer_loadgen.plan import RepeatPlan
from inferometer_loadgen.protocol import frames
from inferometer_loadgen.protocol.api import RunState
from inferometer_loadgen.report import schema
from inferometer_loadgen.stream import make_stream
from integration.loadgen.peers import Peer, Rig, a_coordinator, a_plan
from integration.loadgen.test_coordinator import FINISHED, one_answer

PLAN = structs.replace(a_plan(), repeat=RepeatPlan(count=3, cooldown_ns=1_000_000))
STREAM = make_stream(PLAN.stream)


def all_answers(index: int, round_number: int) -> list[frames.Frame]:
    """Everything that a worker has to send of one round, answered after a millisecond."""
    sent = STREAM.scheduled_ns[index :: PLAN.workers].astype("<i8")
    records = frames.Records(
        round_number=round_number,
        rows=np.arange(len(sent), dtype="<i8").tobytes(),
        sent_ns=sent.tobytes(),
        done_ns=(sent + 1_000_000).astype("<i8").tobytes(),
        status=bytes(len(sent)),
    )
    return [records, structs.replace(FINISHED, rows=len(sent))]


async def next_round(peers: list[Peer], number: int) -> None:
    """Up to the order to measure."""
    for peer in peers:
        draw = await peer.hear_a(frames.Draw)
        assert (draw.round_number, draw.stream) == (number, PLAN.stream)
        peer.say(frames.Drawn(round_number=number))
    for peer in peers:
        await peer.hear_a(frames.WarmUp)
        peer.say(frames.Warmed(answered=0, failed=0, first_error=""))
    for peer in peers:
        await peer.hear_a(frames.Measure)


async def in_the_second_round(rig: Rig) -> list[Peer]:
    peers = await rig.measuring_workers()
    for index, peer in enumerate(peers):
        peer.say(*all_answers(index, 0))
    await next_round(peers, 1)
    return peers


def report_of(rig: Rig) -> schema.Report:
    whole = rig.run.report_json()
    assert whole is not None
    return schema.decode(whole)


def test_all_rounds_go_by_with_one_start_and_progress_counts_all_of_them() -> None:
    async def story() -> None:
        async with a_coordinator(PLAN) as rig:
            peers = await in_the_second_round(rig)
            status = rig.run.status()
            assert status.progress.step == "measuring, round 2 of 3"
            assert status.progress.planned == 3 * len(STREAM)
            assert status.progress.completed == len(STREAM)
            assert status.progress.percent == 33
            for index, peer in enumerate(peers):
                peer.say(*all_answers(index, 1))
            await next_round(peers, 2)
            for index, peer in enumerate(peers):
                peer.say(*all_answers(index, 2))
            status = await rig.status_is(RunState.DONE)

            assert status.starts_accepted == 1
            assert [one.result.answered for one in report_of(rig).rounds] == [len(STREAM)] * 3

    asyncio.run(story())


def test_a_worker_that_is_lost_in_the_second_round_leaves_the_first_one_whole() -> None:
    async def story() -> None:
        async with a_coordinator(PLAN) as rig:
            peers = await in_the_second_round(rig)
            peers[1].hang_up()
            await peers[0].hear_a(frames.Stop)
            peers[0].say(structs.replace(one_answer(), round_number=1), FINISHED)
            status = await rig.status_is(RunState.FAILED)

            assert status.failure is not None
            assert status.failure.type == "WorkerLost"
            report = report_of(rig)
            assert [one.result.queries for one in report.rounds] == [len(STREAM), 1]
            assert report.result.queries == len(STREAM)
            assert report.verdict != "Valid"
            assert any("WorkerLost" in reason.message for reason in report.reasons)

    asyncio.run(story())


def test_a_run_that_is_called_off_before_the_second_rounds_first_answer_reports_the_first_round() -> None:
    async def story() -> None:
        async with a_coordinator(PLAN) as rig:
            peers = await in_the_second_round(rig)
            rig.run.abort("enough")
            for peer in peers:
                await peer.hear_a(frames.Stop)
                peer.say(structs.replace(FINISHED, rows=0))
            await rig.status_is(RunState.DONE)

            report = report_of(rig)
            assert [one.result.queries for one in report.rounds] == [len(STREAM)]
            assert "enough after 1 of 3 rounds" in report.reasons[-1].message

    asyncio.run(story())


def test_records_of_another_round_are_refused() -> None:
    async def story() -> None:
        async with a_coordinator(PLAN) as rig:
            peers = await in_the_second_round(rig)
            peers[0].say(one_answer())
            status = await rig.status_is(RunState.FAILED)

            assert status.failure is not None
            assert status.failure.type == "RecordsLost"
            assert "records of round 1 in another one" in status.failure.message

    asyncio.run(story())
