"""From the start to the first connection: what the servers say of the model, and the bodies."""

import contextlib
import hashlib
import http.client
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from inferometer_loadgen import plan as plans
from inferometer_loadgen.datasets.bodies import grpc_message, http_batch
from inferometer_loadgen.datasets.files import library_facts, open_library
from inferometer_loadgen.datasets.library import SampleLibrary
from inferometer_loadgen.datasets.metadata import ModelMetadata, leads_with_batch, parse_metadata
from inferometer_loadgen.datasets.synthetic import Values, synthetic_library
from inferometer_loadgen.plan import KServeJsonData, NpzData, Plan, ReplicaAddress, SyntheticData
from inferometer_loadgen.protocol.api import RunFailure
from inferometer_loadgen.spec.load import DataFormat
from inferometer_loadgen.stream import replicas_asked
from inferometer_loadgen.wire import metadata_path
from inferometer_loadgen.wire.grpc import framed
from inferometer_loadgen.worker import grpc_metadata
from inferometer_loadgen.worker.access import REFUSED_REMEDY, Access
from inferometer_loadgen.worker.asking import ANSWER_TIMEOUT_S, Asked, PrepareError
from inferometer_loadgen.worker.budget import Budget, copies_of
from inferometer_loadgen.worker.carrier import Carrier, Keep
from inferometer_loadgen.worker.connections import Dialer
from inferometer_loadgen.worker.grpc_carrier import GrpcCarrier
from inferometer_loadgen.worker.grpc_pool import GrpcPool
from inferometer_loadgen.worker.http_carrier import HttpCarrier, KeepingHttpCarrier
from inferometer_loadgen.worker.http_pool import HttpPool
from inferometer_loadgen.worker.memory import available_bytes
from inferometer_loadgen.worker.requests import (
    Body,
    ByNumber,
    Encoded,
    Requests,
    Sendable,
    grpc_requests,
    http_requests,
)
from inferometer_loadgen.worker.sequenced import TEMPLATE_ID, GrpcInSequence, http_in_sequence
from inferometer_loadgen.worker.shared_bodies import BodiesFile, hold_bodies
from inferometer_loadgen.worker.work import Bodies

REFUSED = frozenset({401, 403})
MEMORY_SHARE = 0.8
"""Of a worker's memory, for request bodies; the rest is for records and the program itself."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that the measured loop needs."""

    carrier: Carrier
    numbers: Bodies
    server_version: str
    is_batched: bool
    """Whether the model has a batch dimension."""
    forget_bodies: Callable[[], None]
    """Of several samples each: a round whose queries have another number of them needs others."""
    keeping: Callable[[bool], Carrier] | None = None
    """The carrier of a round that keeps what its answers hold, or of one that does not: both over these connections.
    None of a plan without any such round."""


class _ServerFacts(msgspec.Struct, frozen=True):
    name: str = ""
    version: str = ""


type Library = Callable[[ModelMetadata], SampleLibrary]
"""The samples, once the model is known. Raises DataError where they do not fit it."""


_FORMATS: Mapping[type, DataFormat] = {NpzData: "npz", KServeJsonData: "kserve-json"}


def load_library(plan: Plan, data: bytes | None) -> Library:
    """The samples of a plan: drawn, or those of `data` once they are proved to be the plan's."""
    if isinstance(plan.data, SyntheticData):
        return _synthetic(plan, plan.data)
    if data is None:
        raise PrepareError(
            RunFailure.SAMPLE_LIBRARY_MISSING, "the plan's samples are in a file, and none was given (--data)"
        )
    data_format = _FORMATS[type(plan.data)]
    facts = library_facts(data, data_format)
    _must_be_the_plans(plan.data.sha256, facts.sha256)
    return open_library(data, data_format)


