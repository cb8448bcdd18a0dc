"""How far the sitting is and how long it will still take, on standard error; and its end when the time is up."""

import sys
import time
from collections.abc import Callable

from benchmarks.clients.contender import BenchmarkError


class Progress:
    """Counts the steps of each section in turn. Raises BenchmarkError at a step that would begin after `limit_s`."""

    def __init__(self, expected_s: float, limit_s: float, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._limit_s = limit_s
        self._left_s = expected_s
        self._began_s = now_s()
        self._section, self._steps, self._step, self._step_s = "", 0, 0, 0.0
        self._is_terminal = sys.stderr.isatty()

    def begin(self, section: str, steps: int, seconds: float) -> None:
        """A section of so many steps begins."""
        self._section, self._steps, self._step, self._step_s = section, steps, 0, seconds / steps

    def step(self, what: str) -> None:
        """The next step begins."""
        elapsed_s = self._now_s() - self._began_s
        if elapsed_s > self._limit_s:
            raise BenchmarkError(f"the time was up: {self._limit_s / 60:g} minutes for the whole sitting")
        self._step += 1
        line = f"{clock(elapsed_s)}  {self._section} {self._step}/{self._steps}  {what}"
        line += f", about {clock(self._left_s)} left"
        self._left_s = max(0.0, self._left_s - self._step_s)
        if self._is_terminal:
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
        elif self._step == 1:
            print(line, file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leaves a clean line."""
        if self._is_terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
