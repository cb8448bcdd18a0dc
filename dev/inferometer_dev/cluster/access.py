"""Entering the cluster's network: API server and pods can be reached from inside its namespaces only."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NoReturn

from inferometer_dev.commands import require_root, run
from inferometer_dev.errors import Missing

from .addresses import Member
from .network import namespace_path
from .state import BIN, KUBECONFIG, disk, load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_UP = "dev/cluster up"


def in_cluster(argv: Sequence[str | Path]) -> list[str]:
    """The command line that runs `argv` inside the cluster's network."""
    return ["nsenter", f"--net={namespace_path(Member(0))}", "--", *(str(word) for word in argv)]


def cluster_env() -> dict[str, str]:
    """What a program in the cluster's network needs: kubectl and helm on PATH, and the kubeconfig, free of proxies."""
    path = os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
    return {"KUBECONFIG": str(KUBECONFIG), "PATH": f"{BIN}:{path}", "NO_PROXY": "*", "no_proxy": "*"}


def require_cluster() -> None:
    """Raises Missing, with what to do, when there is no cluster to enter."""
    require_root("entering the cluster's network")
    if not KUBECONFIG.exists() or not namespace_path(Member(0)).exists():
        raise Missing("a running cluster", _UP)


def audit_log() -> Path:
    """What service accounts asked of the API server: one JSON object a line."""
    record = load()
    if record is None:
        raise Missing("a running cluster", _UP)
    return disk(record, Member(0)) / "audit.log"


def execute(argv: Sequence[str]) -> NoReturn:
    """Becomes `argv`, inside the cluster's network. PATH is searched there, so kubectl and helm are ours."""
    require_cluster()
    command = in_cluster(argv)
    os.execvpe(command[0], command, {**os.environ, **cluster_env()})


def kubectl(step: str, *words: str, stdin: str | None = None, hint: str = "dev/cluster status shows what runs") -> str:
    """What kubectl prints, run as the administrator inside the cluster's network."""
    return run(step, in_cluster([BIN / "kubectl", *words]), hint, env=cluster_env(), stdin=stdin)
