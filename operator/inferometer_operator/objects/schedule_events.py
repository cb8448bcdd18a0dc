"""What is told about a schedule in its events: once each, since the name is a function of what is told."""

import hashlib

from inferometer_operator.api.crd import API_VERSION
from inferometer_operator.api.schedule_crd import SCHEDULE_KIND
from inferometer_operator.objects.events import CONTROLLER, NOTE_LIMIT
from inferometer_operator.objects.hardening import Manifest
from inferometer_operator.objects.labels import MANAGED_BY, MANAGER
from inferometer_operator.run import format_time
from inferometer_operator.schedules.schedule import SCHEDULE_LABEL, Schedule
from inferometer_operator.schedules.step import ToldOfSchedule


def schedule_event(schedule: Schedule, instance: str, told: ToldOfSchedule) -> Manifest:
    """The event; a second one about the same subject of the same schedule has the same name and is refused."""
    digest = hashlib.sha256(f"{schedule.uid} {told.subject}".encode()).hexdigest()[:10]
    key = schedule.key
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {
            "name": f"{key.name}.{digest}",
            "namespace": key.namespace,
            "labels": {MANAGED_BY: MANAGER, SCHEDULE_LABEL: key.name},
        },
        "eventTime": format_time(told.at),
        "type": told.type,
        "reason": told.reason,
        # In bytes no character is longer than four.
        "note": told.note if len(told.note.encode()) <= NOTE_LIMIT else told.note[: NOTE_LIMIT // 4 - 1] + "…",
        "action": told.reason,
        "regarding": {
            "apiVersion": API_VERSION,
            "kind": SCHEDULE_KIND,
            "namespace": key.namespace,
            "name": key.name,
            "uid": schedule.uid,
        },
        "reportingController": CONTROLLER,
        "reportingInstance": instance,
    }
