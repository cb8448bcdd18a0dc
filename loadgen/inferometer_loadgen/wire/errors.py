"""What the other side can do wrong.

PeerError: the peer sent what its protocol does not allow; the connection is of no further use.
  TlsError: no trusted connection comes about, or what came over it was tampered with.
"""


class PeerError(Exception):
    """The peer broke the protocol; the message says how."""


class TlsError(PeerError):
    """The peer cannot be trusted, or does not trust us; the message says why."""
