"""Child processes that never outlive their parent."""

import asyncio
import contextlib
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence

STOP_WITHIN_S = 3.0
STDERR_LIMIT = 4_000


class ChildError(Exception):
    """A child ended before its time; the message holds the end of what it said."""


class Child:
    """One process. Its standard input closes with its parent, its standard error is kept for the message."""

    def __init__(self, name: str, process: Process) -> None:
        self.name = name
        self._process = process
        self._errors = b""
        self._reading = asyncio.create_task(self._read_errors())

    @classmethod
    @contextlib.asynccontextmanager
    async def start(
        cls,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        descriptors: Sequence[int] = (),
    ) -> AsyncIterator["Child"]:
        """Starts a child in a session of its own (Ctrl-C reaches only the parent), and ends it with the context.

        It inherits `descriptors`, under the same numbers.
        """
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=environment,
            start_new_session=True,
            pass_fds=descriptors,
        )
        child = cls(name, process)
        try:
            yield child
        finally:
            await child.stop()

    async def first_line(self) -> str:
        """The first line of its standard output. Raises ChildError when it ends without one."""
        if self._process.stdout is None:
            raise TypeError("a child is started with pipes")
        line = await self._process.stdout.readline()
        if not line:
            await self._process.wait()
            await self._reading
            self.must_be_alive()
        return line.decode()

    def must_be_alive(self) -> None:
        """Raises ChildError when it has ended."""
        code = self._process.returncode
        if code is not None:
            said = self._errors.decode("utf-8", "replace").strip() or "nothing"
            raise ChildError(f"the {self.name} ended with code {code}; it said: {said}")

    async def stop(self) -> None:
        """Ends it: by itself within `STOP_WITHIN_S`, or by force."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_WITHIN_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        await self._reading

    async def _read_errors(self) -> None:
        if self._process.stderr is None:
            return
        while data := await self._process.stderr.read(4_096):
            self._errors = (self._errors + data)[-STDERR_LIMIT:]
