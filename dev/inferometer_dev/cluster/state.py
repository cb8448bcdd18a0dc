"""The record of the one cluster on this machine: written before anything is made, removed after all of it is gone.

So whatever a killed `up` left can be named, and what has no record was not made by us and is not touched. Small things
(record, sockets, scripts, kubeconfig) lie under /run; what grows lies under the recorded `disk` folder.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from inferometer_dev.locks import remove_folder
from inferometer_dev.paths import STATE, cache

from .addresses import Member, Plan

_RECORD = STATE / "cluster.json"
KUBECONFIG = STATE / "kubeconfig"
BIN = STATE / "bin"
INIT = STATE / "member-init.sh"
PRIVATE_RUN = STATE / "private-run.sh"
PREPARE = STATE / "node-prepare.sh"
GATEWAY = STATE / "gateway_serve.py"
# Where kubelet and CNI insist on writing: each node mounts its own folder there, on a mount point that must exist.
MOUNT_POINTS = (Path("/var/lib/kubelet"), Path("/var/lib/cni"))


@dataclass(frozen=True, slots=True)
class Record:
    """What was made, or is about to be, on this machine."""

    recipe: str
    """Names binaries and settings; a cluster of another recipe is replaced, not adopted."""
    clone: str
    disk: str
    nodes: int
    gpus: int
    made_folders: tuple[str, ...]
    """Mount points that were missing on this machine, to be removed again."""
    made_namespace_mount: bool
    complete: bool

    @property
    def plan(self) -> Plan:
        """The size of the cluster that the record covers."""
        return Plan(self.nodes, self.gpus)


def load() -> Record | None:
    """The record, or None when there is no cluster of ours."""
    if not _RECORD.exists():
        return None
    stored = json.loads(_RECORD.read_text())
    return Record(**{**stored, "made_folders": tuple(stored["made_folders"])})


def save(record: Record) -> Record:
    """Writes the record in one step, so that a reader never sees half of it."""
    STATE.mkdir(parents=True, exist_ok=True)
    part = _RECORD.with_suffix(".part")
    part.write_text(json.dumps(asdict(record), indent=1))
    part.rename(_RECORD)
    return record


def begin(recipe: str, clone: Path, plan: Plan, *, made_namespace_mount: bool) -> Record:
    """The record of a cluster that is about to be made."""
    missing = tuple(str(folder) for folder in MOUNT_POINTS if not folder.exists())
    disk = cache("cluster") / "members"
    return save(
        Record(recipe, str(clone), str(disk), plan.nodes, plan.gpus, missing, made_namespace_mount, complete=False)
    )


def changing(record: Record, nodes: int) -> Record:
    """A record for the time in which nodes come and go: it covers all of them, and a kill leaves it unfinished."""
    return save(replace(record, nodes=nodes, complete=False))


def completed(record: Record, clone: Path, plan: Plan) -> Record:
    """The record of a cluster that is up: `up` may go on from here."""
    return save(replace(record, clone=str(clone), nodes=plan.nodes, gpus=plan.gpus, complete=True))


def forget() -> None:
    """Removes all small state, the lock's file included: whoever waits for it notices (see locks)."""
    remove_folder(STATE)


def disk(record: Record, member: Member) -> Path:
    """The folder of what a member writes in bulk."""
    return Path(record.disk) / member.name


def pki(record: Record) -> Path:
    """The folder of the cluster's certificates."""
    return Path(record.disk) / "pki"


def socket(member: Member) -> Path:
    """Where the node's containerd listens; the same path inside and outside its mount namespace."""
    # Under /run, since the path of a socket may not be longer than 107 bytes.
    return STATE / member.name / "containerd.sock"
