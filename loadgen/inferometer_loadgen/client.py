"""Asks a coordinator over HTTP, and believes only answers that are signed with the run's token.

Both that start runs use it: the operator for pods, `local` for processes of its own.
"""

import time
from dataclasses import dataclass, field

import aiohttp
import msgspec

from inferometer_loadgen.protocol.api import REPLAYED, Refusal, RunStatus, StartRequest
from inferometer_loadgen.protocol.signing import (
    COUNTER_HEADER,
    SIGNATURE_HEADER,
    same,
    sign_answer,
    sign_request,
)

TIMEOUT_S = 3.0
REPORT_TIMEOUT_S = 30.0
MAX_ANSWER_BYTES = 16 * 1024 * 1024
FURTHEST_AHEAD_NS = 24 * 3600 * 10**9
"""By how much another operator's clock may be ahead of ours."""


class CoordinatorError(Exception):
    """A coordinator could not be asked.

    CoordinatorError
    ├── SilentError          no answer came, or not from who holds the run's token
    └── DeclinedError        the coordinator said no, and why
    """


class SilentError(CoordinatorError):
    """No answer came that can be believed."""


class DeclinedError(CoordinatorError):
    """The coordinator said no."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"the coordinator answered {status}: {message}")
        self.status = status


@dataclass(slots=True)
class Counter:
    """Numbers that grow, also where the clock is set back. Not across processes: there a coordinator helps out."""

    _last: int = 0

    def next(self) -> int:
        """Greater than all before."""
        self._last = max(time.time_ns(), self._last + 1)
        return self._last

    def rise_above(self, seen: int) -> None:
        """Somebody has counted further: another operator, whose clock was ahead."""
        self._last = max(self._last, seen)


@dataclass(frozen=True, slots=True)
class CoordinatorClient:
    """The coordinator at `url`, for example http://198.18.11.7:9180. Each call may raise CoordinatorError."""

    session: aiohttp.ClientSession
    url: str
    token: bytes
    counter: Counter = field(default_factory=Counter)

    async def status(self) -> RunStatus:
        """Where the run stands."""
        content = await self._ask("GET", "/v1/status")
        try:
            return msgspec.json.decode(content, type=RunStatus)
        except msgspec.DecodeError as error:
            raise SilentError(f"its answer can't be read: {error}") from error

    async def start(self, request: StartRequest) -> None:
        """Gives the start; the same nonce may be given again."""
        await self._ask("POST", "/v1/start", msgspec.json.encode(request))

    async def abort(self, reason: str) -> None:
        """Calls the run off; what was measured is reported."""
        await self._ask("POST", "/v1/abort", reason.encode())

    async def report(self) -> bytes:
        """The report's JSON, compressed."""
        return await self._ask("GET", "/v1/report", timeout_s=REPORT_TIMEOUT_S)

    async def acknowledge(self) -> None:
        """Tells the coordinator that its report is stored and that it may leave."""
        await self._ask("POST", "/v1/ack")

    async def _ask(self, method: str, path: str, body: bytes = b"", timeout_s: float = TIMEOUT_S) -> bytes:
        status, content = await self._once(method, path, body, timeout_s)
        if status == REPLAYED:
            # Another operator's clock was ahead of ours; or the HTTP library has repeated a GET by itself where a kept
            # connection broke, with the counter it had.
            seen = _refusal(content).last_counter or 0
            if seen > time.time_ns() + FURTHEST_AHEAD_NS:
                # Whoever holds the token can say so, and only so many digits fit: following would silence us for good.
                raise SilentError("no answer: it says that requests were counted to more than a day ahead of our clock")
            self.counter.rise_above(seen)
            status, content = await self._once(method, path, body, timeout_s)
        if status == REPLAYED:
            raise SilentError(f"no answer: {_refusal(content).message}")
        if status != 200:
            raise DeclinedError(status, _refusal(content).message)
        return content

    async def _once(self, method: str, path: str, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        counter = self.counter.next()
        try:
            async with self.session.request(
                method,
                self.url + path,
                data=body or None,
                headers={
                    COUNTER_HEADER: str(counter),
                    SIGNATURE_HEADER: sign_request(self.token, method, path, counter, body),
                },
                timeout=aiohttp.ClientTimeout(total=timeout_s),
                allow_redirects=False,
            ) as answer:
                content = await _limited(answer)
                signature = answer.headers.get(SIGNATURE_HEADER, "")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SilentError(f"no answer: {error or 'timed out'}") from error
        if not same(signature, sign_answer(self.token, path, counter, answer.status, content)):
            raise SilentError(f"what answers at {self.url} does not hold the run's token")
        return answer.status, content


async def _limited(answer: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in answer.content.iter_chunked(65536):
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            raise SilentError(f"its answer is longer than {MAX_ANSWER_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)


def _refusal(content: bytes) -> Refusal:
    try:
        return msgspec.json.decode(content, type=Refusal)
    except msgspec.DecodeError:
        return Refusal(message=content[:200].decode("utf-8", "replace"))
