"""`inferometer worker`: one load pod's process."""

import argparse
import os
import sys
from pathlib import Path

from inferometer_loadgen.commands import access
from inferometer_loadgen.commands.exit_codes import ExitCode
from inferometer_loadgen.commands.inputs import InputError, read_bytes
from inferometer_loadgen.commands.termination import end_on_sigterm


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the verb. Addresses come from the environment, as the pod's manifest sets it."""
    parser = subparsers.add_parser("worker", help="send one shard of a run's queries (started by run and the operator)")
    parser.add_argument("--plan", type=Path, required=True, help="the plan's JSON")
    parser.add_argument("--token", type=Path, required=True, help="file with the run's token")
    parser.add_argument("--data", type=Path, help="the file of the samples, where the plan has them")
    access.add_arguments(parser)
    parser.add_argument(
        "--bodies-fd",
        type=int,
        metavar="FD",
        help="a memory file in which the worker processes of a shell share bodies",
    )
    parser.add_argument("--coordinator", default=os.environ.get("COORDINATOR"), help="host:port [$COORDINATOR]")
    parser.add_argument("--index", type=int, default=os.environ.get("WORKER_INDEX"), help="[$WORKER_INDEX]")
    parser.add_argument("--pod-uid", default=os.environ.get("POD_UID", ""), help="[$POD_UID]")


def execute(args: argparse.Namespace) -> int:
    """Works until the coordinator says goodbye."""
    end_on_sigterm()
    from inferometer_loadgen.worker import main as worker

    if args.coordinator is None or args.index is None:
        raise InputError("coordinator or index is missing", "set COORDINATOR and WORKER_INDEX, or their options")
    settings = worker.WorkerSettings(
        plan_path=args.plan,
        token=read_bytes(args.token).strip(),
        coordinator=args.coordinator,
        index=args.index,
        pod_uid=args.pod_uid,
        data_path=args.data,
        access=access.files_of(args),
        bodies_fd=None if args.bodies_fd is None else _opened_again(args.bodies_fd),
    )
    try:
        worker.run_worker(settings)
    except worker.AbortedError as error:
        print(f"inferometer worker {args.index}: the run was called off: {error}", file=sys.stderr)
        return ExitCode.FAILED
    except worker.WORKER_ERRORS as error:
        print(f"inferometer worker {args.index}: {error}", file=sys.stderr)
        return ExitCode.FAILED
    return ExitCode.VALID


def _opened_again(fd: int) -> int:
    from inferometer_loadgen.worker.shared_memory import open_inherited

    try:
        return open_inherited(fd)
    except OSError as error:
        raise InputError(
            f"--bodies-fd {fd}: is no memory file that this process was started with: {error}",
            "leave it out: only `inferometer run` gives it to the workers that it starts",
        ) from error
