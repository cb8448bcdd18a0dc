"""The form of a rule pack: what an edition fixes for each task and scenario, and where it says so.

Strict: an unknown field is a slip of the pen and is refused. Durations are written as in a spec (600s, 15ms).
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

CUSTOM: Literal["custom"] = "custom"
"""No pack: nothing is filled, nothing is held against an edition."""

type RuledScenario = Literal["SingleStream", "MultiStream", "Server", "Offline"]

Text = Annotated[str, Meta(min_length=1)]
DurationText = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,14}(ns|us|ms|s|m|h)$")]
Count = Annotated[int, Meta(ge=1, le=50_000_000)]
Fraction = Annotated[float, Meta(gt=0, lt=1)]
Rate = Annotated[float, Meta(gt=0)]
Seed = Annotated[int, Meta(ge=0)]


class PackStruct(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A part of a pack."""


class Other[T](PackStruct, frozen=True, kw_only=True):
    """What another official source says instead."""

    says: T
    source: Text


class Fixed[T](PackStruct, frozen=True, kw_only=True):
    """A value that the edition fixes: what the pack takes, from where, and what contradicts it."""

    takes: T
    source: Text
    other: tuple[Other[T], ...] = ()


class SeedRules(PackStruct, frozen=True, kw_only=True):
    """The three seeds of LoadGen, in full: its generators use them modulo 2^32."""

    qsl: Seed
    sample_index: Seed
    schedule: Seed
    source: Text


class ScenarioRules(PackStruct, frozen=True, kw_only=True):
    """What is fixed in one scenario; None is not fixed here."""

    min_duration: Fixed[DurationText] | None = None
    min_queries: Fixed[Count] | None = None
    """Offline: samples, since it is one query."""
    latency_bound: Fixed[DurationText] | None = None
    latency_percentile: Fixed[Fraction] | None = None
    target_qps: Fixed[Rate] | None = msgspec.field(default=None, name="targetQPS")
    """MultiStream by the rules of 2019: ticks per second, one over the interval."""
    samples_per_query: Fixed[Count] | None = None
    early_stopping: Fixed[bool] | None = None
    server_metric: Fixed[Literal["Completed", "Scheduled"]] | None = None
    """Of which rate Server's result is."""
    order: Fixed[Literal["Drawn", "Permutations"]] | None = None
    """Permutations: equal issue, the loaded set in one new order after another."""
    runs: Fixed[Count] | None = None
    metric: Fixed[Text] | None = None


class Quality(PackStruct, frozen=True, kw_only=True):
    """What the answers must be worth."""

    metric: Text
    reference: float
    """The reference implementation's, in the metric's own unit."""
    ratios: Annotated[tuple[Annotated[float, Meta(gt=0, le=1)], ...], Meta(min_length=1)]
    """Shares of the reference that are asked for, the laxest first; each makes a variant of the task."""
    scorer: Literal["top1", "coco-map", "bleu", "command"] = "command"
    """What measures it, spec.accuracy.scorer; a command of the user's own where no other does."""
    per_score: Annotated[float, Meta(gt=0)] = 1.0
    """So many of the metric's unit is a score of 1: 100 where the rules count percent and the scorer a fraction."""
    most: float | None = None
    """Where the metric must not be above a value either."""
    source: Text
    other: tuple[Other[float], ...] = ()
    """Another reference."""


class TaskRules(PackStruct, frozen=True, kw_only=True):
    """One task: its samples, its quality, and what it fixes beyond the pack in each scenario that it has."""

    data: str = ""
    """Where the edition's table names it."""
    performance_samples: Fixed[Count]
    """LoadGen's performance_sample_count (the QSL's size): samples that a performance run draws from."""
    quality: Annotated[tuple[Quality, ...], Meta(min_length=1)]
    scenarios: Annotated[dict[RuledScenario, ScenarioRules], Meta(min_length=1)]
    scenarios_source: Text
    note: str = ""


class RulePack(PackStruct, frozen=True, kw_only=True):
    """One edition of the rules."""

    name: Annotated[str, Meta(pattern=r"^mlperf-v[0-9]+\.[0-9]+$")]
    title: Text
    stream_dialect: Fixed[Literal["loadgen-6.0", "loadgen-r0.5"]]
    seeds: SeedRules
    scenarios: Annotated[dict[RuledScenario, ScenarioRules], Meta(min_length=1)]
    """What holds for every task; a task's own value comes before."""
    tasks: Annotated[dict[Text, TaskRules], Meta(min_length=1)]


def least_score(quality: Quality, ratio: float) -> float:
    """The least score of the quality's scorer that reaches this share of the reference."""
    return quality.reference * ratio / quality.per_score
