"""The two buffers of every request, made before the run."""

from inferometer_loadgen.datasets.bodies import HttpBody
from inferometer_loadgen.plan import ModelPlan, ReplicaAddress
from inferometer_loadgen.wire import infer_head
from inferometer_loadgen.worker.requests import make_requests

MODEL = ModelPlan(name="magika", version="2")
PATH = "/v2/models/magika/versions/2/infer"
REPLICAS = (
    ReplicaAddress(name="server-0", url="http://198.18.11.4:8000", metrics_url=""),
    ReplicaAddress(name="server-1", url="http://[fd00::1]:8000/", metrics_url=""),
)
SMALL, EQUAL, LARGE = HttpBody(b"{}12", 2), HttpBody(b"{}34", 2), HttpBody(b"{..}5678", 4)


def test_each_head_names_its_replica_and_its_bodys_lengths() -> None:
    requests = make_requests(MODEL, REPLICAS, [SMALL, LARGE])

    assert requests.heads == [
        [infer_head(host, PATH, 2, 4), infer_head(host, PATH, 4, 8)] for host in ("198.18.11.4:8000", "[fd00::1]:8000")
    ]
    assert requests.bodies == [b"{}12", b"{..}5678"]


def test_heads_that_are_equal_are_one_object() -> None:
    (heads,) = make_requests(MODEL, REPLICAS[:1], [SMALL, EQUAL, LARGE]).heads

    assert heads[0] is heads[1]
    assert heads[0] is not heads[2]


def test_equal_lengths_of_another_json_make_another_head() -> None:
    (heads,) = make_requests(MODEL, REPLICAS[:1], [SMALL, HttpBody(b"{.}4", 3)]).heads

    assert heads[0] != heads[1]
