"""Signatures: any change to what is signed changes them, and none can serve for anything else."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from inferometer_loadgen.protocol.signing import run_token, same, sign_answer, sign_hello, sign_request, sign_welcome

TOKEN = b"token"


def test_the_same_parts_give_the_same_signature() -> None:
    once, again = (sign_request(TOKEN, "POST", "/v1/start", 1, b"{}") for _ in range(2))

    assert same(once, again)


def test_any_other_part_gives_another_signature() -> None:
    signatures = [
        sign_request(TOKEN, "POST", "/v1/start", 1, b"{}"),
        sign_request(b"other", "POST", "/v1/start", 1, b"{}"),
        sign_request(TOKEN, "GET", "/v1/start", 1, b"{}"),
        sign_request(TOKEN, "POST", "/v1/abort", 1, b"{}"),
        sign_request(TOKEN, "POST", "/v1/start", 2, b"{}"),
        sign_request(TOKEN, "POST", "/v1/start", 1, b"{ }"),
        sign_answer(TOKEN, "/v1/start", 1, 200, b"{}"),
        sign_answer(TOKEN, "/v1/start", 1, 409, b"{}"),
        sign_answer(TOKEN, "/v1/start", 2, 200, b"{}"),
        sign_answer(TOKEN, "/v1/start", 1, 200, b""),
        sign_hello(TOKEN, b"challenge", 0, "uid"),
        sign_hello(TOKEN, b"challenge", 1, "uid"),
        sign_hello(TOKEN, b"challenge", 0, "other"),
        sign_hello(TOKEN, b"another", 0, "uid"),
        sign_welcome(TOKEN, b"challenge"),
        sign_welcome(TOKEN, b"another"),
    ]

    assert not any(same(one, other) for one, other in combinations(signatures, 2))


@given(
    st.tuples(st.text(max_size=4), st.text(max_size=4), st.integers(0, 99), st.binary(max_size=4)),
    st.tuples(st.text(max_size=4), st.text(max_size=4), st.integers(0, 99), st.binary(max_size=4)),
)
def test_signatures_are_equal_only_where_all_parts_are(
    one: tuple[str, str, int, bytes], other: tuple[str, str, int, bytes]
) -> None:
    assert same(sign_request(TOKEN, *one), sign_request(TOKEN, *other)) == (one == other)


def test_what_moves_from_one_part_to_the_next_changes_the_signature() -> None:
    assert not same(sign_request(TOKEN, "GET", "/a", 12, b"3"), sign_request(TOKEN, "GET", "/a", 1, b"23"))
    assert not same(sign_request(TOKEN, "GE", "T/a", 1, b""), sign_request(TOKEN, "GET", "/a", 1, b""))
    assert not same(sign_hello(TOKEN, b"c", 1, "2u"), sign_hello(TOKEN, b"c", 12, "u"))


def test_a_runs_token_follows_from_the_key_and_the_run() -> None:
    assert run_token(b"key", "uid") == run_token(b"key", "uid")
    assert len({run_token(b"key", "uid"), run_token(b"key", "other"), run_token(b"other", "uid")}) == 3


def test_a_signature_of_another_length_or_of_strange_letters_is_simply_another() -> None:
    assert not same(sign_welcome(TOKEN, b"c"), "")
    assert not same(sign_welcome(TOKEN, b"c"), "größe")


def test_a_signature_that_is_no_text_is_no_signature() -> None:
    assert not same("\udcff", sign_welcome(b"token", b"challenge"))
