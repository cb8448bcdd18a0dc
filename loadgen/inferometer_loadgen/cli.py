"""Arguments in, library calls, and every ending as an exit code and one readable line.

Text for people goes to standard error, data to standard output. A verb's own module is imported only when it is
asked for, and heavier ones only when it works, so that `inferometer --help` answers at once.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from types import ModuleType

from inferometer_loadgen import __version__
from inferometer_loadgen.commands.exit_codes import ExitCode

VERBS = ("run", "validate", "stream", "report", "rules", "import", "coordinator", "worker")
"""In the order in which a user meets them; each is a module of `commands`."""
_MODULES = {"import": "import_library"}
"""Of verbs that can't be a module's name."""


def main(argv: Sequence[str]) -> int:
    """Runs one verb; returns its exit code. Raises SystemExit only as argparse does, for --help and bad arguments."""
    args = build_parser(argv[0] if argv else None).parse_args(argv)
    verb = _module(args.verb)
    try:
        return int(verb.execute(args))
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The interpreter flushes standard output once more at its end; let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.PIPE_CLOSED
    except _user_errors() as error:
        print(error, file=sys.stderr)
        return ExitCode.BAD_INPUT


def build_parser(asked: str | None = None) -> argparse.ArgumentParser:
    """The parser of all verbs, or, where `asked` is one of them, of that verb alone."""
    parser = argparse.ArgumentParser(
        prog="inferometer",
        description="Cluster-scale inference benchmarking by MLPerf rules.",
        epilog="exit codes: 0 valid, 3 invalid or inconclusive, 2 bad input, 1 failed, 130 Ctrl-C",
    )
    parser.add_argument("--version", action="version", version=f"inferometer {__version__}")
    subparsers = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name in (asked,) if asked in VERBS else VERBS:
        _module(name).add_parser(subparsers)
    return parser


def _module(verb: str) -> ModuleType:
    return importlib.import_module(f"inferometer_loadgen.commands.{_MODULES.get(verb, verb)}")


def entry_point() -> None:
    """The console script `inferometer`."""
    sys.exit(main(sys.argv[1:]))


def _user_errors() -> tuple[type[Exception], ...]:
    """What is the user's to mend; everything else is a fault of ours and shows its traceback."""
    from inferometer_loadgen.commands.inputs import InputError
    from inferometer_loadgen.datasets.library import DataError
    from inferometer_loadgen.spec.errors import SpecErrors

    return (InputError, DataError, SpecErrors)