def prepare(
    plan: Plan,
    index: int,
    replicas: Sequence[ReplicaAddress],
    library: Library,
    access: Access,
    file: BodiesFile,
    keep: Keep | None = None,
) -> Prepared:
    """Asks each replica what the model is, makes the bodies of single samples and opens worker `index`'s connections.

    Those bodies are in `file`, made by one of the processes that share it. Bodies of several samples are made when
    `numbers` is asked about them. `keep` is given what good answers hold, in rounds that keep it. Raises PrepareError,
    DataError, ConnectError.
    """
    _greet(replicas, access)
    answers = [ask(plan, replica, access) for replica in replicas]
    models = [answer.model for answer in answers]
    for replica, metadata in zip(replicas, models, strict=True):
        if (metadata.inputs, metadata.outputs) != (models[0].inputs, models[0].outputs):
            raise PrepareError(
                RunFailure.REPLICAS_DIFFER,
                f"{replica.name} serves another `{plan.model.name}` than {replicas[0].name}: their inputs or outputs "
                "differ. Give all replicas the same model repository",
            )
    make = _message if plan.protocol == "grpc" else _http_body
    budget = Budget(available_bytes(), MEMORY_SHARE, file.processes)
    body_of = _bodies(plan, models[0], library, partial(make, plan, models[0]), budget, file)
    asked = replicas_asked(index, plan.workers, len(replicas)) if plan.balance == "RoundRobin" else None
    is_batched = keep is not None and _is_batched(models[0], library(models[0]))
    if plan.protocol == "grpc":
        calls = grpc_requests(replicas, lambda body: body_of(body).data, access.fields)
        _add_single_samples(plan, calls)
        pool = GrpcPool(replicas, plan.connections_per_replica, access.tls, asked, keep)
        calling = GrpcCarrier(
            pool, calls.by_replica if plan.sequences is None else [GrpcInSequence(own) for own in calls.by_replica]
        )

        def called(on: bool) -> Carrier:
            pool.keep_answers(on=on)
            return calling

        return Prepared(
            calling,
            calls.numbers,
            answers[0].server_version,
            is_batched,
            _forgetting(calls, budget),
            None if keep is None else called,
        )
    requests = http_requests(plan.model, replicas, body_of, access.fields)
    by_replica: Sequence[ByNumber[Sendable]] = requests.by_replica
    if plan.sequences is None:
        _add_single_samples(plan, requests)
    else:
        by_replica = http_in_sequence(plan.model, replicas, body_of, plan.data.samples, access.fields)
    connections = HttpPool(replicas, plan.connections_per_replica, access.tls, asked)
    plain = HttpCarrier(connections, by_replica)
    keeping = None if keep is None else KeepingHttpCarrier(connections, by_replica, keep)

    def posted(on: bool) -> Carrier:
        connections.keep_answers(on=on)
        return keeping if on and keeping is not None else plain

    return Prepared(
        plain,
        requests.numbers,
        answers[0].server_version,
        is_batched,
        _forgetting(requests, budget),
        None if keeping is None else posted,
    )


def _is_batched(model: ModelMetadata, samples: SampleLibrary) -> bool:
    first = samples.sample(0)
    return any(leads_with_batch(tensor, first[tensor.name].ndim) for tensor in model.inputs if tensor.name in first)


def _bodies(
    plan: Plan,
    model: ModelMetadata,
    library: Library,
    make: Callable[[SampleLibrary, Body], Encoded],
    budget: Budget,
    file: BodiesFile,
) -> Callable[[Body], Encoded]:
    """The body about some samples: of single ones all are made now, once on this machine, and no sample is kept.

    Of several it is made when it is asked for, in each process: hardly two of them have a row alike.
    """
    if _asks_about_several(plan):
        samples = library(model)
        return lambda body: _counted(make(samples, body), plan, budget)
    key = hashlib.sha256(msgspec.json.encode((plans.digest(plan), model))).digest()
    held = hold_bodies(file, key, lambda: _single_bodies(plan, library(model), make, budget))
    return lambda body: held[body[0]]


def _single_bodies(
    plan: Plan, samples: SampleLibrary, make: Callable[[SampleLibrary, Body], Encoded], budget: Budget
) -> Iterator[Encoded]:
    for index in range(samples.total):
        body = make(samples, (index,))
        size, copies = len(body.data), copies_of(plan, len(body.data))
        if not index:
            budget.expect(samples.total, size, shared=True, copies=copies)
        budget.take(size, shared=True, copies=copies)
        yield body


def _counted(body: Encoded, plan: Plan, budget: Budget) -> Encoded:
    # A body that is joined to its heads is not kept beside them.
    budget.take(len(body.data), shared=False, copies=max(1, copies_of(plan, len(body.data))))
    return body


def _asks_about_several(plan: Plan) -> bool:
    return plan.stream.samples_per_query > 1 or plan.stream.samples_per_request > 1


def _forgetting[R](requests: Requests[R], budget: Budget) -> Callable[[], None]:
    def forget() -> None:
        if not requests.are_by_sample:
            requests.forget()
            budget.give_back()

    return forget


def _add_single_samples[R](plan: Plan, requests: Requests[R]) -> None:
    requests.are_by_sample = not _asks_about_several(plan)
    if requests.are_by_sample:
        for index in range(plan.data.samples):
            requests.add((index,))


def _http_body(plan: Plan, model: ModelMetadata, samples: SampleLibrary, body: Body) -> Encoded:
    # What is sent of it then has the parameters of a turn instead.
    template_id = 0 if plan.sequences is None else TEMPLATE_ID
    made = http_batch([samples.sample(index) for index in body], model, plan.model.parameters, template_id)
    return Encoded(made.data, made.json_length)


