"""Which round comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from msgspec import structs

from inferometer_loadgen.plan import JudgePlan, Plan, StreamPlan
from inferometer_loadgen.report.schema import Report


@dataclass(frozen=True, slots=True)
class Round:
    """One pass over the prepared workers: what it sends, and by what it is judged."""

    number: int
    """From 0."""
    stream: StreamPlan
    judge: JudgePlan
    cooldown_ns: int = 0
    """Without any load, before it begins."""

    def plan(self, whole: Plan) -> Plan:
        """The plan of this round alone, as part of a whole plan."""
        return structs.replace(whole, stream=self.stream, judge=self.judge)


class Programme(Protocol):
    """The order of rounds; it decides on each from the reports of those before."""

    @property
    def at_most(self) -> int:
        """No more rounds than this."""

    @property
    def cooldown_ns(self) -> int:
        """Between two rounds, for whoever says how long a run takes."""

    def after(self, reports: Sequence[Report]) -> Round | None:
        """The round that follows on those reported, of none of them the first; None at the end."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """The same round again and again: same seeds, same stream."""

    plan: Plan

    @property
    def at_most(self) -> int:
        """The plan's count."""
        return self.plan.repeat.count if self.plan.repeat else 1

    @property
    def cooldown_ns(self) -> int:
        """The plan's."""
        return self.plan.repeat.cooldown_ns if self.plan.repeat else 0

    def after(self, reports: Sequence[Report]) -> Round | None:
        """Whatever became of those before: repetitions that are chosen by their results say nothing."""
        number = len(reports)
        if number >= self.at_most:
            return None
        return Round(number, self.plan.stream, self.plan.judge, self.cooldown_ns if number else 0)


def programme_of(plan: Plan) -> Programme:
    """The rounds that a plan asks for; a plan that says nothing of rounds has one."""
    return Repeats(plan)
