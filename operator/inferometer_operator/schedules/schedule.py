"""One schedule and its runs as the API server holds them: what a decision needs of each."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from inferometer_loadgen.spec.schedule import ScheduleSpec
from inferometer_loadgen.spec.schedule_decode import decode_schedule_object
from inferometer_operator.api.conditions import ConditionType
from inferometer_operator.api.crd import API_VERSION, GROUP, KIND
from inferometer_operator.api.schedule_crd import SCHEDULE_KIND
from inferometer_operator.api.schedule_status import ScheduleStatus
from inferometer_operator.api.status import BenchmarkStatus
from inferometer_operator.objects.labels import MANAGED_BY, MANAGER
from inferometer_operator.run import Key, parse_time

SCHEDULE_LABEL = f"{GROUP}/schedule"
SLOT = f"{GROUP}/slot"
RUN_NOW = f"{GROUP}/run-now"
TEMPLATE = f"{GROUP}/template"

LONGEST_ID = 64

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Schedule:
    """One schedule; `spec` is None only where `spec_problem` says why."""

    key: Key
    uid: str
    created: datetime
    generation: int
    resource_version: str
    spec: ScheduleSpec | None
    template: Json
    """The spec of its runs as it is stored: fields that this version does not know pass through."""
    run_now: str
    """The annotation that asks for a run; empty where there is none."""
    status: ScheduleStatus
    spec_problem: str = ""
    deleting: bool = False


@dataclass(frozen=True, slots=True)
class Child:
    """A run of a schedule."""

    key: Key
    uid: str
    schedule: Key
    owner_uid: str
    created: datetime
    slot: datetime | None
    run_now: str
    template: str
    mode: str
    """Its spec's."""
    cancelled: bool
    status: BenchmarkStatus

    @property
    def name(self) -> str:
        """Of the benchmark."""
        return self.key.name

    @property
    def is_finished(self) -> bool:
        """Whether its end state is written."""
        return self.status.is_true(ConditionType.FINISHED)


def decode_schedule(stored: Json) -> Schedule:
    """The schedule behind a stored object."""
    metadata, spec = stored["metadata"], stored.get("spec") or {}
    decoded, errors = decode_schedule_object(stored)
    return Schedule(
        key=Key(metadata["namespace"], metadata["name"]),
        uid=metadata["uid"],
        created=parse_time(metadata["creationTimestamp"]),
        generation=metadata.get("generation", 1),
        resource_version=metadata["resourceVersion"],
        spec=decoded,
        template=(spec.get("template") or {}).get("spec") or {},
        run_now=str(metadata.get("annotations", {}).get(RUN_NOW, ""))[:LONGEST_ID],
        status=msgspec.convert(stored.get("status") or {}, ScheduleStatus),
        spec_problem="; ".join(map(str, errors)),
        deleting="deletionTimestamp" in metadata,
    )


def decode_child(stored: Json) -> Child | None:
    """The run behind a stored benchmark; None where it belongs to no schedule."""
    metadata = stored["metadata"]
    owner = next((one for one in metadata.get("ownerReferences", ()) if one["kind"] == SCHEDULE_KIND), None)
    if owner is None:
        return None
    annotations, spec = metadata.get("annotations", {}), stored.get("spec") or {}
    slot = annotations.get(SLOT)
    return Child(
        key=Key(metadata["namespace"], metadata["name"]),
        uid=metadata["uid"],
        schedule=Key(metadata["namespace"], owner["name"]),
        owner_uid=owner["uid"],
        created=parse_time(metadata["creationTimestamp"]),
        slot=parse_time(slot) if slot else None,
        run_now=annotations.get(RUN_NOW, ""),
        template=annotations.get(TEMPLATE, ""),
        mode=spec.get("mode", "Performance"),
        cancelled=bool(spec.get("cancel")),
        status=msgspec.convert(stored.get("status") or {}, BenchmarkStatus),
    )


def slot_run_name(schedule: str, slot: datetime) -> str:
    """The run of a slot: a function of both, so that no slot runs twice whoever starts it."""
    return f"{schedule}-{int(slot.timestamp()) // 60}"


def requested_run_name(schedule: Schedule) -> str:
    """The run that the annotation asks for: a function of its value, so that none runs twice."""
    digest = hashlib.sha256(f"{schedule.uid} {schedule.run_now}".encode()).hexdigest()
    return f"{schedule.key.name}-r{digest[:8]}"


def template_digest(template: Json) -> str:
    """Equal for templates that ask for the same."""
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:16]


def run_manifest(schedule: Schedule, name: str, slot: datetime | None) -> dict[str, Any]:
    """The benchmark of a slot, or of the request where there is no slot."""
    why = {RUN_NOW: schedule.run_now} if slot is None else {SLOT: slot.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {
            "name": name,
            "namespace": schedule.key.namespace,
            "labels": {MANAGED_BY: MANAGER, SCHEDULE_LABEL: schedule.key.name},
            "annotations": why | {TEMPLATE: template_digest(schedule.template)},
            "ownerReferences": [
                {
                    "apiVersion": API_VERSION,
                    "kind": SCHEDULE_KIND,
                    "name": schedule.key.name,
                    "uid": schedule.uid,
                    "controller": True,
                    "blockOwnerDeletion": False,
                }
            ],
        },
        "spec": dict(schedule.template),
    }
