"""Asks a coordinator, and believes only answers that are signed with the run's token."""

import gzip
import time
from dataclasses import dataclass

import aiohttp
import msgspec

from inferometer_loadgen.protocol.api import Refusal, RunStatus, StartRequest
from inferometer_loadgen.protocol.signing import COUNTER_HEADER, SIGNATURE_HEADER, same, sign_answer, sign_request
from inferometer_loadgen.report import schema

TIMEOUT_S = 3.0
MAX_REPORT_BYTES = 64 * 1024 * 1024


class CoordinatorError(Exception):
    """The coordinator could not be asked.

    CoordinatorError
    ├── UnreachableError     no answer came
    ├── NotAuthenticError    what answered does not hold the token
    └── RefusedError         the coordinator said no, and why
    """


class UnreachableError(CoordinatorError):
    """No answer came."""


class NotAuthenticError(CoordinatorError):
    """What answered does not hold the token."""


class RefusedError(CoordinatorError):
    """The coordinator said no."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"the coordinator answered {status}: {message}")
        self.status = status


@dataclass(frozen=True, slots=True)
class CoordinatorClient:
    """One coordinator at `base_url`, for example http://198.18.11.7:9180. Each call may raise CoordinatorError."""

    session: aiohttp.ClientSession
    base_url: str
    token: bytes

    async def status(self) -> RunStatus:
        """Where the run stands."""
        return msgspec.json.decode(await self._ask("GET", "/v1/status"), type=RunStatus)

    async def start(self, request: StartRequest) -> None:
        """Gives the start; the same nonce may be given again."""
        await self._ask("POST", "/v1/start", msgspec.json.encode(request))

    async def abort(self, reason: str) -> None:
        """Calls the run off."""
        await self._ask("POST", "/v1/abort", reason.encode())

    async def report_gzip(self) -> bytes:
        """The report's JSON, compressed. Raises RefusedError with status 404 before there is one."""
        return await self._ask("GET", "/v1/report")

    async def report(self) -> schema.Report:
        """The report."""
        return schema.decode(gzip.decompress(await self.report_gzip()))

    async def acknowledge(self) -> None:
        """Tells the coordinator that its report is stored and that it may leave."""
        await self._ask("POST", "/v1/ack")

    async def _ask(self, method: str, path: str, body: bytes = b"") -> bytes:
        counter = time.time_ns()
        headers = {
            COUNTER_HEADER: str(counter),
            SIGNATURE_HEADER: sign_request(self.token, method, path, counter, body),
        }
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with self.session.request(
                method, self.base_url + path, data=body, headers=headers, timeout=timeout
            ) as answer:
                content = await answer.content.read(MAX_REPORT_BYTES)
                signature = answer.headers.get(SIGNATURE_HEADER, "")
        except (aiohttp.ClientError, TimeoutError) as error:
            raise UnreachableError(f"the coordinator at {self.base_url} is silent: {error or 'timed out'}") from error
        if answer.status != 401 and not same(signature, sign_answer(self.token, path, counter, answer.status, content)):
            raise NotAuthenticError(f"what answers at {self.base_url} does not hold this run's token")
        if answer.status != 200:
            raise RefusedError(answer.status, _message(content))
        return content


def _message(content: bytes) -> str:
    try:
        return msgspec.json.decode(content, type=Refusal).message
    except msgspec.DecodeError:
        return content[:200].decode("utf-8", "replace")
