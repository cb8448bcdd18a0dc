"""The null servers answer as a KServe server would: asked by tritonclient, and by a plain HTTP client."""

import http.client
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
import pytest
from benchmarks.model import NAME, VERSION, Model
from benchmarks.null_servers import NullServer, build
from tritonclient.grpc import InferenceServerClient as GrpcClient
from tritonclient.grpc import InferInput
from tritonclient.http import InferenceServerClient as HttpParser

MODEL = Model(input_values=64)
PATH = f"/v2/models/{NAME}/versions/{VERSION}"


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("servers")
    build(folder)
    return folder


@pytest.fixture
def http_server(programs: Path) -> Iterator[NullServer]:
    with NullServer(programs, "http", 0, MODEL) as server:
        yield server


@pytest.fixture
def grpc_server(programs: Path) -> Iterator[NullServer]:
    with NullServer(programs, "grpc", 0, MODEL) as server:
        yield server


def post(connection: http.client.HTTPConnection, body: bytes) -> str:
    """The id in the answer to an inference."""
    connection.request("POST", f"{PATH}/infer", body=body)
    answer = connection.getresponse()
    json_length = int(answer.headers["Inference-Header-Content-Length"])
    result = HttpParser.parse_response_body(answer.read(), header_length=json_length)
    assert np.array_equal(result.as_numpy("output"), np.zeros(64, dtype=np.int32))
    return str(result.get_response()["id"])


def test_http_repeats_the_id_of_each_request_and_no_other(http_server: NullServer) -> None:
    body, _ = MODEL.http_request
    with_id = b'{"id":"1970324836974592",' + body[1:]
    with closing(http.client.HTTPConnection("127.0.0.1", http_server.port, timeout=10)) as connection:
        ids = [post(connection, each) for each in (with_id, body, with_id)]

    assert ids == ["1970324836974592", "", "1970324836974592"]


def test_http_describes_its_model(http_server: NullServer) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", http_server.port, timeout=10)) as connection:
        for path in (PATH, f"{PATH}/config", f"{PATH}/stats", "/v2"):
            connection.request("GET", path)
            answer = connection.getresponse()
            assert (answer.status, answer.read()[:1]) == (200, b"{"), path


def test_grpc_answers_calls_in_any_order_and_repeats_their_ids(grpc_server: NullServer) -> None:
    tensor = InferInput("input", [64], "INT32")
    tensor.set_data_from_numpy(np.zeros(64, dtype=np.int32))
    with closing(GrpcClient(f"127.0.0.1:{grpc_server.port}")) as client:
        shape = client.get_model_metadata(NAME, VERSION).inputs[0].shape
        ids = [client.infer(NAME, [tensor], VERSION, request_id=each).get_response().id for each in ("7", "", "42")]
        output = client.infer(NAME, [tensor], VERSION).as_numpy("output")

    assert (list(shape), ids) == ([64], ["7", "", "42"])
    assert np.array_equal(output, np.zeros(64, dtype=np.int32))


def test_only_inferences_are_counted_since_the_last_look(http_server: NullServer) -> None:
    body, _ = MODEL.http_request
    with closing(http.client.HTTPConnection("127.0.0.1", http_server.port, timeout=10)) as connection:
        connection.request("GET", PATH)
        connection.getresponse().read()
        post(connection, body)
        post(connection, body)
        requests, size = http_server.counts()

    assert (requests, http_server.counts()) == (2, (0, 0))
    assert size > 2 * len(body)


def test_a_queue_answers_one_after_another_each_after_its_service_time(programs: Path) -> None:
    body, _ = MODEL.http_request
    with ExitStack() as stack:
        server = stack.enter_context(NullServer(programs, "http", 0, MODEL, service_us=50_000))
        connections = [
            stack.enter_context(closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)))
            for _ in range(3)
        ]
        began_s = time.monotonic()
        for connection in connections:
            connection.request("POST", f"{PATH}/infer", body=body)
        waited_s = []
        for connection in connections:
            assert connection.getresponse().status == 200
            waited_s.append(time.monotonic() - began_s)

    assert all(waited >= number * 0.05 for number, waited in enumerate(waited_s, 1))
