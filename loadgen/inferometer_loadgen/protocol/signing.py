"""Signatures of the coordinator's HTTP API, so that a pod without the run's token can neither read nor fake a result.

HMAC-SHA256 with the run's token. A request is signed over method, path, counter and body; its answer over the same
counter, the status and the answer's body, so that an old answer cannot be played back. The counter has to grow from
request to request, also across a caller's restart: it is `time.time_ns()`, or one more than the last where the clock
was set back, and a caller whose clock is behind another's is told, in a signed answer, how far that has counted. What
this does not do: it does not encrypt.
"""

import hashlib
import hmac

SIGNATURE_HEADER = "Inferometer-Signature"
COUNTER_HEADER = "Inferometer-Counter"


def sign_request(token: bytes, method: str, path: str, counter: int, body: bytes) -> str:
    """The signature that a request carries in `SIGNATURE_HEADER`."""
    return _sign(token, b"request", method.encode(), path.encode(), str(counter).encode(), body)


def sign_answer(token: bytes, path: str, counter: int, status: int, body: bytes) -> str:
    """The signature that the answer to request `counter` carries in `SIGNATURE_HEADER`."""
    return _sign(token, b"answer", path.encode(), str(counter).encode(), str(status).encode(), body)


def sign_hello(token: bytes, challenge: bytes, index: int, pod_uid: str) -> str:
    """A worker's answer to the coordinator's challenge."""
    return _sign(token, b"hello", challenge, str(index).encode(), pod_uid.encode())


def sign_welcome(token: bytes, challenge: bytes) -> str:
    """The coordinator's answer to the worker's own challenge."""
    return _sign(token, b"welcome", challenge)


def run_token(operator_key: bytes, run_uid: str) -> str:
    """A run's token: a function of the operator's key and the run, so that it need not be read back from anywhere."""
    return hmac.digest(operator_key, f"inferometer run {run_uid}".encode(), hashlib.sha256).hex()


def same(signature: str, other: str) -> bool:
    """Whether two signatures are equal, in constant time. What a peer sent in its place may be no text."""
    return hmac.compare_digest(signature.encode(errors="surrogatepass"), other.encode())


def _sign(token: bytes, *parts: bytes) -> str:
    # Each part goes in with its length, so that no two sequences of parts give one message.
    message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return hmac.digest(token, message, hashlib.sha256).hex()
