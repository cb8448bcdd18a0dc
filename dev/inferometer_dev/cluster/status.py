"""What `dev/cluster status` shows: each member, whether its processes run and what the API server says of it."""

from __future__ import annotations

from dataclasses import dataclass

from inferometer_dev.errors import DevError

from . import state
from .gpus import RESOURCE
from .members import running_members
from .readiness import nodes, ready_nodes


@dataclass(frozen=True, slots=True)
class MemberStatus:
    """One line of the status."""

    name: str
    address: str
    runs: bool
    ready: bool
    gpus: int


def status() -> tuple[MemberStatus, ...]:
    """Empty when there is no cluster."""
    record = state.load()
    if record is None:
        return ()
    running = running_members()
    try:
        items = nodes()
    except DevError:
        items = []
        api_answers = False
    else:
        api_answers = True
    ready = ready_nodes(items, {})
    gpus = {item["metadata"]["name"]: int(item["status"]["capacity"].get(RESOURCE, 0)) for item in items}
    return tuple(
        MemberStatus(
            member.name,
            member.address,
            member.name in running,
            api_answers if member.index == 0 else member.name in ready,
            gpus.get(member.name, 0),
        )
        for member in record.plan.members
    )
