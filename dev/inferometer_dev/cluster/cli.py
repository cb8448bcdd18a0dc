"""`dev/cluster VERB`: a real Kubernetes on this machine, in network namespaces of its own."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from . import state
from .access import execute, require_cluster
from .lifecycle import down, load_image, up
from .status import status

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    """Run one verb; the exit code is 0 when it did what it says."""
    # These two pass everything on, options included, so argparse must not see it.
    if argv and argv[0] == "kubectl":
        execute([str(state.BIN / "kubectl"), *argv[1:]])
    if argv and argv[0] == "exec":
        rest = list(argv[1:])
        words = rest[1:] if rest[:1] == ["--"] else rest
        if not words:
            print("usage: dev/cluster exec -- COMMAND [ARGS...]", file=sys.stderr)
            return 2
        execute(words)
    given = _parser().parse_args(argv)
    try:
        return int(given.run(given))
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev/cluster", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    start = verbs.add_parser("up", help="start what is missing")
    start.add_argument("--nodes", type=int, help="worker nodes (default: as it is, at first 1)")
    start.add_argument("--gpus", type=int, help="pretended nvidia.com/gpu a node (default: as it is, at first 0)")
    start.set_defaults(run=_up)
    verbs.add_parser("down", help="stop, and leave nothing").set_defaults(run=_down)
    verbs.add_parser("status", help="what runs; exit code 1 when there is no healthy cluster").set_defaults(run=_status)
    load = verbs.add_parser("load-image", help="put an image into every node")
    load.add_argument("image", metavar="REF|TAR", help="a reference that dev/images built, or an image archive")
    load.set_defaults(run=_load)
    verbs.add_parser("kubeconfig", help="print the path of the kubeconfig").set_defaults(run=_kubeconfig)
    verbs.add_parser("kubectl", help="kubectl in the cluster's network", add_help=False)
    verbs.add_parser("exec", help="run any command in the cluster's network, with KUBECONFIG set", add_help=False)
    return parser


def _up(given: argparse.Namespace) -> int:
    plan = up(given.nodes, given.gpus)
    print(f"up: {plan.nodes} node(s), {plan.gpus} GPU(s) each. Next: dev/cluster kubectl get nodes")
    return 0


def _down(_: argparse.Namespace) -> int:
    print("down: nothing is left" if down() else "down: there was no cluster")
    return 0


def _status(_: argparse.Namespace) -> int:
    members = status()
    if not members:
        print("no cluster. hint: dev/cluster up")
        return 1
    for member in members:
        runs = "running" if member.runs else "stopped"
        ready = "ready" if member.ready else "not ready"
        gpus = f"{member.gpus} GPU(s)" if member.gpus else ""
        print(f"{member.name:<14} {member.address:<12} {runs:<8} {ready:<10} {gpus}".rstrip())
    return 0 if all(member.runs and member.ready for member in members) else 1


def _load(given: argparse.Namespace) -> int:
    print(load_image(given.image))
    return 0


def _kubeconfig(_: argparse.Namespace) -> int:
    require_cluster()
    print(state.KUBECONFIG)
    return 0
