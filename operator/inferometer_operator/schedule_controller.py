"""Looks at schedules: observe, decide, do, and come back when a slot is due.

A step is carried out in the one order that survives a crash between any two of its parts: the run first (its name is
fixed by its slot, so that a repetition finds it), cancellations, then the status, then deletions and events.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from inferometer_operator.errors import ConflictError, NotFoundError, RefusedError, TakenError
from inferometer_operator.kube import Kube
from inferometer_operator.log import logger
from inferometer_operator.looking import Looking
from inferometer_operator.objects.schedule_events import schedule_event
from inferometer_operator.run import Key
from inferometer_operator.schedule_cache import ScheduleCache
from inferometer_operator.schedules import ListChildren, ObservedSchedule, ScheduleStep, decide
from inferometer_operator.schedules.schedule import decode_child


class UndecidedError(Exception):
    """A decision asked for what it had been given."""


@dataclass(slots=True)
class ScheduleController(Looking):
    """The loop round the pure part."""

    WORKERS = 4
    SUBJECT = "schedule "

    kube: Kube
    cache: ScheduleCache
    instance: str
    now: Callable[[], datetime]

    async def _once(self, key: Key) -> float | None:
        observed = self._observe(key)
        if observed is None:
            return None
        step, observed = await self._decide(observed)
        try:
            taken = await self._apply(step, observed)
        except RefusedError as error:
            if step.create is None:
                raise
            # What the API server has against the run decides what becomes of its slot.
            step, observed = await self._decide(replace(observed, refused=error.message))
            taken = await self._apply(step, observed)
        if taken:
            step, observed = await self._decide(replace(observed, taken=True))
            await self._apply(step, observed)
        if step.again_after_s is not None:
            return step.again_after_s
        return 0.0 if step.does_something else None

    def _observe(self, key: Key) -> ObservedSchedule | None:
        schedule = self.cache.schedule(key)
        if schedule is None:
            return None
        runs, told = self.cache.runs_of(schedule), self.cache.told_of(schedule)
        return ObservedSchedule(schedule=schedule, now=self.now(), children=runs, told=told)

    async def _decide(self, observed: ObservedSchedule) -> tuple[ScheduleStep, ObservedSchedule]:
        answer = decide(observed)
        if isinstance(answer, ListChildren):
            schedule = observed.schedule
            self.cache.replace_runs(schedule, await self.kube.benchmarks_of_schedule(schedule.key))
            runs = self.cache.runs_of(schedule)
            observed = replace(observed, children=runs, children_are_live=True, now=self.now())
            answer = decide(observed)
        if isinstance(answer, ListChildren):
            raise UndecidedError(f"schedule {observed.schedule.key}: asked again for the runs that were just listed")
        return answer, observed

    async def _apply(self, step: ScheduleStep, observed: ObservedSchedule) -> bool:
        """All of the step; True where the name of its run is somebody else's, and nothing was done."""
        schedule, namespace = observed.schedule, observed.schedule.key.namespace
        if step.create is not None and not await self._create(step.create, observed):
            return True
        for child in step.cancel:
            try:
                self.cache.put_run(await self.kube.cancel_benchmark(child.key, child.uid))
            except (NotFoundError, RefusedError):
                logger.debug("%s is gone, or a later one bears its name", child.key)
        if step.status is not None:
            written = await self.kube.write_schedule_status(
                schedule.key, schedule.uid, schedule.resource_version, msgspec.to_builtins(step.status)
            )
            self.cache.put_schedule(written)
        for child in step.delete:
            try:
                await self.kube.delete_benchmark(child.key, child.uid)
            except (NotFoundError, ConflictError):
                logger.debug("%s is gone, or a later one bears its name", child.key)
            self.cache.forget_run(child)
        for told in step.tell:
            try:
                await self.kube.create(schedule_event(schedule, self.instance, told))
            except TakenError:
                logger.debug("schedule %s: %s was told by an earlier operator", schedule.key, told.subject)
            except RefusedError as error:
                logger.warning("schedule %s/%s: event is refused: %s", namespace, told.reason, error)
            self.cache.note_told(schedule, told.subject)
        return False

    async def _create(self, manifest: dict[str, Any], observed: ObservedSchedule) -> bool:
        try:
            stored = await self.kube.create(manifest)
        except TakenError:
            key, name = observed.schedule.key, manifest["metadata"]["name"]
            found = await self.kube.get("InferenceBenchmark", key.namespace, name)
            child = decode_child(found) if found is not None else None
            if found is None or child is None or child.owner_uid != observed.schedule.uid:
                return False
            stored = found
        self.cache.put_run(stored)
        return True
