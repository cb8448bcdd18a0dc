"""`inferometer validate`: what is wrong with a spec, or what it will do."""

import argparse
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import UNSET

from inferometer_loadgen.commands.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inferometer_loadgen.spec import BenchmarkSpec
    from inferometer_loadgen.spec.decode import Decoded
    from inferometer_loadgen.spec.resolve import ReplayFacts
    from inferometer_loadgen.spec.schedule_decode import DecodedSchedule

SLOTS_SHOWN = 3


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the verb."""
    parser = subparsers.add_parser(
        "validate",
        help="check specs and say what they will do",
        description="Checks specs without a cluster: prints all that is wrong, a line each, or what a run will do.",
    )
    holds = "a YAML file with one InferenceBenchmark or InferenceBenchmarkSchedule"
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help=holds)
    parser.add_argument(
        "--times",
        type=Path,
        metavar="CSV",
        help="the times of a Replay [the ConfigMap in the spec's file or beside it]",
    )


def execute(args: argparse.Namespace) -> int:
    """Judges each file; one that is wrong does not keep the others from being judged."""
    from inferometer_loadgen.commands.inputs import InputError
    from inferometer_loadgen.datasets.library import DataError
    from inferometer_loadgen.spec.errors import SpecErrors

    code = ExitCode.VALID
    for path in args.files:
        try:
            line = _outlook(path, args.times)
        except SpecErrors as error:
            line, code = str(error), ExitCode.BAD_INPUT
        except InputError as error:
            line, code = str(error), ExitCode.BAD_INPUT
        except DataError as error:
            line, code = f"{path}: spec.load.data: {error}", ExitCode.BAD_INPUT
        print(line, file=sys.stderr)
    return code


def _outlook(path: Path, times: Path | None) -> str:
    from inferometer_loadgen.commands import inputs
    from inferometer_loadgen.spec.decode import Decoded

    decoded = inputs.read_spec_or_schedule(path)
    if isinstance(decoded, Decoded):
        return f"{path}: valid: {_of_a_run(path, decoded, times)}"
    run = Decoded(decoded.name, decoded.namespace, decoded.spec.template.spec, decoded.documents)
    return f"{path}: valid: {_of_a_schedule(decoded)}; each run: {_of_a_run(path, run, times)}"


def _of_a_schedule(decoded: "DecodedSchedule") -> str:
    from datetime import UTC, datetime
    from itertools import islice

    from inferometer_loadgen.spec.cron import timetable

    spec = decoded.spec
    table = timetable(spec.schedule, spec.time_zone)
    slots = ", ".join(table.local(slot) for slot in islice(table.after(datetime.now(UTC)), SLOTS_SHOWN))
    held = "suspended; its slots would be" if spec.suspend else "next"
    return (
        f"{held} {slots}; {spec.concurrency_policy}, starts within {spec.starting_deadline} of its time or not at all"
    )


def _of_a_run(path: Path, decoded: "Decoded", times: Path | None) -> str:
    from inferometer_loadgen.commands import inputs
    from inferometer_loadgen.spec.config_maps import ConfigMapMissing
    from inferometer_loadgen.spec.scenarios import connections_needed
    from inferometer_loadgen.verdict.wording import counted

    load, replicas = decoded.spec.load, decoded.spec.target.replicas
    try:
        recording = inputs.find_recording(path, decoded, times)
    except ConfigMapMissing as error:
        return (
            f"{decoded.spec.scenario}; times not checked: ConfigMap `{error.name}` is neither in the file nor beside it"
        )
    burst = 0 if recording is None else recording.burst
    # Of a worker and a replica that meet: as many pairs as the least common multiple.
    each = connections_needed(decoded.spec.scenario, load, replicas, burst)
    return (
        f"{decoded.spec.scenario}, {', '.join(_load(decoded.spec, recording))}; "
        f"{counted(load.workers, 'worker', 'workers')}, {counted(replicas, 'replica', 'replicas')}, "
        f"{counted(each * math.lcm(load.workers, replicas), 'connection', 'connections')}; {_samples(path, decoded)}"
    )


def _load(spec: "BenchmarkSpec", recording: "ReplayFacts | None") -> "Iterator[str]":
    """How much is asked, for how long, and what is expected of it."""
    from msgspec import UnsetType

    from inferometer_loadgen.spec import scenarios
    from inferometer_loadgen.spec.find_peak import bounds_words
    from inferometer_loadgen.spec.units import format_duration_ns
    from inferometer_loadgen.stream.lengths import expected_samples
    from inferometer_loadgen.verdict.wording import counted, percentile_name

    load, qps = spec.load, scenarios.target_qps(spec.load)
    duration_ns, bound_ns = scenarios.min_duration_ns(load), scenarios.latency_bound_ns(load)
    least = counted(scenarios.min_queries(load), "query", "queries")
    if recording is not None:
        recorded = counted(recording.queries, "query", "queries")
        yield f"{recorded} in {format_duration_ns(recording.lasts_ns)} as recorded"
    elif not isinstance(search := load.find_peak, UnsetType):
        yield f"a search for the peak from {bounds_words(search)}, trials of {search.trial_duration}"
    elif spec.scenario == "Server":
        expected = max(scenarios.min_queries(load), round(qps * duration_ns / 1e9))
        takes_ns = max(duration_ns, round(expected / qps * 1e9))
        yield f"about {counted(expected, 'query', 'queries')} at {qps:,g}/s in {format_duration_ns(takes_ns)}"
    elif spec.scenario == "Offline":
        samples = max(scenarios.min_queries(load), expected_samples(duration_ns, qps))
        takes = format_duration_ns(samples / qps * 1e9)
        yield f"1 query of {counted(samples, 'sample', 'samples')} in {takes} if {qps:,g}/s are answered"
        yield f"{scenarios.in_flight(spec.scenario, load, spec.target.replicas):,} requests in flight"
    else:
        samples = scenarios.samples_per_query(spec.scenario, load)
        of = f" of {samples} samples" if samples > 1 else ""
        yield f"at least {least}{of} and {format_duration_ns(duration_ns)}"
        if scenarios.is_ticking(spec.scenario, load):
            yield f"one at each tick of {qps:,g}/s at which none is open"
        elif not isinstance(steps := load.concurrency_steps, UnsetType):
            yield f"{', '.join(f'{step:,}' for step in steps)} open at any time, in a round each"
        else:
            yield f"{scenarios.in_flight(spec.scenario, load, 1):,} open at any time"
    yield from _which_belong_together(spec)
    if not isinstance(repeat := spec.repeat, UnsetType) and repeat.count > 1:
        yield f"in {repeat.count} rounds"
    yield from _modes(spec)
    if spec.mode == "Accuracy":
        return
    if bound_ns:
        percentile = percentile_name(scenarios.latency_percentile(spec.scenario, load))
        yield f"{percentile} within {format_duration_ns(bound_ns)}"


def _which_belong_together(spec: "BenchmarkSpec") -> "Iterator[str]":
    from msgspec import UnsetType

    from inferometer_loadgen.verdict.wording import counted

    if not isinstance(sequences := spec.load.sequences, UnsetType):
        yield f"in sequences of {counted(sequences.length, 'query', 'queries')}"


def _modes(spec: "BenchmarkSpec") -> "Iterator[str]":
    """What is done besides measuring the load."""
    from inferometer_loadgen.spec import scenarios

    if spec.audit is not UNSET:
        yield f"audit {spec.audit} against the load as it is"
    if spec.mode in scenarios.SCORED_MODES:
        yield "each sample of the library once, to be scored"


def _samples(path: Path, decoded: "Decoded") -> str:
    from inferometer_loadgen.commands import inputs
    from inferometer_loadgen.datasets.files import library_facts
    from inferometer_loadgen.spec.config_maps import ConfigMapMissing
    from inferometer_loadgen.verdict.wording import counted

    try:
        samples = inputs.find_samples(path, decoded)
    except ConfigMapMissing as error:
        # It may be in the cluster, where the operator judges it.
        return f"samples not checked: ConfigMap `{error.name}` is neither in the file nor beside it"
    if samples is None:
        synthetic = decoded.spec.load.data.synthetic
        return (
            "synthetic samples"
            if synthetic is UNSET
            else counted(synthetic.samples, "synthetic sample", "synthetic samples")
        )
    count = library_facts(samples.data, samples.format).samples
    return f"{counted(count, 'sample', 'samples')} of ConfigMap `{samples.config_map}`"
