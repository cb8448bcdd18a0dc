"""How a process of a run ends on SIGTERM, from its first moment on."""

import contextlib
import signal
import sys
from types import FrameType

SIGTERM_EXIT = 143
"""What a shell gives a process that SIGTERM ended."""


def end_on_sigterm() -> None:
    """Before anything else that takes time: to process 1 of a container the kernel delivers no default action.

    A pod that is deleted while it starts would be held for its whole grace period.
    """
    signal.signal(signal.SIGTERM, _end)


def _end(_number: int, _frame: FrameType | None) -> None:
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    raise SystemExit(SIGTERM_EXIT)
