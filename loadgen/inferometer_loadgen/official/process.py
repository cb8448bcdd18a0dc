"""Starts LoadGen's process, answers its questions, and brings its logs home."""

import contextlib
import fcntl
import importlib.util
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from inferometer_loadgen.official.feed import Feed
from inferometer_loadgen.official.settings import OfficialSettings

PACKAGE, MODULE = "mlcommons-loadgen", "mlperf_loadgen"
READY_WITHIN_S = 30.0
LOGGED_WITHIN_S = 60.0
"""From its last answer to its logs: it sorts all latencies."""
LAST_LINES = 3
LAST_CHARACTERS = 600
WORD_BYTES = 65_536
PIPE_BYTES = 1 << 20
"""Room for some ten thousand samples, so that neither side waits for the other."""
NAMES = ("mlperf_log_summary.txt", "mlperf_log_detail.txt", "mlperf_log_accuracy.json")


class OfficialEndedError(Exception):
    """LoadGen's process has ended before its time; the message holds how, and its last words."""


@dataclass(frozen=True, slots=True)
class Logs:
    """What a run of LoadGen leaves, unchanged."""

    version: str
    """Of the package."""
    summary: str
    detail: str
    accuracy: str
    last_ns: int
    """When it was told of its last answers (monotonic)."""


class _Done(msgspec.Struct, frozen=True):
    last_ns: int
    still_loaded: int


def installed_version() -> str:
    """The package's version; empty where it is not installed."""
    if importlib.util.find_spec(MODULE) is None:
        return ""
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        return "unknown"


class LoadGenProcess:
    """One test. `sut_name` asks the servers who they are, whenever LoadGen asks for it, in a thread of its own."""

    def __init__(self, settings: OfficialSettings, sut_name: Callable[[], str]) -> None:
        self._sut_name = sut_name
        self._folder = Path(tempfile.mkdtemp(prefix="inferometer-loadgen-"))
        self._said = self._folder / "said.txt"
        asked, child_asked = os.pipe()
        child_answered, answered = os.pipe()
        self._control, child_control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with contextlib.suppress(OSError):  # More than the kernel lets a user have: then they stay as they are.
            for fd in (asked, answered):
                fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self.feed = Feed(asked, answered)
        own = (child_asked, child_answered, child_control.fileno())
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "inferometer_loadgen.official.child", _order(settings), *map(str, own)],
                cwd=self._folder,
                pass_fds=own,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
        for fd in own[:2]:
            os.close(fd)
        child_control.close()
        self._words: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def await_ready(self) -> None:
        """Waits until it can begin. Raises OfficialEndedError."""
        self._next_word(READY_WITHIN_S)

    def begin(self) -> None:
        """Sets it off."""
        with contextlib.suppress(OSError):  # Gone: what it was waited for will say so.
            self._control.send(b"begin")

    def logs(self) -> Logs:
        """Its logs, once it has been told of every answer. Raises OfficialEndedError."""
        done = msgspec.json.decode(self._next_word(LOGGED_WITHIN_S), type=_Done)
        if self._process.wait(LOGGED_WITHIN_S):
            raise self._ended()
        summary, detail, accuracy = ((self._folder / name).read_text("utf-8", "replace") for name in NAMES)
        return Logs(installed_version(), summary, detail, accuracy, done.last_ns)

    def close(self) -> None:
        """Ends it, whatever it is at, and takes away what it has written."""
        self._process.kill()
        self._process.wait()
        self.feed.close()
        self._control.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while word := self._control.recv(WORD_BYTES):
                if word == b"name":
                    self._control.send(self._sut_name().encode())
                else:
                    self._words.put(word)
        self._words.put(b"")

    def _next_word(self, within_s: float) -> bytes:
        try:
            word = self._words.get(timeout=within_s)
        except queue.Empty:
            raise OfficialEndedError(f"LoadGen is silent for {within_s:.0f} s; it said: {self._last_words()}") from None
        if not word:
            raise self._ended()
        return word

    def _ended(self) -> OfficialEndedError:
        code = self._process.wait()
        how = f"with signal {signal.Signals(-code).name}" if code < 0 else f"with code {code}"
        return OfficialEndedError(f"LoadGen's process ended {how}; it said: {self._last_words()}")

    def _last_words(self) -> str:
        return last_words(self._said.read_text("utf-8", "replace"))


def last_words(said: str) -> str:
    """The end of what a process has said, on one line; of a traceback what it ends in."""
    lines = [line.strip() for line in said.splitlines() if line.strip(" ~^")]
    return " | ".join(lines[-LAST_LINES:])[-LAST_CHARACTERS:] or "nothing"


def _order(settings: OfficialSettings) -> str:
    return msgspec.json.encode(settings).decode()
