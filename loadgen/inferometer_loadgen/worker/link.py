"""The worker's end of the link to its coordinator: blocking between phases, never blocking while it measures."""

import contextlib
import os
import socket
import time
from collections import deque

from inferometer_loadgen.protocol.frames import (
    Abort,
    Challenge,
    Frame,
    FrameError,
    FrameReader,
    FromCoordinator,
    Hello,
    Ping,
    Pong,
    Progress,
    Records,
    Refused,
    Stop,
    Welcome,
    decode_from_coordinator,
    encode_frame,
)
from inferometer_loadgen.protocol.signing import same, sign_hello, sign_welcome
from inferometer_loadgen.worker.clock_identity import boot_id, time_namespace
from inferometer_loadgen.worker.dead_peer import notice_a_dead_peer
from inferometer_loadgen.worker.loop import Signal

CONNECT_PATIENCE_S = 60.0
SIGN_IN_PATIENCE_S = 20.0
"""For each word of the sign-in: whatever listens there and says nothing is no coordinator."""
MAX_UNSENT_BYTES = 1_000_000
"""Progress that would wait behind this much is dropped: it is for display."""


class LinkLostError(Exception):
    """The coordinator is gone, does not let this worker in, or speaks another language."""


class AbortedError(Exception):
    """The coordinator called the run off; the message is its reason."""


class CoordinatorLink:
    """A signed-in connection to the coordinator. Pings are answered wherever frames are read."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._reader = FrameReader()
        self._inbox: deque[FromCoordinator] = deque()
        self._unsent = bytearray()

    def fileno(self) -> int:
        """For an epoll set."""
        return self._sock.fileno()

    def send(self, frame: Frame) -> None:
        """Sends a frame, waiting as long as it takes. Raises LinkLostError."""
        self._sock.setblocking(True)
        self._unsent += encode_frame(frame)
        try:
            self._sock.sendall(self._unsent)
        except OSError as error:
            raise LinkLostError(f"the coordinator is gone: {error}") from error
        self._unsent.clear()

    def wait(self, within_s: float | None = None) -> FromCoordinator:
        """The next frame that is not a ping. Raises LinkLostError, and AbortedError for an abort."""
        while not self._inbox:
            self._sock.settimeout(within_s)  # Each time: the answer to a ping leaves it otherwise.
            self._read()
        frame = self._inbox.popleft()
        if isinstance(frame, Abort):
            raise AbortedError(frame.reason)
        # A Stop that came when all was sent already has nothing left to stop.
        return self.wait(within_s) if isinstance(frame, Stop) else frame

    def take(self) -> Signal:
        """Reads what has come without waiting; after ABORT, `wait` raises the reason."""
        self._sock.setblocking(False)
        try:
            self._read()
        except BlockingIOError:
            pass  # What came together with an earlier frame may still wait in the inbox.
        except LinkLostError:
            return Signal.ABORT
        if any(isinstance(frame, Abort) for frame in self._inbox):
            return Signal.ABORT
        stop = next((frame for frame in self._inbox if isinstance(frame, Stop)), None)
        if stop is None:
            return Signal.GO_ON
        self._inbox.remove(stop)
        return Signal.STOP

    def report(self, progress: Progress, records: Records | None) -> None:
        """Sends both without waiting; what the socket does not take now goes with the next ones."""
        if len(self._unsent) < MAX_UNSENT_BYTES:
            self._unsent += encode_frame(progress)
        if records is not None:
            self._unsent += encode_frame(records)
        self._flush()

    def close(self) -> None:
        """Hangs up."""
        self._sock.close()

    def _flush(self) -> None:
        self._sock.setblocking(False)
        with contextlib.suppress(OSError):  # A link that is gone shows when it is read.
            del self._unsent[: self._sock.send(self._unsent)]

    def _read(self) -> None:
        try:
            data = self._sock.recv(262_144)
        except BlockingIOError:
            raise
        except OSError as error:
            raise LinkLostError(f"the coordinator is gone: {error}") from error
        if not data:
            raise LinkLostError("the coordinator hung up")
        now_ns = time.monotonic_ns()
        try:
            frames = [decode_from_coordinator(body) for body in self._reader.receive(data)]
        except FrameError as error:
            raise LinkLostError(f"the coordinator sent what is no frame: {error}") from error
        for frame in frames:
            if isinstance(frame, Ping):
                self._unsent += encode_frame(Pong(sequence=frame.sequence, worker_ns=now_ns))
                self._flush()
            else:
                self._inbox.append(frame)


def dial(address: str, token: bytes, index: int, pod_uid: str) -> CoordinatorLink:
    """Connects to the coordinator at host:port and signs in, both sides proving the token. Raises LinkLostError."""
    link = CoordinatorLink(_connect(address))
    try:
        _sign_in(link, address, token, index, pod_uid)
    except (LinkLostError, AbortedError):
        link.close()
        raise
    return link


def _sign_in(link: CoordinatorLink, address: str, token: bytes, index: int, pod_uid: str) -> None:
    challenge = link.wait(SIGN_IN_PATIENCE_S)
    if not isinstance(challenge, Challenge):
        raise LinkLostError("the coordinator did not ask who this is")
    own_challenge = os.urandom(32)
    link.send(
        Hello(
            index=index,
            pod_uid=pod_uid,
            boot_id=boot_id(),
            time_namespace=time_namespace(),
            challenge=own_challenge,
            signature=sign_hello(token, challenge.challenge, index, pod_uid),
        )
    )
    answer = link.wait(SIGN_IN_PATIENCE_S)
    if isinstance(answer, Refused):
        raise LinkLostError(f"the coordinator does not let worker {index} in: {answer.message}")
    if not isinstance(answer, Welcome) or not same(answer.signature, sign_welcome(token, own_challenge)):
        raise LinkLostError(f"what answers at {address} does not hold this run's token")


def _connect(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    give_up = time.monotonic() + CONNECT_PATIENCE_S
    while True:
        try:
            sock = socket.create_connection((host.strip("[]"), int(port)), timeout=5)
        except OSError as error:
            if time.monotonic() > give_up:
                raise LinkLostError(
                    f"no coordinator at {address} within {CONNECT_PATIENCE_S:.0f} s: {error}"
                ) from error
            time.sleep(0.2)
        else:
            sock.settimeout(None)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            notice_a_dead_peer(sock)
            return sock
