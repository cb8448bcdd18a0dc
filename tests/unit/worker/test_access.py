"""What a server says is passed on without the secrets that it repeats."""

import pytest

from inferometer_loadgen.wire.http1 import MAX_ERROR_BYTES
from inferometer_loadgen.worker.access import Access

TOKEN = "eyJhbGciOiJSUzI1NiJ9." + "0123456789abcdef" * 64
"""As long as the tokens of identity providers are: longer than what is kept of an answer."""
ACCESS = Access(fields=(("Authorization", f"Bearer {TOKEN}"), ("X-Api-Key", "k3y-of-ours")))


@pytest.mark.parametrize(
    ("said", "passed_on"),
    [
        (f"who are you with {TOKEN}?", "who are you with [redacted]?"),
        (f"Authorization: Bearer {TOKEN}, X-Api-Key: k3y-of-ours", "Authorization: [redacted], X-Api-Key: [redacted]"),
        ("unknown model", "unknown model"),
        ("a bad Bearer", "a bad Bearer"),
    ],
    ids=["a token", "header fields", "nothing", "a word of ours"],
)
def test_a_secret_is_left_out(said: str, passed_on: str) -> None:
    assert ACCESS.redacted(said) == passed_on


@pytest.mark.parametrize("before", ["", "the token ", "header fields: Authorization: Bearer ", "x" * 480])
def test_a_secret_of_which_only_the_beginning_was_kept_is_left_out_too(before: str) -> None:
    kept = f"{before}{TOKEN}"[:MAX_ERROR_BYTES]

    passed_on = ACCESS.redacted(f"HTTP 500: {kept}")

    assert passed_on.endswith("[redacted]")
    assert TOKEN[:8] not in passed_on
