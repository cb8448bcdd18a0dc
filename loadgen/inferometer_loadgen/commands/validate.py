"""`inferometer validate`: what is wrong with a spec, or what it will do."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import UNSET

from inferometer_loadgen.commands.exit_codes import ExitCode

if TYPE_CHECKING:
    from inferometer_loadgen.spec.decode import Decoded
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


def execute(args: argparse.Namespace) -> int:
    """Judges each file; one that is wrong does not keep the others from being judged."""
    from inferometer_loadgen.commands.inputs import InputError
    from inferometer_loadgen.datasets.library import DataError
    from inferometer_loadgen.spec.errors import SpecErrors

    code = ExitCode.VALID
    for path in args.files:
        try:
            line = _outlook(path)
        except SpecErrors as error:
            line, code = str(error), ExitCode.BAD_INPUT
        except InputError as error:
            line, code = str(error), ExitCode.BAD_INPUT
        except DataError as error:
            line, code = f"{path}: spec.load.data: {error}", ExitCode.BAD_INPUT
        print(line, file=sys.stderr)
    return code


def _outlook(path: Path) -> str:
    from inferometer_loadgen.commands import inputs
    from inferometer_loadgen.spec.decode import Decoded

    decoded = inputs.read_spec_or_schedule(path)
    if isinstance(decoded, Decoded):
        return f"{path}: valid: {_of_a_run(path, decoded)}"
    run = Decoded(decoded.name, decoded.namespace, decoded.spec.template.spec, decoded.documents)
    return f"{path}: valid: {_of_a_schedule(decoded)}; each run: {_of_a_run(path, run)}"


def _of_a_schedule(decoded: "DecodedSchedule") -> str:
    from datetime import UTC, datetime
    from itertools import islice

    from inferometer_loadgen.spec.cron import timetable

    spec = decoded.spec
    times = timetable(spec.schedule, spec.time_zone)
    slots = ", ".join(times.local(slot) for slot in islice(times.after(datetime.now(UTC)), SLOTS_SHOWN))
    held = "suspended; its slots would be" if spec.suspend else "next"
    return (
        f"{held} {slots}; {spec.concurrency_policy}, starts within {spec.starting_deadline} of its time or not at all"
    )


def _of_a_run(path: Path, decoded: "Decoded") -> str:
    from inferometer_loadgen.spec.resolve import connections_needed
    from inferometer_loadgen.spec.units import format_duration_ns, parse_duration_ns
    from inferometer_loadgen.verdict.wording import counted, percentile_name

    load, replicas = decoded.spec.load, decoded.spec.target.triton.replicas
    duration_ns, bound_ns = parse_duration_ns(load.min_duration), parse_duration_ns(load.latency_bound)
    expected = max(load.min_queries, round(load.target_qps * duration_ns / 1e9))
    takes_ns = max(duration_ns, round(expected / load.target_qps * 1e9))
    each = connections_needed(load.target_qps / load.workers / replicas, bound_ns)
    return (
        f"{decoded.spec.scenario}, about {counted(expected, 'query', 'queries')} at "
        f"{load.target_qps:,g}/s in {format_duration_ns(takes_ns)}, {percentile_name(load.latency_percentile)} within "
        f"{format_duration_ns(bound_ns)}; {counted(load.workers, 'worker', 'workers')}, "
        f"{counted(replicas, 'replica', 'replicas')}, {each * load.workers * replicas:,} connections; "
        f"{_samples(path, decoded)}"
    )


def _samples(path: Path, decoded: "Decoded") -> str:
    from inferometer_loadgen.commands import inputs
    from inferometer_loadgen.datasets.npz import npz_facts
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
    count = npz_facts(samples.data).samples
    return f"{counted(count, 'sample', 'samples')} of ConfigMap `{samples.config_map}`"
