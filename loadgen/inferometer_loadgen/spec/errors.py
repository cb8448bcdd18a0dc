"""What is wrong with a file, as one exception that holds all of it."""

from dataclasses import dataclass

from inferometer_loadgen.spec.checks import SpecError


@dataclass(frozen=True, slots=True)
class LocatedError:
    """A SpecError with its file and line; no line where the file as a whole is meant."""

    source: str
    line: int | None
    error: SpecError

    def __str__(self) -> str:
        """The line that a user reads: bad.yaml:14: spec.load.workers: … hint: …"""
        return f"{self.source}:{self.line}: {self.error}" if self.line else f"{self.source}: {self.error}"


class SpecErrors(Exception):  # noqa: N818 - it is many of them, and a SpecError is a value
    """All that is wrong with a file; prints as a line each, in the file's order."""

    def __init__(self, errors: tuple[LocatedError, ...]) -> None:
        self.errors = tuple(sorted(errors, key=lambda error: error.line or 0))
        super().__init__(self.errors)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


def alone(source: str, line: int | None, path: str, message: str, hint: str) -> SpecErrors:
    """One thing that keeps the rest of a file from being judged."""
    return SpecErrors((LocatedError(source, line, SpecError(path, message, hint)),))
