"""What the watches have told of schedules and their runs, and what was written; never older than what is known."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from inferometer_operator.run import Key
from inferometer_operator.schedules.schedule import Child, Schedule, decode_child, decode_schedule
from inferometer_operator.versions import Versions

Json = Mapping[str, Any]


class ScheduleCache:
    """Schedules and their runs, by key."""

    def __init__(self) -> None:
        self._schedules: dict[Key, Schedule] = {}
        self._children: defaultdict[Key, dict[str, Child]] = defaultdict(dict)
        self._versions = Versions()
        self._told: defaultdict[str, set[str]] = defaultdict(set)

    def put_schedule(self, stored: Json) -> Key:
        """A schedule as it was seen; the key to look at."""
        schedule = decode_schedule(stored)
        if self._versions.are_advanced_by(stored):
            self._schedules[schedule.key] = schedule
        return schedule.key

    def drop_schedule(self, key: Key, uid: str) -> None:
        """The schedule is gone. A later one of its name stays."""
        if (known := self._schedules.get(key)) is not None and known.uid == uid:
            del self._schedules[key]
        self._told.pop(uid, None)
        self._versions.bury(uid)

    def put_run(self, stored: Json) -> Key | None:
        """A benchmark as it was seen; the schedule to look at, or None where it belongs to none."""
        child = decode_child(stored)
        if child is None:
            return None
        if self._versions.are_advanced_by(stored):
            self._children[child.schedule][child.uid] = child
        return child.schedule

    def drop_run(self, stored: Json) -> Key | None:
        """A benchmark is gone; the schedule to look at, or None where it belonged to none."""
        child = decode_child(stored)
        if child is None:
            return None
        self._children[child.schedule].pop(child.uid, None)
        self._versions.bury(child.uid)
        if not self._children[child.schedule]:
            del self._children[child.schedule]
        return child.schedule

    def forget_run(self, child: Child) -> None:
        """A run that was just deleted."""
        self._children.get(child.schedule, {}).pop(child.uid, None)
        self._versions.bury(child.uid)

    def replace_runs(self, schedule: Schedule, stored: Iterable[Json]) -> None:
        """The runs of a schedule as a list has just shown them: what it does not show is gone."""
        found = list(stored)
        there = {one["metadata"]["uid"] for one in found}
        known = self._children.get(schedule.key, {})
        for uid in [uid for uid in known if uid not in there]:
            del known[uid]
            self._versions.bury(uid)
        for one in found:
            self.put_run(one)

    def note_told(self, schedule: Schedule, subject: str) -> None:
        """An event was told: events are not watched."""
        self._told[schedule.uid].add(subject)

    def schedule(self, key: Key) -> Schedule | None:
        """The schedule, or None."""
        return self._schedules.get(key)

    def schedules(self) -> tuple[Schedule, ...]:
        """All schedules."""
        return tuple(self._schedules.values())

    def runs_of(self, schedule: Schedule) -> tuple[Child, ...]:
        """The runs of this very schedule, not of an earlier one of its name."""
        found = self._children.get(schedule.key, {})
        return tuple(sorted((one for one in found.values() if one.owner_uid == schedule.uid), key=lambda one: one.name))

    def told_of(self, schedule: Schedule) -> frozenset[str]:
        """The subjects of the events that were told."""
        return frozenset(self._told.get(schedule.uid, ()))
