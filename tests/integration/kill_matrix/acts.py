"""What may be done to a run's operator and to its writes; each gives an outcome."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from .cell import Cell, a_cell, begun, until
from .faults import Fault, Injected, LostAnswers, Meddled, Moment, NoFault, Strike
from .outcomes import TOO_LATE, Outcome
from .stage import Stage

FAULTS: Mapping[str, Callable[[Cell], Fault]] = {
    "429 to every 2nd write": lambda _: Injected(2, 429, "TooManyRequests"),
    "429 to every 3rd write": lambda _: Injected(3, 429, "TooManyRequests"),
    "500 to every 2nd write": lambda _: Injected(2, 500, "InternalError"),
    "500 to every 3rd write": lambda _: Injected(3, 500, "InternalError"),
    "409 to every 2nd write of the status": lambda _: Injected(2, 409, "Conflict", of_status_only=True),
    "somebody changes the object before every 2nd write of its status": lambda cell: Meddled(2, cell.meddle),
    "the answer to every 2nd write to the API server is lost": lambda _: LostAnswers(
        2, lambda write: not write.is_to_the_coordinator
    ),
    "the coordinator's answer to the start is lost": lambda _: LostAnswers(1, lambda write: write.path == "/v1/start"),
    "all answers of the coordinator to writes are lost": lambda _: LostAnswers(
        1, lambda write: write.is_to_the_coordinator
    ),
}


@asynccontextmanager
async def a_run(stage: Stage, fault_of: Callable[[Cell], Fault]) -> AsyncIterator[Cell]:
    """A run that has just been created, with an operator whose turn it is."""
    async with a_cell(stage) as cell:
        await stage.operator()
        stage.gate.arm(cell.namespace, fault_of(cell))
        async with begun(cell):
            yield cell


async def undisturbed(stage: Stage) -> list[str]:
    """The writes of a run to which nothing happens."""
    async with a_run(stage, lambda _: NoFault()) as cell:
        assert await cell.judge() == []
        return [str(write) for write, _ in stage.gate.writes]


async def killed(stage: Stage, number: int, moment: Moment) -> Outcome:
    """The operator dies at a write, and the next one finishes the run."""
    began_s = time.monotonic()
    operator = await stage.operator()
    strike = Strike(number, moment, operator.process.kill)
    async with a_run(stage, lambda _: strike) as cell:
        await until(_has_struck(strike), "the kill")
        await operator.line.close()
        await stage.take_over()
        problems = await cell.judge()
    return Outcome(number, moment.value, strike.struck, tuple(problems), time.monotonic() - began_s)


async def bereft(stage: Stage, number: int, moment: Moment) -> Outcome:
    """Operator and coordinator die at the write that stores the report; the next operator finds what was left."""
    began_s = time.monotonic()
    operator = await stage.operator()
    strike = Strike(number, moment, operator.process.kill)
    async with a_run(stage, lambda _: strike) as cell:
        await until(_has_struck(strike), "the kill")
        await operator.line.close()
        await cell.lose_the_coordinator()
        cell.report_is_lost = moment is Moment.BEFORE
        await stage.take_over()
        problems = await cell.judge()
    words = f"operator and coordinator die {moment.value} `{strike.struck}`"
    return Outcome(number, "bereft", words, tuple(problems), time.monotonic() - began_s)


async def kept(stage: Stage) -> Outcome:
    """The coordinator dies while the operator asks for its report."""
    began_s = time.monotonic()
    async with a_run(stage, lambda _: NoFault()) as cell:
        cell.run.keeps_its_report = True
        await asyncio.wait_for(cell.run.asked_for_its_report.wait(), 20.0)
        await cell.lose_the_coordinator()
        cell.report_is_lost = True
        problems = await cell.judge()
    return Outcome(
        0, "fault", "the coordinator dies when it is asked for its report", tuple(problems), time.monotonic() - began_s
    )


async def too_late(stage: Stage, number: int) -> Outcome:
    """The operator stands still before a write; the next one finishes the run; then the write arrives."""
    began_s = time.monotonic()
    old = await stage.operator()
    goes_on = asyncio.Event()
    strike = Strike(number, Moment.BEFORE, old.process.pause, goes_on=goes_on)
    async with a_run(stage, lambda _: strike) as cell:
        await until(_has_struck(strike), "the pause")
        await stage.take_over()
        await cell.judge()
        status = (await cell.benchmark())["status"]
        goes_on.set()
        old.process.resume()
        await strike.answered.wait()
        await cell.leaves_nothing()
        if (await cell.benchmark())["status"] != status:
            cell.problems.append("the status of an ended run has changed")
        await old.leave()
    return Outcome(number, TOO_LATE, strike.struck, tuple(cell.problems), time.monotonic() - began_s)


async def paused(stage: Stage, number: int, moment: Moment) -> Outcome:
    """The operator stands still at a write, the next one takes over, and the old one goes on beside it in mid-run."""
    began_s = time.monotonic()
    old = await stage.operator()
    goes_on = asyncio.Event()
    strike = Strike(number, moment, old.process.pause, goes_on=goes_on)
    async with a_run(stage, lambda _: strike) as cell:
        await until(_has_struck(strike), "the pause")
        await stage.take_over()
        await until(_goes_on(cell, len(stage.gate.writes)), "the next operator writes")
        goes_on.set()
        old.process.resume()
        problems = await cell.judge()
        await old.leave()
    words = f"paused {moment.value} `{strike.struck}`, resumed beside the next operator"
    return Outcome(number, "paused", words, tuple(problems), time.monotonic() - began_s)


async def hindered(stage: Stage, words: str) -> Outcome:
    """Something happens to writes now and then."""
    began_s = time.monotonic()
    async with a_run(stage, FAULTS[words]) as cell:
        problems = await cell.judge()
        times = stage.gate.fault.injected
    if not times:
        problems = [*problems, "nothing happened"]
    return Outcome(times, "fault", f"{words} ({times} times)", tuple(problems), time.monotonic() - began_s)


async def stale(stage: Stage, delay_s: float) -> Outcome:
    """The operator hears everything late but the answers to its own calls."""
    began_s = time.monotonic()
    operator = await stage.operator()
    operator.line.watch_delay_s = delay_s
    async with a_run(stage, lambda _: NoFault()) as cell:
        problems = await cell.judge()
    operator.line.watch_delay_s = 0.0
    return Outcome(0, "fault", f"watches are {delay_s:g} s late", tuple(problems), time.monotonic() - began_s)


def _has_struck(strike: Strike) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        return strike.fired.is_set()

    return holds


def _goes_on(cell: Cell, before: int) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        return len(cell.stage.gate.writes) > before or await cell.is_finished()

    return holds
