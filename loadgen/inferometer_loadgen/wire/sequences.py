"""The parameters of a sequence's request, as Triton's own client writes them (Triton, protocol/extension_sequence.md).

They are all that differs between two requests about one sample, so the rest is made before the run and these beside it.
"""

_BOOL = (b"false", b"true")
_ID, _START, _END = b"sequence_id", b"sequence_start", b"sequence_end"


def json_parameters(sequence_id: int, start: bool, end: bool) -> bytes:
    """Members of the JSON object `parameters`."""
    return b'"sequence_id":%d,"sequence_start":%b,"sequence_end":%b' % (sequence_id, _BOOL[start], _BOOL[end])


def message_parameters(sequence_id: int, start: bool, end: bool) -> bytes:
    """Entries of the map `parameters` of a ModelInferRequest, which may stand anywhere in its message.

    Field 4 is the map; in an entry 1 is the key and 2 the InferParameter, of which 1 is a bool and 2 an int64.
    """
    return b"".join((_entry(_ID, b"\x10" + _varint(sequence_id)), _FLAGS[start, end]))


def _entry(key: bytes, value: bytes) -> bytes:
    inner = b"\x0a" + _varint(len(key)) + key + b"\x12" + _varint(len(value)) + value
    return b"\x22" + _varint(len(inner)) + inner


def _varint(number: int) -> bytes:
    """Protobuf's: seven bits a byte, the lowest first; the highest bit says that there are more."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _flags(start: bool, end: bool) -> bytes:
    return _entry(_START, bytes((0x08, start))) + _entry(_END, bytes((0x08, end)))


_FLAGS = {(start, end): _flags(start, end) for start in (False, True) for end in (False, True)}
