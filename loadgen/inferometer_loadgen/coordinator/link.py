"""The coordinator's end of the links to its workers."""

import asyncio
import os
import time
from collections.abc import Callable

from inferometer_loadgen.coordinator.clocks import SAME_CLOCK, ClockFit, Ping, fit_clock
from inferometer_loadgen.coordinator.events import Event, Joined, Left, Said
from inferometer_loadgen.protocol import frames
from inferometer_loadgen.protocol.signing import same, sign_hello, sign_welcome
from inferometer_loadgen.worker.clock_identity import boot_id, time_namespace
from inferometer_loadgen.worker.dead_peer import notice_a_dead_peer

HELLO_TIMEOUT_S = 5.0
PONG_WITHIN_S = 1.0
MAX_HELLO_BYTES = 4_096
"""Before a peer has proved that it holds the token, it is not worth more memory."""


class WorkerLink:
    """One signed-in worker: its frames out, its clock."""

    def __init__(self, writer: asyncio.StreamWriter, hello: frames.Hello) -> None:
        self._writer = writer
        self.pod_uid = hello.pod_uid
        self.same_clock = (hello.boot_id, hello.time_namespace) == (boot_id(), time_namespace())
        self._pings: list[Ping] = []
        self._sent_ns: dict[int, int] = {}
        self._answered = asyncio.Event()

    def send(self, frame: frames.Frame) -> None:
        """Queues a frame; a link that is gone shows when it is read."""
        if not self._writer.is_closing():
            self._writer.write(frames.encode_frame(frame))

    async def ping(self, times: int) -> None:
        """So many round trips, one after another; none on one clock, whose offset is known.

        A worker that leaves one unanswered is not asked again: 64 silences would hold up whoever waits for the end.
        """
        if self.same_clock:
            return
        for _ in range(times):
            sequence = len(self._sent_ns)
            self._answered.clear()
            self._sent_ns[sequence] = time.monotonic_ns()
            self.send(frames.Ping(sequence=sequence))
            try:
                await asyncio.wait_for(self._answered.wait(), timeout=PONG_WITHIN_S)
            except TimeoutError:
                return

    def answered(self, pong: frames.Pong, now_ns: int) -> None:
        """Takes a pong."""
        sent_ns = self._sent_ns.get(pong.sequence)
        if sent_ns is not None:
            self._pings.append(Ping(sent_ns, pong.worker_ns, now_ns))
            self._answered.set()

    @property
    def knows_its_clock(self) -> bool:
        """Whether there is anything to say of its clock."""
        return self.same_clock or bool(self._pings)

    def clock(self) -> ClockFit:
        """The worker's clock as known by now. Raises ValueError before the first pong of another clock."""
        return SAME_CLOCK if self.same_clock else fit_clock(self._pings)


class LinkServer:
    """Lets workers in that prove the run's token, and turns what they say into events."""

    def __init__(self, token: bytes, workers: int, emit: Callable[[Event], None]) -> None:
        self._token = token
        self._workers = workers
        self._emit = emit
        self.links: dict[int, WorkerLink] = {}
        self._departed: dict[int, WorkerLink] = {}
        self._is_open = True

    def let_nobody_in(self) -> None:
        """From the start on, nobody takes the place of a worker: its queries would be sent twice."""
        self._is_open = False

    def send_all(self, frame: frames.Frame) -> None:
        """Sends a frame to every worker that is there."""
        for link in self.links.values():
            link.send(frame)

    def clock_of(self, index: int) -> ClockFit | None:
        """A worker's clock, also of one that has left; None where nothing is known of it."""
        link = self.links.get(index) or self._departed.get(index)
        return link.clock() if link is not None and link.knows_its_clock else None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its first byte to its last."""
        index: int | None = None
        notice_a_dead_peer(writer.get_extra_info("socket"))
        try:
            index = await self._let_in(reader, writer)
            if index is not None:
                await self._listen(index, self.links[index], reader)
        except (frames.FrameError, OSError, TimeoutError, asyncio.IncompleteReadError):
            pass  # What the peer did wrong shows as `Left` below, or it was never in.
        finally:
            if index is not None:
                self._departed[index] = self.links.pop(index)
                self._emit(Left(index))
            writer.close()

    async def _let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int | None:
        challenge = os.urandom(32)
        writer.write(frames.encode_frame(frames.Challenge(challenge=challenge)))
        body = await asyncio.wait_for(_read_body(reader, MAX_HELLO_BYTES), HELLO_TIMEOUT_S)
        hello = frames.decode_from_worker(body)
        refusal = self._refuse(hello, challenge)
        if refusal or not isinstance(hello, frames.Hello):
            writer.write(frames.encode_frame(frames.Refused(message=refusal)))
            await writer.drain()
            return None
        link = WorkerLink(writer, hello)
        self.links[hello.index] = link
        link.send(frames.Welcome(signature=sign_welcome(self._token, hello.challenge)))
        self._emit(Joined(hello.index, hello.pod_uid))
        return hello.index

    def _refuse(self, hello: frames.FromWorker, challenge: bytes) -> str:
        if not isinstance(hello, frames.Hello):
            return "a worker says hello first"
        expected = sign_hello(self._token, challenge, hello.index, hello.pod_uid)
        if not same(hello.signature, expected):
            return "the signature is not of this run's token"
        if not 0 <= hello.index < self._workers:
            return f"the plan has workers 0 to {self._workers - 1}"
        if not self._is_open:
            return "the run was started, and its workers are fixed since"
        if hello.index in self.links:
            return f"worker {hello.index} is here already, as pod {self.links[hello.index].pod_uid or 'without a uid'}"
        return ""

    async def _listen(self, index: int, link: WorkerLink, reader: asyncio.StreamReader) -> None:
        while True:
            try:
                body = await _read_body(reader, frames.MAX_FRAME_BYTES)
            except asyncio.IncompleteReadError:
                return
            now_ns = time.monotonic_ns()
            frame = frames.decode_from_worker(body)
            if isinstance(frame, frames.Pong):
                link.answered(frame, now_ns)
            else:
                self._emit(Said(index, frame))


async def _read_body(reader: asyncio.StreamReader, max_bytes: int) -> bytes:
    length = int.from_bytes(await reader.readexactly(4), "big")
    if length > max_bytes:
        raise frames.FrameError(f"a frame of {length:,} bytes is longer than {max_bytes:,}")
    return await reader.readexactly(length)
