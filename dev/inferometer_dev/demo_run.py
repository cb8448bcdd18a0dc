"""What a benchmark's status says to somebody who watches it. Pure: a status in, what to show out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any


class Ending(IntEnum):
    """How a watched benchmark ended, as the exit codes of `inferometer run`."""

    VALID = 0
    FAILED = 1
    NOT_VALID = 3
    """Invalid or Inconclusive: it was measured, and the number may not be used."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What the bar shows; `percent` is None while nobody can say."""

    percent: float | None
    detail: str


def ending_of(status: dict[str, Any]) -> Ending | None:
    """None while it is not finished. A run that failed has a verdict too (Inconclusive); its failure comes first."""
    conditions = conditions_of(status)
    if conditions.get("Finished") != "True":
        return None
    if conditions.get("Failed") == "True":
        return Ending.FAILED
    return Ending.VALID if status.get("verdict") == "Valid" else Ending.NOT_VALID


def progress_of(status: dict[str, Any]) -> Progress:
    """`status.progress`, or the phase while there is none."""
    progress = status.get("progress") or {}
    words = [str(progress.get("step") or status.get("phase") or "waiting for the operator")]
    if progress.get("eta"):
        words.append(f"eta {progress['eta']}")
    percent = progress.get("percent")
    return Progress(None if percent is None else float(percent), "  ".join(words))


def failure_of(status: dict[str, Any]) -> str:
    """The reason and message of a failed run, as the operator words them."""
    for condition in status.get("conditions", []):
        if condition.get("type") == "Failed" and condition.get("status") == "True":
            return f"{condition.get('reason')}: {condition.get('message')}"
    return "no reason is given"


def status_block(status: dict[str, Any]) -> str:
    """The verdict out of the status alone, for when the full report cannot be shown."""
    summary = status.get("summary") or {}
    figures = [f"{name} {value}" for name, value in summary.items() if isinstance(value, str) and value]
    lines = ["   ".join([str(status.get("verdict", "no verdict")).upper(), *figures])]
    lines += [f"        {reason.get('type')}: {reason.get('message')}" for reason in status.get("reasons") or []]
    return "\n".join(lines)


def conditions_of(status: dict[str, Any]) -> dict[str, str]:
    """Type -> status."""
    return {condition["type"]: condition["status"] for condition in status.get("conditions", [])}
