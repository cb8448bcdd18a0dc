"""The bytes of every request, made before the run: nothing is serialised while it is measured.

What is sent as one request is a row of samples. Rows of the same samples share one request, known by its number; where
a row is one sample, the number is the sample's own.
"""

from array import array
from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.datasets.bodies import HttpBody
from inferometer_loadgen.plan import ModelPlan, ReplicaAddress
from inferometer_loadgen.wire import Field, infer_head, infer_path
from inferometer_loadgen.wire.grpc import INFER_PATH, GrpcRequest, header_block
from inferometer_loadgen.worker.columns import column

JOIN_BYTES = 8_192
"""Up to here, a body copied behind its head beforehand costs less than sendmsg's list of buffers."""

type Sendable = bytes | tuple[bytes, bytes | memoryview]
"""An HTTP request in one piece, or its head and its body."""
type Body = tuple[int, ...]
"""The samples that one request asks about."""


class Encoded(NamedTuple):
    """A request's body as it is sent: over HTTP what follows the head, over gRPC the framed message."""

    data: bytes | memoryview
    json_length: int = 0
    """HTTP only: of the JSON at the beginning."""


class Requests[R]:
    """`by_replica[replica][number]`, and which number a row has. `make` gives a request for each replica."""

    def __init__(self, replicas: int, make: Callable[[Body], Sequence[R]]) -> None:
        self.by_replica: list[list[R]] = [[] for _ in range(replicas)]
        self._make = make
        self._numbers: dict[Body, int] = {}

    def add(self, body: Body) -> int:
        """The number of the request about these samples, which is made where there is none yet."""
        number = self._numbers.get(body)
        if number is None:
            number = self._numbers[body] = len(self._numbers)
            for requests, request in zip(self.by_replica, self._make(body), strict=True):
                requests.append(request)
        return number

    def numbers(self, sample: NDArray[np.int64], samples_per_row: int) -> array[int]:
        """Of rows with so many samples each, one after another; only the last may have fewer."""
        if samples_per_row == 1:
            return column("i", sample)
        whole = sample.size // samples_per_row * samples_per_row
        rows = sample[:whole].reshape(-1, samples_per_row)
        numbers = array("i", [self.add(tuple(body)) for body in rows.tolist()])
        if whole < sample.size:
            numbers.append(self.add(tuple(sample[whole:].tolist())))
        return numbers


def http_requests(
    model: ModelPlan,
    replicas: Sequence[ReplicaAddress],
    body_of: Callable[[Body], Encoded],
    fields: Sequence[Field] = (),
) -> Requests[Sendable]:
    """Requests over HTTP/1.1, each with the user's own header `fields`.

    Heads that are equal are one object: most bodies share a size.
    """
    path = infer_path(model.name, model.version)
    hosts = [urlsplit(replica.url).netloc for replica in replicas]
    heads: dict[tuple[str, int, int], bytes] = {}

    def make(body: Body) -> list[Sendable]:
        made = body_of(body)
        lengths = made.json_length, len(made.data)
        for host in hosts:
            if (host, *lengths) not in heads:
                heads[host, *lengths] = infer_head(host, path, *lengths, fields)
        return [_sendable(heads[host, *lengths], made.data) for host in hosts]

    return Requests(len(replicas), make)


def grpc_requests(
    replicas: Sequence[ReplicaAddress], framed_of: Callable[[Body], bytes | memoryview], fields: Sequence[Field] = ()
) -> Requests[GrpcRequest]:
    """Requests over gRPC, each with the user's own metadata `fields`, of framed messages that all replicas share."""
    blocks = [
        header_block(parts.netloc, INFER_PATH, fields, scheme="https" if parts.scheme in {"https", "grpcs"} else "http")
        for parts in (urlsplit(replica.url) for replica in replicas)
    ]

    def make(body: Body) -> list[GrpcRequest]:
        message = framed_of(body)
        if len(message) <= JOIN_BYTES:
            message = bytes(message)  # It is copied into its frame with each sending, which a view makes dearer.
        return [GrpcRequest(block, message) for block in blocks]

    return Requests(len(replicas), make)


def make_requests(
    model: ModelPlan, replicas: Sequence[ReplicaAddress], bodies: Sequence[HttpBody]
) -> list[list[Sendable]]:
    """The HTTP requests of these bodies, by replica and by number."""
    requests = http_requests(model, replicas, lambda body: Encoded(bodies[body[0]].data, bodies[body[0]].json_length))
    for number in range(len(bodies)):
        requests.add((number,))
    return requests.by_replica


def _sendable(head: bytes, body: bytes | memoryview) -> Sendable:
    return b"".join((head, body)) if len(body) <= JOIN_BYTES else (head, body)
