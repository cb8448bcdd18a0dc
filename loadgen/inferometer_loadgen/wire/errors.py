"""What the other side can do wrong.

PeerError: the peer sent what its protocol does not allow; the connection is of no further use.
"""


class PeerError(Exception):
    """The peer broke the protocol; the message says how."""
