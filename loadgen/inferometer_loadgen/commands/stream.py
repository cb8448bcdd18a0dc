"""`inferometer stream`: which sample a spec sends when, before anything is sent."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from inferometer_loadgen.commands.exit_codes import ExitCode

if TYPE_CHECKING:
    from inferometer_loadgen.plan import Plan
    from inferometer_loadgen.stream import Stream

ROWS_AT_ONCE = 1 << 16
"""Lines that are written in one go: enough to be fast, few enough that `head` ends at once."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the verb."""
    parser = subparsers.add_parser(
        "stream",
        help="show which sample is sent when",
        description="Makes the stream of a spec: the same for any number of workers, and LoadGen's for equal seeds.",
    )
    parser.add_argument("file", metavar="SPEC.yaml", type=Path, help="a YAML file with one InferenceBenchmark")
    parser.add_argument("--workers", metavar="W", type=int, help="deal it out to W workers instead of the spec's")
    parser.add_argument(
        "--json", action="store_true", help="a line a query: index, sample, scheduled_ns, worker, replica"
    )
    parser.add_argument("--limit", metavar="N", type=int, help="with --json, only the first N queries")


def execute(args: argparse.Namespace) -> int:
    """Makes the stream and shows it."""
    from inferometer_loadgen.commands import inputs
    from inferometer_loadgen.datasets.npz import npz_facts
    from inferometer_loadgen.spec.resolve import resolve
    from inferometer_loadgen.stream import make_stream

    for option, value in (("--workers", args.workers), ("--limit", args.limit)):
        if value is not None and value < 1:
            raise inputs.InputError(f"{option} is {value}, which is below 1", "give a whole number from 1")
    decoded = inputs.read_spec(args.file)
    samples = inputs.find_samples(args.file, decoded)
    plan = resolve(decoded.name, decoded.spec, npz_facts(samples.data) if samples is not None else None)
    stream = make_stream(plan.stream)
    workers = args.workers or plan.workers
    if args.json:
        for block in json_lines(stream, workers, plan.replicas, args.limit):
            sys.stdout.write(block)
        sys.stdout.flush()
    else:
        print(_summary(plan, stream, workers), file=sys.stderr)
    return ExitCode.VALID


def json_lines(stream: "Stream", workers: int, replicas: int, limit: int | None) -> Iterator[str]:
    """The stream as JSON lines, many to a string."""
    rows = len(stream) if limit is None else min(limit, len(stream))
    for start in range(0, rows, ROWS_AT_ONCE):
        end = min(start + ROWS_AT_ONCE, rows)
        columns = zip(
            range(start, end), stream.sample[start:end].tolist(), stream.scheduled_ns[start:end].tolist(), strict=True
        )
        # Worker and replica by the global index, as in stream.sharding.
        yield "".join(
            f'{{"index":{index},"sample":{sample},"scheduled_ns":{scheduled_ns},'
            f'"worker":{index % workers},"replica":{index % replicas}}}\n'
            for index, sample, scheduled_ns in columns
        )


def _summary(plan: "Plan", stream: "Stream", workers: int) -> str:
    from inferometer_loadgen.spec.units import format_duration_ns
    from inferometer_loadgen.stream import stream_digest
    from inferometer_loadgen.verdict.wording import counted

    last_ns = int(stream.scheduled_ns[-1])
    drawn = f", {(len(stream) - 1) / last_ns * 1e9:,.1f}/s as drawn" if last_ns else ""
    return (
        f"{plan.name}  {plan.stream.scenario}  {counted(len(stream), 'query', 'queries')} of "
        f"{counted(plan.stream.total_samples, 'sample', 'samples')}, {plan.stream.target_qps:,g}/s{drawn}, the last "
        f"due after {format_duration_ns(last_ns)}\n"
        f"  {_each(workers, 'worker')} sends {_share(len(stream), workers)}, "
        f"{_each(plan.replicas, 'replica')} is asked {_share(len(stream), plan.replicas)}\n"
        f"  digest {stream_digest(stream)} (the same for any number of workers)"
    )


def _each(parts: int, noun: str) -> str:
    return f"1 {noun}" if parts == 1 else f"each of {parts:,} {noun}s"


def _share(queries: int, parts: int) -> str:
    low, high = queries // parts, -(-queries // parts)
    return f"{low:,}" if low == high else f"{low:,} or {high:,}"
