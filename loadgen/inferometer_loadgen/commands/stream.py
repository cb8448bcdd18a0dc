"""`inferometer stream`: which sample a spec sends when, before anything is sent."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from inferometer_loadgen.commands.exit_codes import ExitCode

if TYPE_CHECKING:
    from inferometer_loadgen.plan import Plan, SequencesPlan
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
        "--times",
        type=Path,
        metavar="CSV",
        help="the times of a Replay [the ConfigMap in the spec's file or beside it]",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="a line a query: index, sample or samples, scheduled_ns (null: when an answer comes), worker, replica; "
        "with sequences its id, start and end",
    )
    parser.add_argument(
        "--limit",
        metavar="N",
        type=int,
        help="with --json, only N queries: of a load that goes on as answers come, so many",
    )


def execute(args: argparse.Namespace) -> int:
    """Makes the stream and shows it."""
    from inferometer_loadgen.commands import inputs
    from inferometer_loadgen.datasets.files import library_facts
    from inferometer_loadgen.spec.resolve import resolve
    from inferometer_loadgen.stream import make_stream

    for option, value in (("--workers", args.workers), ("--limit", args.limit)):
        if value is not None and value < 1:
            raise inputs.InputError(f"{option} is {value}, which is below 1", "give a whole number from 1")
    decoded = inputs.read_spec(args.file)
    samples = inputs.find_samples(args.file, decoded)
    spec = inputs.with_workers(args.file, decoded, args.workers)
    facts = library_facts(samples.data, samples.format) if samples is not None else None
    plan = resolve(decoded.name, spec, facts, inputs.find_recording(args.file, decoded, args.times))
    stream = make_stream(plan.stream, args.limit if args.json else None)
    workers = plan.workers
    if args.json:
        for block in json_lines(stream, workers, plan.replicas, args.limit, plan.sequences):
            sys.stdout.write(block)
        sys.stdout.flush()
    else:
        print(_summary(plan, stream, workers), file=sys.stderr)
    return ExitCode.VALID


def json_lines(
    stream: "Stream", workers: int, replicas: int, limit: int | None, sequences: "SequencesPlan | None" = None
) -> Iterator[str]:
    """The stream as JSON lines, many to a string. What is sent when an answer has come is due at no known time."""
    from inferometer_loadgen.stream import Issue

    per_row = stream.samples_per_row
    is_due = stream.issue in (Issue.SCHEDULED, Issue.AT_ONCE)
    rows = len(stream) if limit is None else min(limit, len(stream))
    for start in range(0, rows, ROWS_AT_ONCE):
        end = min(start + ROWS_AT_ONCE, rows)
        sample = stream.sample[start * per_row : end * per_row].tolist()
        asked = (
            [f'"sample":{one}' for one in sample]
            if per_row == 1
            else [f'"samples":{sample[at : at + per_row]}'.replace(" ", "") for at in range(0, len(sample), per_row)]
        )
        due = stream.scheduled_ns[start:end].tolist() if is_due else ["null"] * (end - start)
        turns = [""] * (end - start) if sequences is None else _turns(start, end, sequences)
        # Worker and replica by the global index, as in stream.sharding.
        yield "".join(
            f'{{"index":{index},{what},"scheduled_ns":{scheduled_ns},'
            f'"worker":{index % workers},"replica":{index % replicas}{turn}}}\n'
            for index, what, scheduled_ns, turn in zip(range(start, end), asked, due, turns, strict=True)
        )


def _turns(start: int, end: int, sequences: "SequencesPlan") -> list[str]:
    import numpy as np

    from inferometer_loadgen.stream.sequences import turns_of

    turns = turns_of(np.arange(start, end), sequences)
    return [
        f',"sequence_id":{number},"sequence_start":{str(first).lower()},"sequence_end":{str(last).lower()}'
        for number, first, last in zip(*(column.tolist() for column in turns), strict=True)
    ]


def _summary(plan: "Plan", stream: "Stream", workers: int) -> str:
    from inferometer_loadgen.stream import stream_digest
    from inferometer_loadgen.verdict.wording import counted

    return (
        f"{plan.name}  {plan.stream.scenario}  {_rows(stream)} of "
        f"{counted(plan.stream.total_samples, 'sample', 'samples')}, {_when(plan, stream)}\n"
        f"  {_each(workers, 'worker')} sends {_share(len(stream), workers)}, "
        f"{_each(plan.replicas, 'replica')} is asked {_share(len(stream), plan.replicas)}\n"
        f"  digest {stream_digest(stream)} (the same for any number of workers)"
    )


def _rows(stream: "Stream") -> str:
    from inferometer_loadgen.stream import Issue
    from inferometer_loadgen.verdict.wording import counted

    rows = counted(len(stream), "query", "queries")
    if stream.issue is Issue.AT_ONCE:
        rows = f"1 query of {stream.sample.size:,} in {counted(len(stream), 'request', 'requests')}, each"
    return rows if stream.samples_per_row == 1 else f"{rows} of {stream.samples_per_row:,}"


def _when(plan: "Plan", stream: "Stream") -> str:
    from inferometer_loadgen.spec.units import format_duration_ns
    from inferometer_loadgen.stream import Issue, interval_ns

    match stream.issue:
        case Issue.SCHEDULED:
            last_ns = int(stream.scheduled_ns[-1])
            drawn = f", {(len(stream) - 1) / last_ns * 1e9:,.1f}/s as drawn" if last_ns else ""
            if plan.stream.scenario == "Replay":
                return f"as recorded{drawn.removesuffix(' as drawn')}, the last due after {format_duration_ns(last_ns)}"
            return f"{plan.stream.target_qps:,g}/s{drawn}, the last due after {format_duration_ns(last_ns)}"
        case Issue.AT_ONCE:
            return f"all due at once, {plan.in_flight:,} open at a time"
        case Issue.INTERVAL:
            each = format_duration_ns(interval_ns(plan.stream.target_qps))
            return f"at ticks of {each}, and so on for {format_duration_ns(plan.stream.min_duration_ns)} or longer"
        case Issue.COMPLETION:
            in_flight = ", ".join(f"{step:,}" for step in plan.concurrency_steps or (plan.in_flight,))
            each = " in a round each" if plan.concurrency_steps else ""
            return (
                f"{in_flight} open at a time{each}, and so on for "
                f"{format_duration_ns(plan.stream.min_duration_ns)} or longer"
            )


def _each(parts: int, noun: str) -> str:
    return f"1 {noun}" if parts == 1 else f"each of {parts:,} {noun}s"


def _share(queries: int, parts: int) -> str:
    low, high = queries // parts, -(-queries // parts)
    return f"{low:,}" if low == high else f"{low:,} or {high:,}"