def _message(plan: Plan, model: ModelMetadata, samples: SampleLibrary, body: Body) -> Encoded:
    """Framed, as it is sent; there is no JSON in it."""
    asked = [samples.sample(index) for index in body]
    return Encoded(framed(grpc_message(asked, model, plan.model.version, plan.model.parameters)))


def library_in(plan: Plan, path: Path | None, *, at_once: bool) -> Library:
    """As `load_library`, of a file. Unless `at_once`, it is proved now, and read by the process that makes the bodies.

    A process of many would otherwise hold all samples only to wait for the one that needs them.
    """
    if at_once or path is None or isinstance(plan.data, SyntheticData):
        return load_library(plan, None if path is None else path.read_bytes())
    with path.open("rb") as file:
        _must_be_the_plans(plan.data.sha256, hashlib.file_digest(file, "sha256").hexdigest())
    return lambda model: load_library(plan, path.read_bytes())(model)


def _must_be_the_plans(planned: str, found: str) -> None:
    if found != planned:
        raise PrepareError(
            RunFailure.SAMPLE_LIBRARY_CHANGED,
            f"the samples (sha256 {found[:12]}) are not those of the plan ({planned[:12]}): the data changed after the "
            "benchmark was accepted. Create the benchmark again",
        )


def _synthetic(plan: Plan, data: SyntheticData) -> Library:
    inputs = plan.model.inputs
    shapes = {given.name: given.shape for given in inputs if given.shape is not None}
    values = {given.name: Values(given.min, given.max, given.text_bytes) for given in inputs}
    return lambda model: synthetic_library(model, shapes, data.samples, data.seed, values)


def _greet(replicas: Sequence[ReplicaAddress], access: Access) -> None:
    """With TLS: who is not trusted is told apart from who does not answer, in our own words for both protocols."""
    if access.tls is not None:
        dialer = Dialer(replicas, access.tls)
        for replica in range(len(replicas)):
            dialer.dial(replica).close()


def ask(plan: Plan, replica: ReplicaAddress, access: Access) -> Asked:
    """What a server says of itself and of the model, by the plan's protocol. Raises PrepareError."""
    if plan.protocol == "grpc":
        return grpc_metadata.ask(plan, replica, access)
    return Asked(_metadata(plan, replica, access), _server_version(replica, access))


def _metadata(plan: Plan, replica: ReplicaAddress, access: Access) -> ModelMetadata:
    path = metadata_path(plan.model.name, plan.model.version)
    status, body = _get(replica, path, access)
    said = access.redacted(body.decode("utf-8", "replace"))[:300]
    if status in REFUSED:
        raise PrepareError(
            RunFailure.SERVER_UNREACHABLE,
            f"{replica.name} at {replica.url} refuses us, {status} to GET {path}: {said}. {REFUSED_REMEDY}",
        )
    if status != 200:
        raise PrepareError(
            RunFailure.MODEL_NOT_FOUND,
            f"{replica.name} answered {status} to GET {path}: {said}. Correct spec.model.name or the model repository",
        )
    return parse_metadata(body)


def _server_version(replica: ReplicaAddress, access: Access) -> str:
    status, body = _get(replica, "/v2", access)
    if status != 200:
        return ""
    try:
        facts = msgspec.json.decode(body, type=_ServerFacts)
    except msgspec.DecodeError:
        return ""
    return f"{facts.name} {facts.version}".strip()


def _get(replica: ReplicaAddress, path: str, access: Access) -> tuple[int, bytes]:
    address = urlsplit(replica.url).netloc
    connection = (
        http.client.HTTPConnection(address, timeout=ANSWER_TIMEOUT_S)
        if access.tls is None
        else http.client.HTTPSConnection(address, timeout=ANSWER_TIMEOUT_S, context=access.tls.context)
    )
    # The connection's own time-out is one for each read: a server that trickles would never meet it.
    late = threading.Event()
    hang_up = threading.Timer(ANSWER_TIMEOUT_S, _shut_down, (connection, late))
    try:
        connection.connect()
        hang_up.start()
        connection.request("GET", path, headers=dict(access.fields))
        answer = connection.getresponse()
        status, body = answer.status, answer.read()
        if late.is_set():
            raise TimeoutError(f"no whole answer within {ANSWER_TIMEOUT_S:.0f} s")
    except (OSError, http.client.HTTPException) as error:
        raise PrepareError(
            RunFailure.SERVER_UNREACHABLE,
            f"{replica.name} at {replica.url} does not answer: {error}. Check that it runs there"
            + access.certificate_remedy,
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
