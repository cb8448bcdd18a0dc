"""What a compliance test makes of a spec: what must fit, and the plan of the test by the edition's values."""

from collections.abc import Iterator

from msgspec import UNSET

from inferometer_loadgen.plan import (
    AuditPlan,
    CachingAuditPlan,
    Deviation,
    OutputsAuditPlan,
    Seeds,
    SeedsAuditPlan,
)
from inferometer_loadgen.rules import RulePack, installed_packs
from inferometer_loadgen.rules.pack import AuditTest, RuledScenario
from inferometer_loadgen.spec.benchmark import BenchmarkSpec
from inferometer_loadgen.spec.scenarios import WITHOUT_ACCURACY

type Misfit = tuple[str, str, str]
"""The path, what is wrong, and what to write instead."""


def misfits(spec: BenchmarkSpec) -> Iterator[Misfit]:
    """What keeps a spec in mode Audit, or one with spec.audit, from being run."""
    if spec.mode != "Audit":
        if spec.audit is not UNSET:
            yield "spec.audit", f"means nothing in mode {spec.mode}", "leave it out, or set spec.mode to Audit"
        return
    if spec.audit is UNSET:
        yield "spec.audit", "is missing, and mode Audit needs it", "write TEST01, TEST04 or TEST05"
    if spec.scenario in WITHOUT_ACCURACY:
        said = f"`Audit` does not fit scenario {spec.scenario}, for which MLPerf has no compliance tests"
        yield "spec.mode", said, "use scenario SingleStream, MultiStream, Server or Offline"
    for path, value in (("spec.repeat", spec.repeat), ("spec.load.findPeak", spec.load.find_peak)):
        if value is not UNSET:
            yield path, "means nothing in mode Audit, whose rounds are those of the test", "leave it out"


def audit_deviation(spec: BenchmarkSpec, pack: RulePack) -> Deviation | None:
    """A test that the edition does not ask for."""
    if spec.mode != "Audit" or spec.audit is UNSET or spec.task is UNSET:
        return None
    asked = pack.tasks[spec.task].audits
    if spec.audit in asked.takes:
        return None
    fixed = ", ".join(asked.takes) or "none of them"
    return Deviation(field="spec.audit", value=spec.audit, fixed=fixed, source=asked.source)


def audit_plan(spec: BenchmarkSpec, pack: RulePack | None, samples: int) -> AuditPlan | None:
    """The test by its edition, and where the rules are custom by the last one; None in other modes.

    `samples` are those that a performance run draws from: a position beyond them is the last.
    """
    if spec.mode != "Audit" or spec.audit is UNSET:
        return None
    edition = pack or list(installed_packs().values())[-1]
    task = None if pack is None or spec.task is UNSET else pack.tasks[spec.task]
    test: AuditTest = spec.audit
    match test:
        case "TEST01":
            rules = edition.audits.outputs
            aimed = rules.log_samples if task is None or task.log_samples is None else task.log_samples
            return OutputsAuditPlan(
                tolerance=rules.tolerance.takes,
                short_tolerance=rules.short_tolerance.takes,
                log_seed=rules.log_seeds.takes[_ruled(spec)],
                log_samples=0 if aimed is None else aimed.takes,
                log_probability=0.0 if rules.log_probability is None else rules.log_probability.takes,
                accuracy_delta=rules.accuracy_delta.takes,
            )
        case "TEST04":
            caching = edition.audits.caching
            return CachingAuditPlan(
                tolerance=caching.tolerance.takes,
                short_tolerance=caching.short_tolerance.takes,
                reference=caching.reference.takes,
                same_index=min(caching.same_index.takes, samples - 1),
            )
        case "TEST05":
            other = edition.audits.seeds
            return SeedsAuditPlan(
                tolerance=other.tolerance.takes,
                short_tolerance=other.short_tolerance.takes,
                seeds=Seeds(qsl=other.seeds.qsl, sample_index=other.seeds.sample_index, schedule=other.seeds.schedule),
            )


def _ruled(spec: BenchmarkSpec) -> RuledScenario:
    match spec.scenario:
        case "Concurrency" | "Replay":
            raise TypeError(f"an audit of scenario {spec.scenario} passed its checks")
        case scenario:
            return scenario
