"""What the rounds of a compliance test send, and by what they are judged."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import structs

from inferometer_loadgen.plan import (
    AccuracyLog,
    AuditPlan,
    CachingAuditPlan,
    OutputsAuditPlan,
    Plan,
    SeedsAuditPlan,
    as_accuracy,
)
from inferometer_loadgen.report.schema import Purpose, Report
from inferometer_loadgen.stream.logged import log_probability


@dataclass(frozen=True, slots=True)
class Stage:
    """A round: what it is for, and its plan."""

    purpose: Purpose
    what: str
    """For people."""
    plan: Plan


def purposes(audit: AuditPlan) -> tuple[Purpose, ...]:
    """Of all rounds, in turn."""
    return ("Reference", "Audited", *(("Accuracy",) if isinstance(audit, OutputsAuditPlan) else ()))


def stage(plan: Plan, audit: AuditPlan, number: int, reports: Sequence[Report]) -> Stage:
    """The round with this number, from 0; TEST01's second one follows from the first one's report."""
    purpose = purposes(audit)[number]
    match purpose, audit:
        case "Reference", CachingAuditPlan(reference="Unique"):
            return Stage(purpose, "each sample once", _once(plan, order="Unique"))
        case "Reference", _:
            return Stage(purpose, "the load as it is", plan)
        case _, CachingAuditPlan(reference="Unique"):
            return Stage(purpose, "the same sample", _once(plan, order="Same", same_index=audit.same_index))
        case _, CachingAuditPlan():
            return Stage(purpose, "the same sample", _sent(plan, order="Same", same_index=audit.same_index))
        case _, SeedsAuditPlan():
            return Stage(purpose, "other seeds", _sent(plan, seeds=audit.seeds))
        case "Audited", _:
            log = _log(plan, audit, reports)
            return Stage(purpose, "answers logged", _sent(plan, accuracy_log=log))
        case _:
            return Stage(purpose, "each sample once", as_accuracy(plan))


def _sent(plan: Plan, **changes: object) -> Plan:
    return structs.replace(plan, stream=structs.replace(plan.stream, **changes))


def _once(plan: Plan, **changes: object) -> Plan:
    """By the rules of 2019 as many samples as are loaded: no least duration or number can be asked of them."""
    judged = structs.replace(plan.judge, min_duration_ns=0, min_queries=1)
    return structs.replace(_sent(plan, **changes), judge=judged)


def _log(plan: Plan, audit: OutputsAuditPlan, reports: Sequence[Report]) -> AccuracyLog:
    if not audit.log_samples:
        return AccuracyLog(seed=audit.log_seed, probability=audit.log_probability)
    # Where no rate was asked for, the one that was measured just now says how many answers are to be expected.
    rate = plan.stream.target_qps or (reports[0].result.completed_qps or 0.0 if reports else 0.0)
    probability = log_probability(plan.stream, audit.log_samples, rate)
    return AccuracyLog(seed=audit.log_seed, probability=probability, sampling_target=audit.log_samples)
