"""Whether a run could be submitted to MLPerf, judged apart from its numbers and strictly: each obstacle by name.

A run by the rules (`perRules`) has the edition's numbers. A submission asks for more: LoadGen from a tagged revision on
one node, and, with load over a network, the Network division's limits. What is not known counts as an obstacle.
"""

from collections.abc import Callable

import msgspec

from inferometer_loadgen.plan import Assignment, Plan
from inferometer_loadgen.rules.pack import CUSTOM

LOOPBACK = ("127.", "localhost", "[::1]")


class Obstacle(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One thing that keeps a run from being submitted."""

    type: str
    short: str
    """In a few words, for a list of them."""
    message: str


type _Judge = Callable[[Plan, Assignment], Obstacle | None]


def obstacles(plan: Plan, assignment: Assignment) -> tuple[Obstacle, ...]:
    """All that keeps a run from being submitted, in a fixed order; empty where it could be."""
    found = (judge(plan, assignment) for judge in _JUDGES)
    return tuple(one for one in found if one is not None)


def is_over_a_network(assignment: Assignment) -> bool:
    """Whether any server is on another address than this machine's own."""
    hosts = (replica.url.partition("://")[2] for replica in assignment.replicas)
    return any(not host.startswith(LOOPBACK) for host in hosts)


def _no_edition(plan: Plan, _assignment: Assignment) -> Obstacle | None:
    if plan.rules != CUSTOM:
        return None
    message = "custom rules are no edition's; set spec.rules and spec.task"
    return Obstacle(type="NoEdition", short="custom rules", message=message)


def _deviates(plan: Plan, _assignment: Assignment) -> Obstacle | None:
    if not plan.deviations:
        return None
    fields = ", ".join(one.field for one in plan.deviations)
    message = f"{fields} differ from {plan.rules}; leave them out"
    return Obstacle(type="Deviates", short="deviations", message=message)


def _own_engine(plan: Plan, _assignment: Assignment) -> Obstacle | None:
    if plan.engine != "Own":
        return None
    message = (
        "the rules ask for the official LoadGen of a tagged revision, and this is an engine of its own; set "
        "spec.load.engine to mlperf-loadgen"
    )
    return Obstacle(type="OwnEngine", short="own engine", message=message)


def _many_workers(plan: Plan, _assignment: Assignment) -> Obstacle | None:
    if plan.workers == 1:
        return None
    message = f"LoadGen runs on one node, and {plan.workers} workers send this load; set spec.load.workers to 1"
    return Obstacle(type="ManyWorkers", short=f"{plan.workers} workers", message=message)


def _edge_over_a_network(plan: Plan, assignment: Assignment) -> Obstacle | None:
    if plan.stream.scenario in ("Server", "Offline") or not is_over_a_network(assignment):
        return None
    message = (
        f"load over a network is the Network division's, which is Datacenter and has Server and Offline only; "
        f"run {plan.stream.scenario} on the servers' own machine"
    )
    return Obstacle(type="EdgeOverNetwork", short=f"{plan.stream.scenario} over a network", message=message)


def _no_sut_name(plan: Plan, assignment: Assignment) -> Obstacle | None:
    # The official LoadGen asks for it before and after its test.
    if plan.engine != "Own" or not is_over_a_network(assignment):
        return None
    message = (
        "the Network division asks each node for its name (Network SUT) by a round trip, and none was asked; set "
        "spec.load.engine to mlperf-loadgen"
    )
    return Obstacle(type="NoNetworkSutName", short="no Network SUT name", message=message)


def _shared_nodes(_plan: Plan, assignment: Assignment) -> Obstacle | None:
    if not is_over_a_network(assignment):
        return None
    servers, workers = {one.node for one in assignment.replicas}, set(assignment.worker_nodes)
    shared = sorted((servers & workers) - {""})
    if shared:
        message = (
            f"servers and load share node {', '.join(shared)}, and the Network division has them on separate systems; "
            "keep them apart by spec.load.nodeSelector"
        )
        return Obstacle(type="SharedNode", short="shared nodes", message=message)
    if "" in servers or not workers or "" in workers:
        message = "it is not known whether servers and load are on separate systems, as the Network division asks"
        return Obstacle(type="NodesUnknown", short="nodes unknown", message=message)
    return None


def _warmed_up(plan: Plan, _assignment: Assignment) -> Obstacle | None:
    if plan.warmup_ns == 0:
        return None
    message = "the warm-up sends the samples of the test; set spec.load.warmup to 0s"
    return Obstacle(type="WarmedUpWithTestSamples", short="warm-up with test samples", message=message)


def _client_batches(plan: Plan, _assignment: Assignment) -> Obstacle | None:
    if plan.stream.samples_per_request == 1:
        return None
    message = (
        f"the client puts {plan.stream.samples_per_request} samples into a request, and batching is the server's; "
        "leave spec.load.samplesPerRequest out"
    )
    return Obstacle(type="ClientBatches", short="batches of the client", message=message)


_JUDGES: tuple[_Judge, ...] = (
    _no_edition,
    _deviates,
    _own_engine,
    _many_workers,
    _edge_over_a_network,
    _no_sut_name,
    _shared_nodes,
    _warmed_up,
    _client_batches,
)
