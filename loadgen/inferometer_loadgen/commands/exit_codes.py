"""How `inferometer` ends, for scripts and pipelines."""

from enum import IntEnum
from typing import Literal


class ExitCode(IntEnum):
    """The process's exit status. A number is never given another meaning."""

    VALID = 0
    """The verdict is Valid; for verbs without a verdict, that all went well."""
    FAILED = 1
    """There is no result: a server or a process of ours failed."""
    BAD_INPUT = 2
    """The arguments, the spec or the samples cannot be used; nothing was sent."""
    INVALID = 3
    """There is a result, and the verdict is Invalid or Inconclusive."""
    INTERRUPTED = 130
    """Ended by Ctrl-C."""
    PIPE_CLOSED = 141
    """Whoever read the output has left, as `head` does."""


def of_verdict(word: Literal["Valid", "Invalid", "Inconclusive"]) -> ExitCode:
    """The exit code of a run, or of its report, by its verdict."""
    return ExitCode.VALID if word == "Valid" else ExitCode.INVALID
