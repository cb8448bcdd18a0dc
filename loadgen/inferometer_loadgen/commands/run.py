"""`inferometer run`: a benchmark from a shell, against any running server."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
from inferometer_loadgen.commands.exit_codes import ExitCode
from msgspec import UNSET

from inferometer_loadgen.datasets.library import DataError
from inferometer_loadgen.datasets.npz import npz_facts
from inferometer_loadgen.plan import Plan, ReplicaAddress
from inferometer_loadgen.spec import NpzFacts, check, resolve
from inferometer_loadgen.spec.config_maps import find_config_map
from inferometer_loadgen.spec.decode import Decoded, decode_file
from inferometer_loadgen.spec.errors import SpecErrors

if TYPE_CHECKING:
    from rich.console import Console

    from inferometer_loadgen.local.engine import LocalRun

SAMPLES_KEY = "samples.npz"


class BadInputError(Exception):
    """The arguments, the spec or the samples cannot be run; the message says what to change."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the verb."""
    parser = subparsers.add_parser(
        "run",
        help="run a benchmark against servers that are already there",
        description="Runs the very benchmark that the operator would run, with coordinator and workers on this "
        "machine, against the servers at --endpoint instead of those of spec.target.",
    )
    parser.add_argument("spec", type=Path, help="file with an InferenceBenchmark")
    parser.add_argument(
        "--endpoint", action="append", required=True, metavar="URL", help="a server's HTTP URL; repeat it for replicas"
    )
    parser.add_argument(
        "--metrics-url",
        action="append",
        default=[],
        metavar="URL",
        help="the metrics page of the endpoint at the same place [port 8002 of its host, /metrics]",
    )
    parser.add_argument("--workers", type=int, help="worker processes [spec.load.workers]")
    parser.add_argument(
        "--data", type=Path, metavar="NPZ", help="the samples [the ConfigMap in the spec's file or beside it]"
    )
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="where the report goes [./inferometer-<UTC>]")
    parser.add_argument("--json", action="store_true", help="print the report as JSON on standard output")


def execute(args: argparse.Namespace) -> int:
    """Runs the benchmark and says its verdict."""
    from rich.console import Console

    from inferometer_loadgen.local.display import headline
    from inferometer_loadgen.local.engine import LocalRun

    console = Console(stderr=True)
    try:
        plan, data = _plan(args)
        replicas = _replicas(args.endpoint, args.metrics_url)
    except (BadInputError, SpecErrors, DataError) as error:
        print(error, file=sys.stderr)
        return ExitCode.BAD_INPUT
    console.print(headline(plan, tuple(args.endpoint)), highlight=False)
    try:
        return _run(LocalRun(plan=plan, replicas=replicas, data=data), console, args)
    except KeyboardInterrupt:
        console.print("interrupted: the servers are left as they are, no report was written", highlight=False)
        return ExitCode.INTERRUPTED


def _run(run: "LocalRun", console: "Console", args: argparse.Namespace) -> int:
    from inferometer_loadgen.report.text import report_text

    from inferometer_loadgen.coordinator.client import CoordinatorError
    from inferometer_loadgen.local.display import Display
    from inferometer_loadgen.local.engine import ChildError, run_locally
    from inferometer_loadgen.protocol.api import FailureReport
    from inferometer_loadgen.report import schema

    try:
        with Display(console) as display:
            outcome = asyncio.run(run_locally(run, display.show))
    except (ChildError, CoordinatorError) as error:
        console.print(f"FAILED  {error}", highlight=False)
        return ExitCode.FAILED
    if isinstance(outcome, FailureReport):
        console.print(f"FAILED  {outcome.type}: {outcome.message}", highlight=False)
        return ExitCode.FAILED
    folder = args.output or Path(f"inferometer-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    folder.mkdir(parents=True, exist_ok=True)
    encoded = schema.encode(outcome)
    (folder / "report.json").write_bytes(msgspec.json.format(encoded) + b"\n")
    print(report_text(outcome, f"{folder}/report.json"), file=sys.stderr)
    if args.json:
        sys.stdout.write(encoded.decode() + "\n")
    return ExitCode.VALID if outcome.verdict == "Valid" else ExitCode.INVALID


def _plan(args: argparse.Namespace) -> tuple[Plan, bytes | None]:
    try:
        text = args.spec.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"{args.spec}: cannot be read: {error}") from error
    decoded = decode_file(text, str(args.spec))
    triton = msgspec.structs.replace(decoded.spec.target.triton, replicas=len(args.endpoint))
    load = msgspec.structs.replace(decoded.spec.load, workers=args.workers or decoded.spec.load.workers)
    spec = msgspec.structs.replace(
        decoded.spec, target=msgspec.structs.replace(decoded.spec.target, triton=triton), load=load
    )
    errors = check(decoded.name, spec)
    if not 1 <= load.workers <= 64:
        raise BadInputError(f"--workers: {load.workers} is not between 1 and 64")
    if errors:
        raise BadInputError("\n".join(str(error) for error in errors))
    data = _data(args, decoded)
    return resolve(decoded.name, spec, _facts(data)), data


def _data(args: argparse.Namespace, decoded: Decoded) -> bytes | None:
    if args.data is not None:
        try:
            return bytes(args.data.read_bytes())
        except OSError as error:
            raise BadInputError(f"--data: {args.data} cannot be read: {error}") from error
    config_map = decoded.spec.load.data.config_map
    if config_map is UNSET:
        return None
    entries = find_config_map(args.spec, decoded, config_map.name)
    if SAMPLES_KEY not in entries:
        raise BadInputError(f"ConfigMap {config_map.name} has no key {SAMPLES_KEY}, but {', '.join(entries) or 'none'}")
    return entries[SAMPLES_KEY]


def _facts(data: bytes | None) -> NpzFacts | None:
    return None if data is None else npz_facts(data)


def _replicas(endpoints: list[str], metrics_urls: list[str]) -> tuple[ReplicaAddress, ...]:
    if metrics_urls and len(metrics_urls) != len(endpoints):
        raise BadInputError(
            f"--metrics-url was given {len(metrics_urls)} times for {len(endpoints)} endpoints. "
            "hint: give it once for each, in the same order, or not at all"
        )
    replicas = []
    for position, endpoint in enumerate(endpoints):
        parts = urlsplit(endpoint)
        if parts.scheme != "http" or not parts.hostname or parts.path not in {"", "/"}:
            raise BadInputError(f"--endpoint: `{endpoint}` is no server's URL. hint: write http://HOST:8000")
        metrics_url = metrics_urls[position] if metrics_urls else f"http://{parts.hostname}:8002/metrics"
        replicas.append(ReplicaAddress(name=parts.netloc, url=f"http://{parts.netloc}", metrics_url=metrics_url))
    return tuple(replicas)
