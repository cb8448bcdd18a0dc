"""Header fields that a user adds to every request: an API key, a bearer token, a routing hint.

What would break the framing of a request, or belongs to the protocol itself, is refused before the run: with HTTP/1.1 a
line end in a value would begin another field, or another request.
"""

import re

type Field = tuple[str, str]

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\x20-\x7e\t]*")
_OURS = frozenset(
    {
        *("connection", "content-length", "content-type", "host", "keep-alive", "proxy-connection", "te"),
        *("inference-header-content-length", "trailer", "transfer-encoding", "upgrade"),
        *("grpc-encoding", "grpc-timeout"),
    }
)


class FieldError(ValueError):
    """A header field that cannot be sent; the message names it and never shows its value, which may be a secret."""


def checked_field(field: Field) -> Field:
    """The field, its value without blanks around it. Raises FieldError where it cannot be sent."""
    name, value = field[0], field[1].strip(" \t")
    if not _NAME.fullmatch(name):
        raise FieldError(f"`{name}` is no name of a header field: use letters, digits and -")
    if name.lower() in _OURS:
        raise FieldError(f"the header field `{name}` belongs to the request itself: leave it out")
    if not _VALUE.fullmatch(value):
        raise FieldError(f"the value of header field `{name}` holds a line end or a character that is not ASCII")
    return name, value


def bearer(token: str) -> Field:
    """The field that carries a token (RFC 6750); the line end of a token's file does no harm."""
    return "Authorization", f"Bearer {token.strip()}"
