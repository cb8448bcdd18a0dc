"""The operator's client against the coordinator's real server side."""

import asyncio
import gzip
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import aiohttp
import pytest
from aiohttp import web

from inferometer_loadgen.client import Counter, DeclinedError, SilentError
from inferometer_loadgen.plan import Assignment
from inferometer_loadgen.protocol.api import API_PORT, RunState, RunStatus, StartRequest
from inferometer_loadgen.report import schema
from inferometer_operator.coordinators import Coordinators
from unit.operator_tests.builders import UID, a_report

from .rig import KEY, FakeRun, an_address, serving


def asking[T](key: bytes, ask: Callable[[Coordinators], Awaitable[T]]) -> T:
    async def session() -> T:
        async with aiohttp.ClientSession() as opened:
            return await ask(Coordinators(opened, key))

    return asyncio.run(session())


def test_a_coordinator_says_where_its_run_stands() -> None:
    run, address = FakeRun(state=RunState.READY), an_address()
    with serving(run, UID, address):
        status = asking(KEY, lambda coordinators: coordinators.at(address, UID).status())

    assert status == run.status()


def test_an_operator_whose_clock_is_behind_its_predecessors_is_answered_all_the_same() -> None:
    run, address = FakeRun(state=RunState.READY), an_address()
    an_hour_ahead = Counter()
    an_hour_ahead.rise_above(time.time_ns() + 3600 * 10**9)

    async def ahead(coordinators: Coordinators) -> RunStatus:
        return await replace(coordinators.at(address, UID), counter=an_hour_ahead).status()

    with serving(run, UID, address):
        asking(KEY, ahead)
        status = asking(KEY, lambda coordinators: coordinators.at(address, UID).status())

    assert status == run.status()


def test_who_holds_one_runs_token_can_silence_that_run_and_no_other() -> None:
    addresses = {"mallorys": an_address(), "alices": an_address()}
    as_far_as_digits_go = Counter()
    as_far_as_digits_go.rise_above(10**24 - 2)

    async def story(coordinators: Coordinators) -> list[str]:
        clients = {uid: coordinators.at(address, uid) for uid, address in addresses.items()}
        await replace(clients["mallorys"], counter=as_far_as_digits_go).status()
        refused = []
        for _ in range(2):
            with pytest.raises(SilentError) as error:
                await coordinators.at(addresses["mallorys"], "mallorys").status()
            refused.append(str(error.value))
            assert (await coordinators.at(addresses["alices"], "alices").status()).state is RunState.READY
        return refused

    with (
        serving(FakeRun(state=RunState.READY), "mallorys", addresses["mallorys"]),
        serving(FakeRun(state=RunState.READY), "alices", addresses["alices"]),
    ):
        refused = asking(KEY, story)

    assert all("more than a day ahead" in words for words in refused)


def test_how_far_one_run_has_counted_is_nothing_to_another() -> None:
    addresses = {"hasty": an_address(), "other": an_address()}
    an_hour = 3600 * 10**9
    ahead = Counter()
    ahead.rise_above(time.time_ns() + an_hour)

    async def story(coordinators: Coordinators) -> tuple[int, int]:
        await replace(coordinators.at(addresses["hasty"], "hasty"), counter=ahead).status()
        for uid, address in addresses.items():
            await coordinators.at(address, uid).status()
        now = time.time_ns()
        hasty, other = (coordinators.at(address, uid).counter.next() - now for uid, address in addresses.items())
        return hasty, other

    with (
        serving(FakeRun(state=RunState.READY), "hasty", addresses["hasty"]),
        serving(FakeRun(state=RunState.READY), "other", addresses["other"]),
    ):
        hasty, other = asking(KEY, story)

    assert hasty > an_hour / 2 > other


def test_a_counter_grows_also_where_the_clock_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    counter, times = Counter(), iter([100, 200, 50, 300])
    monkeypatch.setattr(time, "time_ns", lambda: next(times))

    assert [counter.next() for _ in range(4)] == [100, 200, 201, 300]


def test_one_start_may_be_given_twice_and_another_not() -> None:
    run, address = FakeRun(state=RunState.READY), an_address()
    start = StartRequest(run_uid=UID, nonce="one", assignment=Assignment(replicas=()))
    other = StartRequest(run_uid=UID, nonce="two", assignment=Assignment(replicas=()))
    with serving(run, UID, address):
        asking(KEY, lambda coordinators: coordinators.at(address, UID).start(start))
        asking(KEY, lambda coordinators: coordinators.at(address, UID).start(start))
        with pytest.raises(DeclinedError, match="started already") as error:
            asking(KEY, lambda coordinators: coordinators.at(address, UID).start(other))

    assert error.value.status == 409


def test_a_report_comes_as_it_will_be_stored() -> None:
    run, address = FakeRun(state=RunState.DONE, report=a_report()), an_address()
    with serving(run, UID, address):
        compressed = asking(KEY, lambda coordinators: coordinators.at(address, UID).report())
        asking(KEY, lambda coordinators: coordinators.at(address, UID).acknowledge())

    assert schema.decode(gzip.decompress(compressed)) == a_report()
    assert run.acknowledged


def test_who_does_not_hold_the_runs_token_is_not_believed() -> None:
    address = an_address()
    with serving(FakeRun(), "another run", address), pytest.raises(SilentError, match="does not hold the run's token"):
        asking(KEY, lambda coordinators: coordinators.at(address, UID).status())


def test_an_address_where_nobody_listens_is_silence() -> None:
    with pytest.raises(SilentError, match="no answer"):
        asking(KEY, lambda coordinators: coordinators.at("127.0.0.1", UID).status())


def test_an_answer_that_does_not_end_is_cut_off() -> None:
    address = an_address()

    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(100):
            await answer.write(b"x" * 1_000_000)
        return answer

    async def ask() -> None:
        application = web.Application()
        application.router.add_get("/v1/report", endless)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, address, API_PORT).start()
        try:
            async with aiohttp.ClientSession() as opened:
                await Coordinators(opened, KEY).at(address, UID).report()
        finally:
            await runner.cleanup()

    with pytest.raises(SilentError, match="longer than"):
        asyncio.run(ask())
