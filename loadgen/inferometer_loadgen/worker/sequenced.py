"""Requests that belong to sequences: made when they are sent, of a sample's prepared bytes and a turn's parameters.

A row's number says all of it: its sequence's id, whether it starts or ends it, and its sample. So carriers ask for a
request by its number as they do for prepared ones, and those of independent queries go their own, shorter way.
"""

from array import array
from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.plan import ModelPlan, ReplicaAddress, SequencesPlan
from inferometer_loadgen.stream.sequences import turns_of
from inferometer_loadgen.wire import Field, infer_head, infer_path
from inferometer_loadgen.wire.grpc import GrpcRequest
from inferometer_loadgen.wire.sequences import json_parameters, message_parameters
from inferometer_loadgen.worker.columns import column
from inferometer_loadgen.worker.requests import JOIN_BYTES, Body, Encoded, Sendable

TEMPLATE_ID = 2**62
"""What stands for a sequence's id in the JSON that a sample's requests are made of; it is never sent."""
_TEMPLATE = json_parameters(TEMPLATE_ID, start=True, end=True)

_FRAME_HEAD_BYTES = 5
"""Of a gRPC message: not compressed, and its length."""


class Numbering:
    """The numbers of one worker's rows, block after block: row j of worker k is query k + j * W."""

    def __init__(self, plan: SequencesPlan, samples: int, first: int, step: int) -> None:
        self._plan, self._samples = plan, samples
        self._next, self._step = first, step

    def __call__(self, sample: NDArray[np.int64], samples_per_row: int) -> array[int]:
        """Of the next rows, each of one sample."""
        if samples_per_row != 1:
            raise ValueError(f"{samples_per_row} samples in a row: a sequence's request asks about one")
        index = self._next + self._step * np.arange(sample.size, dtype=np.int64)
        self._next += self._step * sample.size
        turns = turns_of(index, self._plan)
        number = (turns.sequence_id << 2 | turns.start << 1 | turns.end) * self._samples + sample
        return column("q", number)


class _Turn(NamedTuple):
    sample: int
    sequence_id: int
    start: bool
    end: bool


def _turn_of(number: int, samples: int) -> _Turn:
    turn, sample = divmod(number, samples)
    return _Turn(sample, turn >> 2, bool(turn & 2), bool(turn & 1))


class _Pieces(NamedTuple):
    """Of one sample's HTTP body: the JSON before and after a turn's parameters, and the tensors."""

    before: bytes
    after: bytes
    tensors: bytes | memoryview


class HttpInSequence:
    """One replica's requests over HTTP/1.1, by number."""

    def __init__(self, pieces: Sequence[_Pieces], head_of: Callable[[int, int], bytes]) -> None:
        self._pieces = pieces
        self._head_of = head_of
        self._heads: dict[tuple[int, int], bytes] = {}

    def __getitem__(self, number: int, /) -> Sendable:
        """The request: small ones in one piece, the tensors of others where they are."""
        turn = _turn_of(number, len(self._pieces))
        before, after, tensors = self._pieces[turn.sample]
        parameters = json_parameters(turn.sequence_id, turn.start, turn.end)
        json_length = len(before) + len(parameters) + len(after)
        lengths = json_length, json_length + len(tensors)
        head = self._heads.get(lengths)
        if head is None:
            # Of so few lengths as ids have digits.
            head = self._heads[lengths] = self._head_of(*lengths)
        if lengths[1] <= JOIN_BYTES:
            return b"".join((head, before, parameters, after, tensors))
        return b"".join((head, before, parameters, after)), tensors


class GrpcInSequence:
    """One replica's requests over gRPC, by number, each of its sample's; a message is copied with each sending."""

    def __init__(self, samples: Sequence[GrpcRequest]) -> None:
        self._samples = samples

    def __getitem__(self, number: int, /) -> GrpcRequest:
        """The request: a turn's parameters, then the sample's message. Protobuf's fields may come in any order."""
        turn = _turn_of(number, len(self._samples))
        of_sample = self._samples[turn.sample]
        parameters = message_parameters(turn.sequence_id, turn.start, turn.end)
        message = memoryview(of_sample.body)[_FRAME_HEAD_BYTES:]
        size = len(parameters) + len(message)
        return GrpcRequest(of_sample.block, b"".join((b"\x00", size.to_bytes(4), parameters, message)))


def http_in_sequence(
    model: ModelPlan,
    replicas: Sequence[ReplicaAddress],
    body_of: Callable[[Body], Encoded],
    samples: int,
    fields: Sequence[Field] = (),
) -> list[HttpInSequence]:
    """By replica, from bodies whose JSON has the parameters of the template; each with the user's own `fields`."""
    path = infer_path(model.name, model.version)
    shared: dict[bytes, bytes] = {}
    pieces = [_pieces_of(body_of((sample,)), shared) for sample in range(samples)]

    def of(host: str) -> HttpInSequence:
        return HttpInSequence(pieces, lambda json_length, length: infer_head(host, path, json_length, length, fields))

    return [of(urlsplit(replica.url).netloc) for replica in replicas]


def _pieces_of(body: Encoded, shared: dict[bytes, bytes]) -> _Pieces:
    """`shared`: JSON that was met already, since most samples have the same."""
    before, found, after = bytes(body.data[: body.json_length]).partition(_TEMPLATE)
    if not found:
        raise ValueError("a request's JSON lacks the parameters that a turn's take the place of")
    return _Pieces(shared.setdefault(before, before), shared.setdefault(after, after), body.data[body.json_length :])
