"""What is told about a run in its events: once each, since the name is a function of what is told."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from inferometer_operator.api.crd import API_VERSION, KIND
from inferometer_operator.objects.hardening import Manifest
from inferometer_operator.objects.labels import labels
from inferometer_operator.run import Run, format_time
from inferometer_operator.settings import Settings

CONTROLLER = "inferometer.dev/operator"
NOTE_LIMIT = 1024


@dataclass(frozen=True, slots=True)
class Told:
    """One event, before it has a name and a time."""

    type: Literal["Normal", "Warning"]
    reason: str
    note: str
    at: datetime | None = None
    """When it happened, where it is told later than that."""


def event(run: Run, settings: Settings, told: Told, now: datetime) -> Manifest:
    """The event; a second one of the same reason about the same run has the same name and is refused."""
    digest = hashlib.sha256(f"{run.uid} {told.reason}".encode()).hexdigest()[:10]
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": f"{run.name}.{digest}", "namespace": run.namespace, "labels": labels(run)},
        "eventTime": format_time(now),
        "type": told.type,
        "reason": told.reason,
        "note": _shortened(told.note),
        "action": told.reason,
        "regarding": {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "namespace": run.namespace,
            "name": run.name,
            "uid": run.uid,
        },
        "reportingController": CONTROLLER,
        "reportingInstance": settings.instance,
    }


def _shortened(note: str) -> str:
    data = note.encode()
    if len(data) <= NOTE_LIMIT:
        return note
    return data[: NOTE_LIMIT - 3].decode(errors="ignore") + "…"
