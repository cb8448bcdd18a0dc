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


type AuditTest = Literal["TEST01", "TEST04", "TEST05"]


class _AuditRules(PackStruct, frozen=True, kw_only=True):
    """How far the audited performance may be from the reference, as fractions of it."""

    tolerance: Fixed[Fraction]
    short_tolerance: Fixed[Fraction]
    """Of references of 200 us and less in SingleStream, 1.6 ms and less in MultiStream."""


class OutputsRules(_AuditRules, frozen=True, kw_only=True):
    """TEST01: answers in performance mode are those of accuracy mode."""

    log_seeds: Fixed[dict[RuledScenario, Seed]]
    """LoadGen's accuracy_log_rng_seed."""
    log_samples: Fixed[Count] | None = None
    """LoadGen's accuracy_log_sampling_target, where a task does not say another."""
    log_probability: Fixed[Fraction] | None = None
    """LoadGen's accuracy_log_probability, in editions that aim at no number."""
    accuracy_delta: Fixed[Fraction]
    """How far the score of differing answers may be from the score of those of accuracy mode."""


class CachingRules(_AuditRules, frozen=True, kw_only=True):
    """TEST04: the same sample again and again is no faster."""

    reference: Fixed[Literal["Performance", "Unique"]]
    same_index: Fixed[Annotated[int, Meta(ge=0)]]


class SeedsRules(_AuditRules, frozen=True, kw_only=True):
    """TEST05: other seeds are no slower."""

    seeds: SeedRules


class AuditRules(PackStruct, frozen=True, kw_only=True):
    """The edition's compliance tests; which of them a task needs is the task's."""

    outputs: OutputsRules = msgspec.field(name="TEST01")
    caching: CachingRules = msgspec.field(name="TEST04")
    seeds: SeedsRules = msgspec.field(name="TEST05")


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
    audits: Fixed[tuple[AuditTest, ...]]
    """The compliance tests that the edition asks for; those of them that we have."""
    log_samples: Fixed[Count] | None = None
    """TEST01's, before the edition's."""
    note: str = ""


class RulePack(PackStruct, frozen=True, kw_only=True):
    """One edition of the rules."""

    name: Annotated[str, Meta(pattern=r"^mlperf-v[0-9]+\.[0-9]+$")]
    title: Text
    stream_dialect: Fixed[Literal["loadgen-6.0", "loadgen-r0.5"]]
    seeds: SeedRules
    scenarios: Annotated[dict[RuledScenario, ScenarioRules], Meta(min_length=1)]
    """What holds for every task; a task's own value comes before."""
    audits: AuditRules
    tasks: Annotated[dict[Text, TaskRules], Meta(min_length=1)]


DIGITS = 12
"""Of a score, after the point: more than the rules' figures have, and fewer than a product of floats gets right."""


def least_score(quality: Quality, ratio: float) -> float:
    """The least score of the quality's scorer that reaches this share of the reference, as one would write it."""
    return round(quality.reference * ratio / quality.per_score, DIGITS)
