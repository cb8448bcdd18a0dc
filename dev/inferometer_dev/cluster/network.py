"""One network namespace a member, joined by a bridge in the control plane's; the machine's own network stays as it is.

Everything goes with the namespaces: veth pairs, the bridge, routes and kube-proxy's rules.
"""

from __future__ import annotations

from pathlib import Path

from inferometer_dev.commands import run
from inferometer_dev.errors import StepFailed

from .addresses import Member, Plan

_FOLDER = Path("/run/netns")
_HINT = "apt-get install iproute2, and check that this kernel allows network namespaces and bridges"


def namespace_path(member: Member) -> Path:
    """The file by which a process enters the member's network."""
    return _FOLDER / member.namespace


def make_networks(plan: Plan) -> None:
    """Makes what is missing. Call only under the lock, with the record written."""
    hub = Member(0)
    for member in plan.members:
        if not namespace_path(member).exists():
            _ip("netns", "add", member.namespace)
            _settings(member)
    if "lan0" not in _ip("-n", hub.namespace, "-o", "link", "show"):
        # The kernel may lack dummy devices; a bridge without ports carries an address as well.
        _ip("-n", hub.namespace, "link", "add", "lan0", "type", "bridge")
        _ip("-n", hub.namespace, "address", "add", f"{hub.address}/24", "dev", "lan0")
        _ip("-n", hub.namespace, "link", "set", "lan0", "up")
        # A process that dials a service address is routed before it is translated, so every member needs a default.
        _ip("-n", hub.namespace, "route", "replace", "default", "dev", "lan0")
    for node in plan.workers:
        if "eth0" not in _ip("-n", node.namespace, "-o", "link", "show"):
            _join(node, hub)
    for member in plan.members:
        for other in plan.workers:
            if other != member:
                _ip("-n", member.namespace, "route", "replace", other.pod_subnet, "via", other.address)


def check_unowned(plan: Plan) -> None:
    """Refuses to go on when a namespace of our name exists without our record: it is somebody else's."""
    for member in plan.members:
        if namespace_path(member).exists():
            fault = f"network namespace {member.namespace} exists, but no cluster of ours is recorded"
            raise StepFailed("cluster up", fault, f"if nobody needs it: ip netns delete {member.namespace}")


def has_namespace_mount() -> bool:
    """Whether `ip netns` has prepared its folder on this machine; its first use does, and nothing undoes it."""
    # Read from the table: it is a bind mount of its own file system, which Path.is_mount cannot see.
    return any(line.split()[1] == str(_FOLDER) for line in Path("/proc/self/mounts").read_text().splitlines())


def remove_namespace_mount() -> None:
    """Undoes that, unless others have namespaces there by now."""
    if has_namespace_mount() and not any(_FOLDER.iterdir()):
        run("leave /run/netns as it was", ["umount", _FOLDER], _HINT)
        _FOLDER.rmdir()


def remove_network(member: Member) -> None:
    """Removes the member's namespace and with it all that lies in it; fine when it is gone."""
    if namespace_path(member).exists():
        _ip("netns", "delete", member.namespace)


def _settings(member: Member) -> None:
    _ip("-n", member.namespace, "link", "set", "lo", "up")
    for setting in ("net.ipv4.ip_forward=1", "net.ipv6.conf.all.disable_ipv6=1"):
        enter = ["nsenter", f"--net={namespace_path(member)}", "sysctl", "-q", "-w", setting]
        run(f"set up network {member.namespace}", enter, _HINT)


def _join(node: Member, hub: Member) -> None:
    port = f"v{node.index}"
    pair = ["link", "add", "eth0", "type", "veth", "peer", "name", port, "netns", hub.namespace]
    _ip("-n", node.namespace, *pair)
    _ip("-n", hub.namespace, "link", "set", port, "master", "lan0", "up")
    _ip("-n", node.namespace, "address", "add", f"{node.address}/24", "dev", "eth0")
    _ip("-n", node.namespace, "link", "set", "eth0", "up")
    _ip("-n", node.namespace, "route", "replace", "default", "via", hub.address)


def _ip(*words: str) -> str:
    return run(f"ip {' '.join(words)}", ["ip", *words], _HINT)
