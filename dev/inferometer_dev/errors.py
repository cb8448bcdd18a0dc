"""What can go wrong here, as classes that word themselves.

DevError
 +- StepFailed     a step of a build or start ended badly: it carries the step's name, the end of its log and a hint
 +- NeedsRoot      the caller is not root
 +- Missing        something that the machine must have is not there
"""

from __future__ import annotations


class DevError(Exception):
    """Expected trouble: `__main__` prints it as it is and ends with exit code 1, without a traceback."""


class StepFailed(DevError):  # noqa: N818 - reads as what happened
    """A step of a build or a start ended badly: here is what it said, and what to do."""

    def __init__(self, step: str, log_tail: str, hint: str) -> None:
        self.step = step
        self.log_tail = log_tail
        self.hint = hint
        indented = "\n".join(f"    {line}" for line in log_tail.splitlines())
        super().__init__(f"{step}: failed\n{indented}\nhint: {hint}")


class NeedsRoot(DevError):  # noqa: N818 - reads as what happened
    """The caller is not root."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: needs root (namespaces, mounts and chroot). hint: run it with sudo -E")


class Missing(DevError):  # noqa: N818 - reads as what happened
    """Something that must be there is not."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(f"{what}: not found. hint: {hint}")
