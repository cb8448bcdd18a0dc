"""One child process that is ready when it answers, and is stopped by its own id within a bound.

`start` ends in one of three ways, as values: Healthy, Exited (with the end of its log) or TimedOut. A child dies with
the thread that started it (the kernel sees to that), so a killed test run leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inferometer_dev.commands import tail
from inferometer_dev.errors import StepFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

POLL_S = 0.05
_TAIL_BYTES = 8192


@dataclass(frozen=True, slots=True)
class Healthy:
    """It runs and answers."""

    after_s: float


@dataclass(frozen=True, slots=True)
class Exited:
    """It ended by itself before it answered."""

    code: int
    log_tail: str


@dataclass(frozen=True, slots=True)
class TimedOut:
    """It ran without answering, and was stopped."""

    after_s: float
    log_tail: str


Started = Healthy | Exited | TimedOut


class Process:
    """One child; `healthy` is asked until it says yes."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str | Path],
        healthy: Callable[[], bool],
        log: Path,
        *,
        env: Mapping[str, str] | None = None,
        start_within_s: float = 60.0,
        stop_within_s: float = 10.0,
        wrapped: bool = False,
    ) -> None:
        """`wrapped`: argv is an `unshare --fork`, which blocks SIGTERM: the stop signal goes to its child."""
        self.name = name
        self.log = log
        self._argv = ["setpriv", "--pdeathsig", "SIGKILL", *(str(part) for part in argv)]
        self._healthy = healthy
        self._env = {**os.environ, **(env or {})}
        self._start_within_s = start_within_s
        self._stop_within_s = stop_within_s
        self._wrapped = wrapped
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The child's id; only between start and stop."""
        if self._child is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._child is not None and self._child.poll() is None

    def start(self) -> Started:
        """Starts it and waits for one of the three ends of a start."""
        started_s = time.monotonic()
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                self._argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._env, start_new_session=True
            )
        while True:
            elapsed_s = time.monotonic() - started_s
            code = self._child.poll()
            if code is not None:
                return Exited(code, self.log_tail())
            if self._healthy():
                return Healthy(elapsed_s)
            if elapsed_s > self._start_within_s:
                self.stop()
                return TimedOut(elapsed_s, self.log_tail())
            time.sleep(POLL_S)

    def start_or_raise(self, hint: str) -> None:
        """As `start`, for callers to whom only Healthy is of use."""
        match self.start():
            case Exited(code, log_tail):
                raise StepFailed(f"start {self.name} (exit code {code})", log_tail, hint)
            case TimedOut(after_s, log_tail):
                raise StepFailed(f"start {self.name} (no answer in {after_s:.0f} s)", log_tail, hint)
            case Healthy():
                pass

    def stop(self) -> None:
        """SIGTERM, then SIGKILL when it takes longer than `stop_within_s`. Stopping twice is fine."""
        child = self._child
        if child is None or child.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            for pid in (children_of(child.pid) if self._wrapped else ()) or (child.pid,):
                os.kill(pid, signal.SIGTERM)
        try:
            child.wait(self._stop_within_s)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def log_tail(self) -> str:
        """The end of what it wrote to stdout and stderr."""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - _TAIL_BYTES))
            return tail(log.read().decode(errors="replace"))


def children_of(pid: int) -> tuple[int, ...]:
    """The ids of a process's children; none when it has ended."""
    try:
        return tuple(int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    except (FileNotFoundError, ProcessLookupError):
        return ()


def answers(url: str) -> bool:
    """Whether an HTTP GET is answered with 200, over no proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def free_port() -> int:
    """A port that was free on loopback a moment ago; it may be taken by another before its user binds it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
