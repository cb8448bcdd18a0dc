"""Modes: what is scored, what is audited."""

from collections.abc import Iterator

from msgspec import UNSET

from inferometer_loadgen.spec import audits, scenarios
from inferometer_loadgen.spec.benchmark import BenchmarkSpec
from inferometer_loadgen.spec.checks.error import SpecError
from inferometer_loadgen.spec.scorer_checks import scorer_misfits


def accuracy_fits(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """A mode Accuracy or PerformanceAndAccuracy without spec.accuracy, in a scenario that does not ask for each sample
    once, or with samples that have no labels. Next: what the message says."""
    accuracy, mode = spec.accuracy, spec.mode
    may_score = mode in scenarios.SCORED_MODES or (mode == "Audit" and spec.audit == "TEST01")
    if not may_score or (mode == "Audit" and accuracy is UNSET):
        if accuracy is not UNSET:
            yield SpecError(
                "spec.accuracy",
                f"means nothing in mode {mode}",
                f"leave it out, or set spec.mode to {' or '.join(scenarios.SCORED_MODES)}",
            )
        return
    if accuracy is UNSET:
        yield SpecError("spec.accuracy", f"is missing, and mode {mode} needs it", "add it: how answers are scored")
    if spec.scenario in scenarios.WITHOUT_ACCURACY and mode != "Audit":
        yield SpecError(
            "spec.mode",
            f"`{mode}` does not fit scenario {spec.scenario}, which does not ask for each sample once",
            "use scenario Offline or Server",
        )
    data = spec.load.data
    if data.synthetic is not UNSET:
        yield SpecError(
            "spec.load.data.synthetic",
            f"has no right answers, and mode {mode} needs them",
            "give real samples with their labels, spec.load.data.configMap",
        )
    elif data.config_map is not UNSET and data.config_map.format != "npz":
        yield SpecError(
            "spec.load.data.configMap.format",
            f"`{data.config_map.format}` holds no labels, and mode {mode} needs them",
            "give an npz with arrays `label:NAME`",
        )


def scorer_fits(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """A scorer without what it needs, with what is another one's, or with a target that it cannot reach. Next: what the
    message says."""
    if spec.accuracy is not UNSET:
        yield from (SpecError(*misfit) for misfit in scorer_misfits(spec.accuracy))


def accuracy_has_one_round(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """Several rounds in mode Accuracy, which asks for each sample once. Next: leave repeat and findPeak out."""
    if spec.mode != "Accuracy":
        return
    for path, value in (("spec.repeat", spec.repeat), ("spec.load.findPeak", spec.load.find_peak)):
        if value is not UNSET:
            yield SpecError(path, "means nothing in mode Accuracy, which asks for each sample once", "leave it out")


def audit_fits(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """A mode Audit without spec.audit, with several measured rounds, or in a scenario that is none of MLPerf's. Next:
    what the message says."""
    yield from (SpecError(*misfit) for misfit in audits.misfits(spec))
