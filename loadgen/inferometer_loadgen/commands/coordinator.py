"""`inferometer coordinator`: the process that makes the workers of a run one load generator."""

import argparse
import contextlib
import os
import signal
import sys
import threading
from pathlib import Path

from inferometer_loadgen.commands import access
from inferometer_loadgen.commands.exit_codes import ExitCode
from inferometer_loadgen.commands.inputs import read_bytes
from inferometer_loadgen.commands.termination import SIGTERM_EXIT, end_on_sigterm
from inferometer_loadgen.protocol.api import API_PORT, LINK_PORT

TERMINATION_LOG = Path("/dev/termination-log")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the verb."""
    parser = subparsers.add_parser("coordinator", help="coordinate a run's workers (started by run and the operator)")
    parser.add_argument("--plan", type=Path, required=True, help="the plan's JSON")
    parser.add_argument("--token", type=Path, required=True, help="file with the run's token")
    parser.add_argument("--data", type=Path, help="the file of the samples, for the labels of an accuracy run")
    parser.add_argument("--outputs", type=Path, help="the folder in which the answers of an accuracy run are left")
    access.add_tls_arguments(parser)
    parser.add_argument("--run-uid", default=os.environ.get("RUN_UID", ""), help="[$RUN_UID]")
    parser.add_argument("--host", default="0.0.0.0", help="address to listen on [%(default)s]")
    parser.add_argument("--api-port", type=int, default=API_PORT, help="[%(default)s]; 0 takes a free one")
    parser.add_argument("--link-port", type=int, default=LINK_PORT, help="[%(default)s]; 0 takes a free one")
    parser.add_argument(
        "--until-stdin-closes", action="store_true", help="end with whoever holds the other end of standard input"
    )


def execute(args: argparse.Namespace) -> int:
    """Drives one run; prints the ports it listens on as one line of JSON."""
    end_on_sigterm()
    from inferometer_loadgen.coordinator import main as coordinator

    settings = coordinator.CoordinatorSettings(
        plan_path=args.plan,
        token=read_bytes(args.token).strip(),
        run_uid=args.run_uid,
        host=args.host,
        api_port=args.api_port,
        link_port=args.link_port,
        data_path=args.data,
        outputs=args.outputs,
        metrics_tls=access.tls_files_of(args),
        termination_path=TERMINATION_LOG if TERMINATION_LOG.exists() else None,
    )
    if args.until_stdin_closes:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    try:
        there_is_a_report = coordinator.run_coordinator(settings)
    except coordinator.TerminatedError:
        return SIGTERM_EXIT
    except (OSError, coordinator.CredentialsError) as error:
        print(f"inferometer coordinator: {error}", file=sys.stderr)
        return ExitCode.FAILED
    return ExitCode.VALID if there_is_a_report else ExitCode.FAILED


def _end_with_stdin() -> None:
    with contextlib.suppress(OSError):
        os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGTERM)
