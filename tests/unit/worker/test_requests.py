"""The two buffers of every request, made before the run."""

import numpy as np

from inferometer_loadgen.datasets.bodies import HttpBody
from inferometer_loadgen.plan import ModelPlan, ReplicaAddress
from inferometer_loadgen.wire import infer_head
from inferometer_loadgen.wire.grpc import framed
from inferometer_loadgen.worker.requests import JOIN_BYTES, Requests, grpc_requests, make_requests

MODEL = ModelPlan(name="magika", version="2")
PATH = "/v2/models/magika/versions/2/infer"
REPLICAS = (
    ReplicaAddress(name="server-0", url="http://198.18.11.4:8000", metrics_url=""),
    ReplicaAddress(name="server-1", url="http://[fd00::1]:8000/", metrics_url=""),
)
SMALL, EQUAL, LARGE = HttpBody(b"{}12", 2), HttpBody(b"{}34", 2), HttpBody(b"{..}5678", 4)


def test_each_head_names_its_replica_and_its_bodys_lengths() -> None:
    requests = make_requests(MODEL, REPLICAS, [SMALL, LARGE])

    assert requests == [
        [infer_head(host, PATH, 2, 4) + b"{}12", infer_head(host, PATH, 4, 8) + b"{..}5678"]
        for host in ("198.18.11.4:8000", "[fd00::1]:8000")
    ]


def test_a_large_body_is_not_copied_behind_its_head_and_equal_heads_are_one_object() -> None:
    body = bytes(JOIN_BYTES + 1)

    ((one, other),) = make_requests(MODEL, REPLICAS[:1], [HttpBody(body, 2), HttpBody(body, 2)])

    assert isinstance(one, tuple)
    assert one[1] is body
    assert one[0] is other[0]


def test_rows_of_the_same_samples_share_one_request_and_a_short_last_row_has_its_own() -> None:
    requests = Requests(2, lambda body: [f"a{body}", f"b{body}"])

    numbers = requests.numbers(np.array([4, 5, 7, 8, 4, 5, 4]), 2)
    more = requests.numbers(np.array([7, 8, 8, 7]), 2)

    asked = [requests.by_replica[1][number] for number in (*numbers, *more)]
    assert asked == ["b(4, 5)", "b(7, 8)", "b(4, 5)", "b(4,)", "b(7, 8)", "b(8, 7)"]
    assert len(requests.by_replica[0]) == 4


def test_a_row_of_one_sample_has_its_samples_number() -> None:
    requests = Requests(1, lambda body: [str(body[0])])
    for sample in range(3):
        requests.add((sample,))

    assert [requests.by_replica[0][number] for number in requests.numbers(np.array([2, 0, 2]), 1)] == ["2", "0", "2"]


def test_beside_queries_of_several_samples_one_of_a_single_sample_is_a_request_of_its_own() -> None:
    requests = Requests(1, lambda body: [f"{body}"])
    requests.are_by_sample = False

    numbers = [*requests.numbers(np.array([5, 4]), 2), *requests.numbers(np.array([4, 5]), 1)]

    assert [requests.by_replica[0][number] for number in numbers] == ["(5, 4)", "(4,)", "(5,)"]


def test_requests_that_were_forgotten_are_made_again_from_the_first_number_on() -> None:
    requests = Requests(2, lambda body: [f"{body}"] * 2)
    lists = requests.by_replica
    requests.add((1, 2))

    requests.forget()

    number = requests.add((3,))
    assert (lists, number) == ([["(3,)"], ["(3,)"]], 0)


def test_a_call_names_its_replica_and_carries_the_framed_message() -> None:
    requests = grpc_requests(REPLICAS, lambda body: framed(bytes(body)))
    requests.add((7, 8))

    first, second = (calls[0] for calls in requests.by_replica)
    assert b"198.18.11.4:8000" in first.block
    assert b"[fd00::1]:8000" in second.block
    assert first.body is second.body
    assert bytes(first.body) == framed(bytes([7, 8]))
