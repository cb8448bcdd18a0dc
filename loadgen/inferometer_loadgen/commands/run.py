"""`inferometer run`: a benchmark from a shell, against any running server."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET

from inferometer_loadgen.commands import access
from inferometer_loadgen.commands.endpoint import servers_of, with_servers
from inferometer_loadgen.commands.exit_codes import ExitCode, of_verdict
from inferometer_loadgen.commands.inputs import (
    InputError,
    find_recording,
    find_samples,
    read_bytes,
    read_spec,
    with_workers,
)

if TYPE_CHECKING:
    from rich.console import Console

    from inferometer_loadgen.local.engine import LocalRun
    from inferometer_loadgen.plan import Plan, ReplicaAddress
    from inferometer_loadgen.report.schema import Report
    from inferometer_loadgen.spec.decode import Decoded

MAX_WORKERS = 64


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the verb."""
    parser = subparsers.add_parser(
        "run",
        help="run a benchmark against servers that are already there",
        description="Runs the very benchmark that the operator would run, with coordinator and workers on this "
        "machine, against the servers at --endpoint instead of those of spec.target, or those of spec.target.endpoint.",
    )
    parser.add_argument("spec", type=Path, help="file with an InferenceBenchmark")
    parser.add_argument(
        "--endpoint",
        action="append",
        default=[],
        metavar="URL",
        help="a server's URL, of HTTP or, as grpc://HOST:8001, of gRPC; with TLS, https:// or grpcs://; repeat it for "
        "replicas [spec.target.endpoint.urls]",
    )
    parser.add_argument(
        "--metrics-url",
        action="append",
        default=[],
        metavar="URL",
        help="the metrics page of the endpoint at the same place [spec.target.endpoint.metricsURLs; else port 8002 of "
        "its host, /metrics]",
    )
    access.add_arguments(parser)
    parser.add_argument("--workers", type=int, help="worker processes [spec.load.workers]")
    parser.add_argument(
        "--data", type=Path, metavar="NPZ", help="the samples [the ConfigMap in the spec's file or beside it]"
    )
    parser.add_argument(
        "--times",
        type=Path,
        metavar="CSV",
        help="the times of a Replay [the ConfigMap in the spec's file or beside it]",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="DIR", help="where the report and MLPerf's logs go [./inferometer-<UTC>]"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON on standard output")


def execute(args: argparse.Namespace) -> int:
    """Runs the benchmark and says its verdict."""
    from rich.console import Console

    from inferometer_loadgen.local.display import headline
    from inferometer_loadgen.local.engine import LocalRun
    from inferometer_loadgen.rounds import may_keep_answers

    decoded = read_spec(args.spec)
    replicas = servers_of(args, decoded)
    plan, data = _plan(args, decoded, replicas)
    _can_score(plan)
    files = access.checked_files_of(args, replicas, plan.protocol)
    console = Console(stderr=True)
    console.print(headline(plan, tuple(replica.url for replica in replicas)), highlight=False, soft_wrap=True)
    args.output = args.output or Path(f"inferometer-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    outputs = args.output if may_keep_answers(plan) else None
    if outputs is not None:
        outputs.mkdir(parents=True, exist_ok=True)
    return _run(LocalRun(plan=plan, replicas=replicas, data=data, access=files, outputs=outputs), console, args)


def _can_score(plan: "Plan") -> None:
    """Raises InputError where the answers could not be scored in the end."""
    if plan.scorer is None:
        return
    from inferometer_loadgen.datasets.scoring import missing_package

    if package := missing_package(plan.scorer):
        raise InputError(
            f"spec.accuracy.scorer: `{plan.scorer.kind}` needs the package {package}",
            "install inferometer with the extra `scoring`",
        )


def _run(run: "LocalRun", console: "Console", args: argparse.Namespace) -> int:
    from inferometer_loadgen.client import CoordinatorError
    from inferometer_loadgen.local.display import Display
    from inferometer_loadgen.local.engine import ChildError, run_locally

    try:
        with Display(console) as display:
            outcome = asyncio.run(run_locally(run, display.show))
    except (ChildError, CoordinatorError) as error:
        print(f"FAILED  {error}", file=sys.stderr)
        return ExitCode.FAILED
    if outcome.failure is not None:
        print(f"FAILED  {outcome.failure.type}: {outcome.failure.message}", file=sys.stderr)
    if outcome.report is not None:
        write_report(outcome.report, args)
    if outcome.interrupted:
        return ExitCode.INTERRUPTED
    if outcome.failure is not None or outcome.report is None:
        return ExitCode.FAILED
    return of_verdict(outcome.report.verdict)


def write_report(report: "Report", args: argparse.Namespace) -> None:
    """Leaves the report, and MLPerf's logs of it where there are any, in the folder of -o, and shows it."""
    from inferometer_loadgen.commands.mlperf_logs import write_logs
    from inferometer_loadgen.mlperf_logs import ACCURACY, has_logs
    from inferometer_loadgen.report import schema
    from inferometer_loadgen.report.text import report_text

    folder: Path = args.output
    folder.mkdir(parents=True, exist_ok=True)
    encoded = schema.encode(report)
    (folder / "report.json").write_bytes(msgspec.json.format(encoded) + b"\n")
    print(report_text(report, str(folder / "report.json")), file=sys.stderr)
    if args.json:
        sys.stdout.write(encoded.decode() + "\n")
    missing = write_logs(report, folder, folder) if has_logs(report) else ""
    if missing:
        print(f"no {ACCURACY}: {missing}", file=sys.stderr)


def _plan(
    args: argparse.Namespace, decoded: "Decoded", replicas: "tuple[ReplicaAddress, ...]"
) -> "tuple[Plan, bytes | None]":
    from inferometer_loadgen.datasets.files import library_facts
    from inferometer_loadgen.spec import resolve

    workers = decoded.spec.load.workers if args.workers is None else args.workers
    if not 1 <= workers <= MAX_WORKERS:
        raise InputError(f"--workers {workers}: is not between 1 and {MAX_WORKERS}", "give a number in that range")
    data = _data(args, decoded)
    # What differs from the run in a cluster: the servers are those of --endpoint, as many as were given.
    spec = with_servers(with_workers(args.spec, decoded, args.workers), replicas)
    source = spec.load.data.config_map
    facts = None if data is None or source is UNSET else library_facts(data, source.format)
    return resolve(decoded.name, spec, facts, find_recording(args.spec, decoded, args.times)), data


def _data(args: argparse.Namespace, decoded: "Decoded") -> bytes | None:
    if args.data is not None:
        return read_bytes(args.data)
    samples = find_samples(args.spec, decoded)
    return None if samples is None else samples.data
