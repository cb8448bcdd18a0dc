"""One line a step with its time, and a live counter while a step runs.

On a terminal a running step shows its seconds, and a bar where the caller knows a percentage; elsewhere (CI, a pipe)
each step is one plain line when it ends. Everything goes to stderr: stdout belongs to data.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from types import TracebackType

# Shorter steps would only flicker.
LIVE_AFTER_S = 2.0
REDRAW_S = 0.2
BAR_CELLS = 30


def bar(percent: float, cells: int = BAR_CELLS) -> str:
    """A bar of fixed width: `percent` outside 0..100 is clamped, since progress from afar may overshoot."""
    filled = round(cells * min(max(percent, 0.0), 100.0) / 100)
    return "━" * filled + "─" * (cells - filled)


def seconds(elapsed_s: float) -> str:
    """A duration for people."""
    if elapsed_s < 60:
        return f"{elapsed_s:.1f} s"
    return f"{int(elapsed_s) // 60} min {int(elapsed_s) % 60:02d} s"


class Step:
    """`with Step("build kubectl", "the client"):` prints the step's line at the end, also when it fails.

    Steps may lie inside steps: only the innermost is drawn live, and its line stands indented above its parent's.
    """

    _open: ClassVar[list[Step]] = []

    def __init__(self, name: str, purpose: str = "") -> None:
        self.name = name
        self.purpose = purpose
        self._percent: float | None = None
        self._detail = ""
        self._ended = threading.Event()
        self._live = sys.stderr.isatty()
        self._started_s = 0.0
        self._thread: threading.Thread | None = None

    def update(self, percent: float | None = None, detail: str = "") -> None:
        """What the live line shows besides the time: a bar, a word, or both."""
        self._percent = percent
        self._detail = detail

    def __enter__(self) -> Step:
        self._open.append(self)
        self._started_s = time.monotonic()
        if self._live:
            self._thread = threading.Thread(target=self._redraw, daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        self._open.remove(self)
        mark = "ok    " if kind is None else "FAILED"
        clear = "\r\x1b[K" if self._live else ""
        indented = "  " * len(self._open) + self.name
        line = f"{mark} {indented:<36} {seconds(time.monotonic() - self._started_s):>12}  {self.purpose}"
        print(f"{clear}{line.rstrip()}", file=sys.stderr, flush=True)

    def _redraw(self) -> None:
        while not self._ended.wait(REDRAW_S):
            elapsed_s = time.monotonic() - self._started_s
            if self._open[-1] is not self or (elapsed_s < LIVE_AFTER_S and self._percent is None):
                continue
            drawn = "" if self._percent is None else f" {bar(self._percent)} {self._percent:3.0f}%"
            line = f"  …   {self.name}{drawn} {seconds(elapsed_s)} {self._detail}"
            # A longer line would wrap, and a wrapped line cannot be drawn over.
            print(f"\r\x1b[K{line[: shutil.get_terminal_size().columns - 1]}", end="", file=sys.stderr, flush=True)
