"""The objects that the operator watches: schedules whose last runs have ended. Pure.

The runs are made as the operator makes them, with the status that a real quickstart ended with. Each schedule's status
says that its runs are active still, so that the operator itself records how they ended.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from inferometer_operator.schedules.schedule import Schedule, run_manifest, slot_run_name

Json = dict[str, Any]

ENDED = Path(__file__).with_name("ended.json")
"""The spec and the status of a real, valid run on two servers, as `kubectl get ib NAME -o json` gave them."""
RECORDED_AS = "recorded"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
RUNS_EACH = 10
"""As many as a schedule keeps."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """How much there is: the runs of a namespace are few enough to have series of their own."""

    schedules: int = 20
    namespaces: int = 4

    @property
    def runs(self) -> int:
        """In all."""
        return self.schedules * RUNS_EACH

    def places(self) -> list[tuple[str, str]]:
        """The namespace and the name of each schedule."""
        return [(f"team-{index % self.namespaces}", f"nightly-{index:02d}") for index in range(self.schedules)]


def ended() -> Json:
    """The recorded run."""
    found: Json = json.loads(ENDED.read_text())
    return found


def schedule_manifest(name: str, spec: Mapping[str, Any], now: datetime) -> Json:
    """A schedule with one slot a day, at the hour that is farthest from now."""
    hour = (now + timedelta(hours=12)).hour
    return {
        "apiVersion": "inferometer.dev/v1alpha1",
        "kind": "InferenceBenchmarkSchedule",
        "metadata": {"name": name},
        "spec": {"schedule": f"0 {hour} * * *", "timeZone": "UTC", "template": {"spec": dict(spec)}},
    }


def slots(now: datetime) -> list[datetime]:
    """The last slots of a schedule, the newest first."""
    newest = (now - timedelta(hours=12)).replace(minute=0, second=0, microsecond=0)
    return [newest - timedelta(days=days) for days in range(RUNS_EACH)]


def run_of(schedule: Schedule, slot: datetime) -> Json:
    """The run of a slot, as the operator would have made it."""
    return run_manifest(schedule, slot_run_name(schedule.key.name, slot), slot)


def ended_status(name: str, status: Mapping[str, Any], started: datetime) -> Json:
    """The recorded status, as that of another run at another time. What has ended lately is told in events still."""
    later = started - datetime.fromisoformat(status["startTime"])
    text = TIME.sub(lambda found: _time(datetime.fromisoformat(found[0]) + later), json.dumps(status))
    moved: Json = json.loads(text.replace(RECORDED_AS, name))
    return moved


def with_status(stored: Mapping[str, Any], status: Json) -> Json:
    """The status of a stored object, to be applied."""
    metadata = {name: stored["metadata"][name] for name in ("namespace", "name")}
    return {"apiVersion": stored["apiVersion"], "kind": stored["kind"], "metadata": metadata, "status": status}


def schedule_status(runs: Mapping[datetime, Json], now: datetime) -> Json:
    """What a schedule knows at the moment at which its runs have ended, and nobody has recorded it."""
    newest = max(runs)
    return {
        "lastSlot": _time(newest),
        "active": [
            {
                "name": run["metadata"]["name"],
                "uid": run["metadata"]["uid"],
                "slot": _time(slot),
                "started": _time(now),
            }
            for slot, run in sorted(runs.items())
        ],
    }


def _time(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
