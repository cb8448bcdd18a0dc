"""`inferometer report`: a stored report, as the run showed it when it ended."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from inferometer_loadgen.commands.exit_codes import of_verdict

if TYPE_CHECKING:
    from inferometer_loadgen.report.schema import Report

NAMES = ("report.json", "report.json.gz")
GZIP_MAGIC = b"\x1f\x8b"


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the verb."""
    parser = subparsers.add_parser(
        "report",
        help="show a stored report",
        description="Shows a report's verdict and figures; the exit code is the verdict's: 0 for Valid, otherwise 3.",
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="report.json, report.json.gz, or the folder with one")
    parser.add_argument("--json", action="store_true", help="print the report itself to standard output")
    parser.add_argument(
        "--mlperf-logs",
        type=Path,
        metavar="DIR",
        help="write the log files of MLPerf's LoadGen there; those of an accuracy run need the answers beside FILE",
    )


def execute(args: argparse.Namespace) -> int:
    """Reads the report and shows it."""
    import msgspec

    from inferometer_loadgen.report import schema
    from inferometer_loadgen.report.text import report_text

    path = _file(args.file)
    data = _unpacked(path)
    try:
        report = schema.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        from inferometer_loadgen.commands.inputs import InputError

        raise InputError(f"{path}: is no report: {error}", f"give a report of schema {schema.REPORT_SCHEMA}") from error
    if args.mlperf_logs is not None:
        _write_logs(report, args.mlperf_logs, path)
    if args.json:
        sys.stdout.write(msgspec.json.format(data, indent=2).decode() + "\n")
        sys.stdout.flush()
    else:
        print(report_text(report, str(path)), file=sys.stderr)
    return of_verdict(report.verdict)


def _write_logs(report: "Report", folder: Path, path: Path) -> None:
    from inferometer_loadgen.commands.inputs import InputError
    from inferometer_loadgen.commands.mlperf_logs import write_logs
    from inferometer_loadgen.mlperf_logs import ACCURACY, has_logs, why_none

    if not has_logs(report):
        raise InputError(f"--mlperf-logs: {why_none(report)}", "leave it out")
    try:
        missing = write_logs(report, folder, path.parent)
    except OSError as error:
        raise InputError(f"--mlperf-logs {folder}: {error.strerror or error}", "give another folder") from error
    if missing:
        raise InputError(f"--mlperf-logs: no {ACCURACY}: {missing}", "give the report in the folder of its run")


def _file(path: Path) -> Path:
    if not path.is_dir():
        return path
    for name in NAMES:
        if (path / name).is_file():
            return path / name
    from inferometer_loadgen.commands.inputs import InputError

    raise InputError(f"{path}: holds neither {' nor '.join(NAMES)}", "give the folder that a run has written")


def _unpacked(path: Path) -> bytes:
    import gzip
    import zlib

    from inferometer_loadgen.commands.inputs import InputError, read_bytes

    data = read_bytes(path)
    if not data.startswith(GZIP_MAGIC):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be unpacked: {error}", "copy it again; it may have been cut short") from error
