"""What is done to the writes of an operator on their way.

Each fault sees every write of a cell and decides what becomes of it. `forward` is the write itself; `DroppedError`
means that the operator hears nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from aiohttp import web

from .writes import Write

Forward = Callable[[], Awaitable[web.StreamResponse]]


class DroppedError(Exception):
    """The connection is cut: no answer reaches the operator."""


class Moment(StrEnum):
    """When the operator dies."""

    BEFORE = "before"
    """Before the write is forwarded: it never happened."""
    AFTER = "after"
    """After it was answered, and before the operator hears the answer."""


class Fault(Protocol):
    """What becomes of write `number`, counted from 1."""

    injected: int
    """How often it did something."""

    async def meet(self, number: int, write: Write, forward: Forward) -> web.StreamResponse:
        """The answer that the operator gets."""


class NoFault:
    """Everything goes through."""

    injected = 0

    async def meet(self, _number: int, _write: Write, forward: Forward) -> web.StreamResponse:
        return await forward()


@dataclass
class Strike:
    """At one write something happens to the operator (`act`): it is killed, or paused until `goes_on`.

    The write of an operator that was paused before it is forwarded once it goes on: late, and from before what the
    next operator has done.
    """

    at: int
    moment: Moment
    act: Callable[[], None]
    fired: asyncio.Event = field(default_factory=asyncio.Event)
    struck: str = ""
    injected: int = 0
    goes_on: asyncio.Event | None = None
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the write has been carried out, however late."""

    async def meet(self, number: int, write: Write, forward: Forward) -> web.StreamResponse:
        if number != self.at:
            return await forward()
        self.struck = str(write)
        answer = await forward() if self.moment is Moment.AFTER else None
        self.act()
        self.fired.set()
        if self.goes_on is not None:
            await self.goes_on.wait()
            answer = answer or await forward()
            self.answered.set()
            return answer
        if answer is None:
            raise DroppedError
        return answer


@dataclass
class Injected:
    """Every n-th write to the API server is answered by the proxy; nothing is forwarded."""

    every: int
    status: int
    reason: str
    of_status_only: bool = False
    seen: int = 0
    injected: int = 0

    async def meet(self, _number: int, write: Write, forward: Forward) -> web.StreamResponse:
        if write.is_to_the_coordinator or (self.of_status_only and not write.is_a_status):
            return await forward()
        self.seen += 1
        if self.seen % self.every:
            return await forward()
        self.injected += 1
        return web.json_response(_status_object(self.status, self.reason), status=self.status)


@dataclass
class LostAnswers:
    """Of the writes that `concerns` picks, every n-th is carried out, and then its connection is cut."""

    every: int
    concerns: Callable[[Write], bool]
    seen: int = 0
    injected: int = 0

    async def meet(self, _number: int, write: Write, forward: Forward) -> web.StreamResponse:
        answer = await forward()
        if not self.concerns(write):
            return answer
        self.seen += 1
        if self.seen % self.every:
            return answer
        self.injected += 1
        raise DroppedError


@dataclass
class Meddled:
    """Before every n-th write of a status somebody else changes the object, so that the write meets a conflict."""

    every: int
    meddle: Callable[[], Awaitable[None]]
    seen: int = 0
    injected: int = 0

    async def meet(self, _number: int, write: Write, forward: Forward) -> web.StreamResponse:
        if write.is_a_status:
            self.seen += 1
            if self.seen % self.every == 0:
                self.injected += 1
                await self.meddle()
        return await forward()


def _status_object(code: int, reason: str) -> dict[str, Any]:
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": f"the proxy of the tests answers {code}",
    }
