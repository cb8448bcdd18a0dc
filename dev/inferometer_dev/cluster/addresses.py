"""Which name and address everything has. Pure, and the only place where an address is written.

All addresses come from 198.18.0.0/15, the range that is reserved for benchmarks, so they meet nobody's network.
"""

from __future__ import annotations

from dataclasses import dataclass

API_PORT = 6443
SERVICES = "198.18.129.0/24"
LAN = "198.19.1.0/24"
CONTROL_PLANE = "control-plane"
# The LAN is a /24 and pod subnets start at 198.18.11: far beyond what one machine carries.
MAX_NODES = 30


@dataclass(frozen=True, slots=True)
class Member:
    """The control plane (index 0) or a node, and its network namespace."""

    index: int

    @property
    def name(self) -> str:
        """The node's name in Kubernetes, too."""
        return CONTROL_PLANE if self.index == 0 else f"node-{self.index}"

    @property
    def namespace(self) -> str:
        """The name of its network namespace."""
        return f"infm{self.index}"

    @property
    def address(self) -> str:
        """Its address on the cluster's LAN."""
        return f"198.19.1.{self.index + 1}"

    @property
    def pod_subnet(self) -> str:
        """Where the addresses of its pods come from."""
        if self.index == 0:
            raise ValueError("the control plane runs no pods")
        return f"198.18.{10 + self.index}.0/24"


@dataclass(frozen=True, slots=True)
class Plan:
    """What `up` was asked for."""

    nodes: int
    gpus: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.nodes <= MAX_NODES:
            raise ValueError(f"--nodes {self.nodes}: use 1 to {MAX_NODES}")
        if self.gpus < 0:
            raise ValueError(f"--gpus {self.gpus}: use 0 or more")

    @property
    def workers(self) -> tuple[Member, ...]:
        """The nodes that run pods."""
        return tuple(Member(index) for index in range(1, self.nodes + 1))

    @property
    def members(self) -> tuple[Member, ...]:
        """The control plane, then the nodes."""
        return (Member(0), *self.workers)


API_ADDRESS = Member(0).address
API_URL = f"https://{API_ADDRESS}:{API_PORT}"
