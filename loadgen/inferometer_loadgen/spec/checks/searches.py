"""A search for the peak."""

from collections.abc import Iterator

from msgspec import UNSET, UnsetType

from inferometer_loadgen.spec import scenarios
from inferometer_loadgen.spec.benchmark import BenchmarkSpec
from inferometer_loadgen.spec.checks.error import SpecError
from inferometer_loadgen.spec.find_peak import TOLERANCE
from inferometer_loadgen.spec.units import parse_duration_ns

ONE_OF_BOTH = "leave one of them out"


def a_search_looks_for_one_thing(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """A search for the peak that does not say between which rates, in MultiStream between which numbers of samples, or
    says both. Next: what the message says."""
    search, path = spec.load.find_peak, "spec.load.findPeak"
    if isinstance(search, UnsetType) or spec.scenario not in ("Server", "MultiStream"):
        return
    rates: dict[str, object] = {"min": search.min, "max": search.max}
    counts: dict[str, object] = {
        "minSamplesPerQuery": search.min_samples_per_query,
        "maxSamplesPerQuery": search.max_samples_per_query,
    }
    if spec.scenario == "Server":
        needed, others = rates, counts
        for name in (name for name, value in needed.items() if value is UNSET):
            yield SpecError(f"{path}.{name}", "is missing, and Server looks for a rate", "add it: queries per second")
    else:
        needed, others = counts, rates
        if not scenarios.is_ticking(spec.scenario, spec.load):
            yield SpecError(
                path,
                f"does not fit streamDialect {scenarios.stream_dialect(spec.load)}, whose MultiStream has a latency as "
                "its result",
                f"set streamDialect to {scenarios.TICKING}, or leave findPeak out",
            )
        if search.max_samples_per_query is UNSET:
            yield SpecError(
                f"{path}.maxSamplesPerQuery", "is missing, and MultiStream looks for samples per query", "add it"
            )
        if spec.load.samples_per_query is not UNSET:
            yield SpecError(path, "says which samples per query are tried, and samplesPerQuery is set too", ONE_OF_BOTH)
        if search.tolerance != TOLERANCE:
            yield SpecError(
                f"{path}.tolerance",
                f"`{search.tolerance:g}` means nothing in MultiStream, where each number of samples can be found",
                "leave it out",
            )
    for name in (name for name, value in others.items() if value is not UNSET):
        yield SpecError(f"{path}.{name}", f"means nothing in {spec.scenario}", f"use {' and '.join(needed)}")


def a_search_has_room(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """A search for the peak beside a targetQPS or repeats, with a max below its min, or with trials that last no time.
    Next: one of both, and bounds between which something is to be found."""
    search = spec.load.find_peak
    if isinstance(search, UnsetType):
        return
    if search.rates is not None and spec.load.target_qps is not UNSET:
        yield SpecError("spec.load.findPeak", "says which rates are tried, and targetQPS is set too", ONE_OF_BOTH)
    if not isinstance(spec.repeat, UnsetType):
        yield SpecError("spec.repeat", "does not fit findPeak, whose rounds are its trials", ONE_OF_BOTH)
    for unit, bounds in (("", search.rates), ("SamplesPerQuery", search.sample_counts)):
        if bounds is not None and bounds[1] < bounds[0]:
            yield SpecError(
                f"spec.load.findPeak.max{unit}",
                f"`{bounds[1]:g}` is below min{unit} `{bounds[0]:g}`",
                f"write min{unit} or more",
            )
    if parse_duration_ns(search.trial_duration) == 0:
        yield SpecError(
            "spec.load.findPeak.trialDuration", f"`{search.trial_duration}` is no time at all", "write 1s or more"
        )
