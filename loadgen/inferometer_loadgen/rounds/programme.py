"""Which round comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from msgspec import structs

from inferometer_loadgen.plan import JudgePlan, Plan, StreamPlan
from inferometer_loadgen.report.schema import Report
from inferometer_loadgen.rounds.together import together


@dataclass(frozen=True, slots=True)
class Round:
    """One pass over the prepared workers: what it sends, and by what it is judged."""

    number: int
    """From 0."""
    stream: StreamPlan
    judge: JudgePlan
    cooldown_ns: int = 0
    """Without any load, before it begins."""
    in_flight: int | None = None
    """Requests that may be open at a time; None: as many as the plan says."""
    may_end_early: bool = False
    """Whether it need not be sent to its end once it cannot be valid any more."""

    def plan(self, whole: Plan) -> Plan:
        """The plan of this round alone, as part of a whole plan."""
        in_flight = whole.in_flight if self.in_flight is None else self.in_flight
        return structs.replace(whole, stream=self.stream, judge=self.judge, in_flight=in_flight)


class Programme(Protocol):
    """The order of rounds, and what they say together; it decides on each from the reports of those before."""

    @property
    def at_most(self) -> int:
        """No more rounds than this."""

    @property
    def is_open(self) -> bool:
        """Whether there may be fewer."""

    @property
    def cooldown_ns(self) -> int:
        """Between two rounds, for whoever says how long a run takes."""

    def after(self, reports: Sequence[Report]) -> Round | None:
        """The round that follows on those reported, of none of them the first; None at the end."""

    def report(self, reports: Sequence[Report], cut_short: str) -> Report:
        """The run's, of at least one round's; `cut_short`: why no more followed, empty when nothing kept them."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """The same round again and again: same seeds, same stream."""

    plan: Plan

    @property
    def at_most(self) -> int:
        """The plan's count."""
        return self.plan.repeat.count if self.plan.repeat else 1

    @property
    def is_open(self) -> bool:
        """All of them are measured."""
        return False

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

    def report(self, reports: Sequence[Report], cut_short: str) -> Report:
        """The median round's."""
        return together(self.plan, reports, self.at_most, cut_short)
