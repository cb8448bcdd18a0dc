"""From the start to the first connection: what the servers say of the model, and the bodies."""

import contextlib
import http.client
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from inferometer_loadgen.datasets.bodies import HttpBody, http_body
from inferometer_loadgen.datasets.library import SampleLibrary
from inferometer_loadgen.datasets.metadata import ModelMetadata, parse_metadata
from inferometer_loadgen.datasets.npz import npz_facts, npz_library
from inferometer_loadgen.datasets.synthetic import synthetic_library
from inferometer_loadgen.plan import NpzData, Plan, ReplicaAddress, SyntheticData
from inferometer_loadgen.protocol.api import RunFailure
from inferometer_loadgen.wire import metadata_path
from inferometer_loadgen.worker.memory import available_bytes
from inferometer_loadgen.worker.requests import Requests, make_requests

ANSWER_TIMEOUT_S = 10.0
MEMORY_SHARE = 0.8
"""Of a worker's memory, for request bodies; the rest is for records and the program itself."""


class PrepareError(Exception):
    """The run cannot be prepared: `type` for programs, the message for people."""

    def __init__(self, type_: RunFailure, message: str) -> None:
        super().__init__(message)
        self.type = type_


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that the measured loop needs."""

    requests: Requests
    server_version: str


class _ServerFacts(msgspec.Struct, frozen=True):
    name: str = ""
    version: str = ""


def load_library(plan: Plan, data: bytes | None) -> SampleLibrary | None:
    """The samples of a plan with data of its own, proved to be the plan's; None for synthetic ones, made later."""
    if isinstance(plan.data, SyntheticData):
        return None
    if data is None:
        raise PrepareError(
            RunFailure.SAMPLE_LIBRARY_MISSING, "the plan's samples are in an npz file, and none was given (--data)"
        )
    facts = npz_facts(data)
    if facts.sha256 != plan.data.sha256:
        raise PrepareError(
            RunFailure.SAMPLE_LIBRARY_CHANGED,
            f"the samples (sha256 {facts.sha256[:12]}) are not those of the plan ({plan.data.sha256[:12]}): the data "
            "changed after the benchmark was accepted. Create the benchmark again",
        )
    return npz_library(data)


def prepare(plan: Plan, replicas: Sequence[ReplicaAddress], library: SampleLibrary | None) -> Prepared:
    """Asks each replica what the model is and makes every body. Raises PrepareError and DataError."""
    models = [_metadata(plan, replica) for replica in replicas]
    for replica, metadata in zip(replicas, models, strict=True):
        if (metadata.inputs, metadata.outputs) != (models[0].inputs, models[0].outputs):
            raise PrepareError(
                RunFailure.REPLICAS_DIFFER,
                f"{replica.name} serves another `{plan.model.name}` than {replicas[0].name}: their inputs or outputs "
                "differ. Give all replicas the same model repository",
            )
    samples = library or _synthetic(plan, models[0])
    bodies = _bodies(samples, models[0], available_bytes())
    return Prepared(
        requests=make_requests(plan.model, replicas, bodies),
        server_version=_server_version(replicas[0]),
    )


def _bodies(samples: SampleLibrary, model: ModelMetadata, limit_bytes: int) -> list[HttpBody]:
    first = http_body(samples.sample(0), model)
    need = len(first.data) * samples.total
    if need > limit_bytes * MEMORY_SHARE:
        raise PrepareError(
            RunFailure.SAMPLES_EXCEED_MEMORY,
            f"{samples.total:,} request bodies of {len(first.data):,} bytes need {need / 2**20:,.0f} MiB; this worker "
            f"has {limit_bytes / 2**20:,.0f} MiB. Raise the memory of spec.load.resources, or use fewer samples",
        )
    return [first, *(http_body(samples.sample(index), model) for index in range(1, samples.total))]


def _synthetic(plan: Plan, metadata: ModelMetadata) -> SampleLibrary:
    if isinstance(plan.data, NpzData):
        raise PrepareError(
            RunFailure.SAMPLE_LIBRARY_MISSING, "the plan's samples are in an npz file that was not loaded"
        )
    shapes = {model_input.name: model_input.shape for model_input in plan.model.inputs}
    return synthetic_library(metadata, shapes, plan.data.samples, plan.data.seed)


def _metadata(plan: Plan, replica: ReplicaAddress) -> ModelMetadata:
    path = metadata_path(plan.model.name, plan.model.version)
    status, body = _get(replica, path)
    if status != 200:
        raise PrepareError(
            RunFailure.MODEL_NOT_FOUND,
            f"{replica.name} answered {status} to GET {path}: {body[:300].decode('utf-8', 'replace')}. Correct "
            "spec.model.name or the model repository",
        )
    return parse_metadata(body)


def _server_version(replica: ReplicaAddress) -> str:
    status, body = _get(replica, "/v2")
    if status != 200:
        return ""
    try:
        facts = msgspec.json.decode(body, type=_ServerFacts)
    except msgspec.DecodeError:
        return ""
    return f"{facts.name} {facts.version}".strip()


def _get(replica: ReplicaAddress, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(replica.url).netloc, timeout=ANSWER_TIMEOUT_S)
    # The connection's own time-out is one for each read: a server that trickles would never meet it.
    late = threading.Event()
    hang_up = threading.Timer(ANSWER_TIMEOUT_S, _shut_down, (connection, late))
    try:
        connection.connect()
        hang_up.start()
        connection.request("GET", path)
        answer = connection.getresponse()
        status, body = answer.status, answer.read()
        if late.is_set():
            raise TimeoutError(f"no whole answer within {ANSWER_TIMEOUT_S:.0f} s")
    except (OSError, http.client.HTTPException) as error:
        raise PrepareError(
            RunFailure.SERVER_UNREACHABLE,
            f"{replica.name} at {replica.url} does not answer: {error}. Check that it runs there",
        ) from error
    finally:
        hang_up.cancel()
        connection.close()
    return status, body


def _shut_down(connection: http.client.HTTPConnection, late: threading.Event) -> None:
    late.set()
    with contextlib.suppress(OSError):
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)
