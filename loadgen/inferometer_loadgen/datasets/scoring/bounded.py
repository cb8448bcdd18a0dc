"""A program that is run for what it prints: for so long at most, and no more than so much of it."""

import ctypes
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import IO, NoReturn

LAST_WORDS_BYTES = 2048
CHUNK_BYTES = 65536
LISTENED_FOR_S = 1.0
"""After its end, to what it has said before."""
_LOOK_MS = 100
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


class CommandError(Exception):
    """The program gave nothing that can be used; the message says why, with its last words."""


def run_bounded(
    command: tuple[str, ...], timeout_s: float, max_bytes: int, stop: threading.Event | None = None
) -> bytes:
    """What the program printed on standard output. Raises CommandError where it failed, or ran over a bound, or
    `stop` was set.

    It and all it started in its process group are killed at a bound, and once it has ended. What has left the group
    goes on, and is not listened to. If this process is killed, so is the program, but not what it has started.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            process_group=0,
            preexec_fn=_die_with_the_parent,
        )
    except (OSError, ValueError) as error:  # ValueError: a NUL character, which no argument can hold
        raise CommandError(f"can't be started: {command[0]}: {getattr(error, 'strerror', error)}") from error
    with process:
        return _Bounded(process, max_bytes, stop or threading.Event()).run(timeout_s)


class _Bounded:
    """A process and what it has said so far."""

    def __init__(self, process: "subprocess.Popen[bytes]", max_bytes: int, stop: threading.Event) -> None:
        self._process = process
        self._stop = stop
        self._max_bytes = max_bytes
        self._printed = bytearray()
        self._words = bytearray()
        self._ended = threading.Event()
        self._until_s = 0.0

    def run(self, timeout_s: float) -> bytes:
        readers = [
            threading.Thread(target=target, args=(stream,), daemon=True)
            for target, stream in ((self._keep, self._process.stdout), (self._keep_last, self._process.stderr))
        ]
        for reader in readers:
            reader.start()
        try:
            code = self._wait(timeout_s)
        finally:
            self._kill()
            self._until_s = time.monotonic() + LISTENED_FOR_S
            self._ended.set()
            for reader in readers:
                reader.join()
        if len(self._printed) > self._max_bytes:
            self._ended_badly(f"printed more than {self._max_bytes:,} bytes")
        if code is None and self._stop.is_set():
            self._ended_badly("was stopped, since the run was called off")
        if code is None:
            self._ended_badly(f"took longer than {timeout_s:g} s, its timeout")
        if code:
            self._ended_badly(f"was killed by signal {-code}" if code < 0 else f"ended with {code}")
        return bytes(self._printed)

    def _wait(self, timeout_s: float) -> int | None:
        """Its exit code; None where it has to be ended."""
        until_s = time.monotonic() + timeout_s
        while not self._stop.is_set() and (left_s := until_s - time.monotonic()) > 0:
            try:
                return self._process.wait(min(left_s, _LOOK_MS / 1_000))
            except subprocess.TimeoutExpired:
                continue
        return None

    def _keep(self, stream: IO[bytes]) -> None:
        for chunk in self._said(stream):
            self._printed += chunk
            if len(self._printed) > self._max_bytes:
                self._kill()
                return

    def _keep_last(self, stream: IO[bytes]) -> None:
        for chunk in self._said(stream):
            self._words += chunk
            del self._words[:-LAST_WORDS_BYTES]

    def _said(self, stream: IO[bytes]) -> Iterator[bytes]:
        """Up to the end of the stream, which a process that has left the group may hold open for ever."""
        looking = select.poll()
        looking.register(stream, select.POLLIN)
        while True:
            is_over = self._ended.is_set()
            if not looking.poll(_LOOK_MS):
                if is_over:
                    return
            elif chunk := os.read(stream.fileno(), CHUNK_BYTES):
                yield chunk
            else:
                return
            if is_over and time.monotonic() > self._until_s:
                return

    def _kill(self) -> None:
        """Its whole group: what it has started holds the pipes open."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def _ended_badly(self, how: str) -> NoReturn:
        words = self._words.decode(errors="replace").strip()
        raise CommandError(f"{how}; its last words: {words}" if words else how)


def _die_with_the_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
