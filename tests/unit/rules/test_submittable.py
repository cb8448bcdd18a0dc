"""What keeps a run from being submitted, each by name; a pure function of plan and assignment."""

import pytest
from msgspec.structs import replace

from inferometer_loadgen.plan import Assignment, Deviation, ReplicaAddress
from inferometer_loadgen.rules.submittable import obstacles
from unit.report.reports import PLAN

RULED = replace(PLAN, rules="mlperf-v6.1", task="dlrm-v3", warmup_ns=0)


def an_assignment(url="http://198.18.0.4:8000", node="gpu-a", workers=("cpu-a",)):
    address = ReplicaAddress(name="s", url=url, metrics_url="", node=node)
    return Assignment(replicas=(address,), worker_nodes=workers)


def scenario(name, **changes):
    return replace(RULED, stream=replace(RULED.stream, scenario=name, **changes))


HERE = an_assignment("http://127.0.0.1:8000", "", ())
ANYWAY = ["OwnEngine"]
DEVIATION = Deviation(field="spec.load.minDuration", value="1s", fixed="600s", source="the rules")
CASES = {
    "the engine is our own, whatever else": (RULED, HERE, ANYWAY),
    "the official engine": (replace(RULED, engine="mlperf-loadgen"), HERE, []),
    "the official engine over a network asks for the name": (
        replace(RULED, engine="mlperf-loadgen"),
        an_assignment(),
        [],
    ),
    "the official engine, and all else": (
        replace(RULED, engine="mlperf-loadgen", warmup_ns=1, rules="custom"),
        an_assignment(workers=()),
        ["NoEdition", "NodesUnknown", "WarmedUpWithTestSamples"],
    ),
    "no edition": (replace(RULED, rules="custom", task=""), HERE, ["NoEdition", *ANYWAY]),
    "a deviation": (replace(RULED, deviations=(DEVIATION,)), HERE, ["Deviates", *ANYWAY]),
    "several workers": (replace(RULED, workers=4), HERE, [*ANYWAY, "ManyWorkers"]),
    "an edge scenario on the servers' own machine": (scenario("SingleStream"), HERE, ANYWAY),
    "an edge scenario over a network": (
        scenario("SingleStream"),
        an_assignment(),
        [*ANYWAY, "EdgeOverNetwork", "NoNetworkSutName"],
    ),
    "Server over a network": (RULED, an_assignment(), [*ANYWAY, "NoNetworkSutName"]),
    "servers and load on one node": (
        RULED,
        an_assignment(workers=("cpu-a", "gpu-a")),
        [*ANYWAY, "NoNetworkSutName", "SharedNode"],
    ),
    "nodes that nobody knows": (RULED, an_assignment(workers=()), [*ANYWAY, "NoNetworkSutName", "NodesUnknown"]),
    "a warm-up": (replace(RULED, warmup_ns=1), HERE, [*ANYWAY, "WarmedUpWithTestSamples"]),
    "a client that batches": (scenario("Offline", samples_per_request=8), HERE, [*ANYWAY, "ClientBatches"]),
}


@pytest.mark.parametrize(("plan", "assignment", "types"), CASES.values(), ids=CASES)
def test_each_obstacle_is_named(plan, assignment, types):
    assert [one.type for one in obstacles(plan, assignment)] == types
