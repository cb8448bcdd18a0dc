"""What of a user's file of times is read, and what is refused, with the line and the remedy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inferometer_loadgen.datasets import recording
from inferometer_loadgen.datasets.recording import RecordingError, read_times_ns, recording_facts
from inferometer_loadgen.stream.replay import unpack_times

SECOND_NS = 1_000_000_000


def test_times_are_read_to_the_nanosecond_in_each_way_that_a_decimal_is_written() -> None:
    data = b"0\n1e-05\n.25\r\n 0.250000001 \n+3.\n1764043501.123456789\n\n"

    assert read_times_ns(data).tolist() == [0, 10_000, 250_000_000, 250_000_001, 3_000_000_000, 1764043501123456789]


@given(times_ns=st.lists(st.integers(0, 9 * 10**18), min_size=1, max_size=30).map(sorted))
def test_what_is_written_with_nine_digits_comes_back(times_ns: list[int]) -> None:
    lines = "".join(f"{at // SECOND_NS}.{at % SECOND_NS:09}\n" for at in times_ns)

    assert read_times_ns(lines.encode()).tolist() == times_ns


def test_the_first_time_is_when_the_run_begins() -> None:
    facts = recording_facts(b"1764043501.5\n1764043501.75\n1764043503.5\n", SECOND_NS)

    assert unpack_times(facts.packed).tolist() == [0, SECOND_NS // 4, 2 * SECOND_NS]
    assert (facts.queries, facts.lasts_ns) == (3, 2 * SECOND_NS)


@pytest.mark.parametrize(
    ("window_ns", "burst"), [(0, 2), (SECOND_NS // 2, 3), (SECOND_NS, 3), (2 * SECOND_NS, 4), (9 * SECOND_NS, 6)]
)
def test_a_burst_is_the_most_that_is_due_within_a_window(window_ns: int, burst: int) -> None:
    assert recording_facts(b"0\n2\n2\n2.5\n4\n8\n", window_ns).burst == burst


REFUSED = {
    "nothing": (b"", "holds no times. hint: write one a line, in seconds, such as 0.25"),
    "nothing but lines": (b"\n\n", "holds no times. hint: write one a line, in seconds, such as 0.25"),
    "a heading": (b"time\n1\n", "line 1: `time` is no number. hint: write a time a line, in seconds, such as 0.25"),
    "two columns": (b"0\n1,5\n", "line 2: `1,5` is no number. hint: write a time a line, in seconds, such as 0.25"),
    "no number of Python's": (b"nan\n", "line 1: `nan` is no number"),
    "digits in groups": (b"1_000\n", "line 1: `1_000` is no number"),
    "an empty line": (b"0\n\n1\n", "line 2 is empty. hint: delete it"),
    "a negative time": (b"-0.5\n0\n", "line 1: `-0.5` is negative. hint: count the seconds from the first query"),
    "a time that falls": (b"0\n2.5\n2.25\n", "line 3: `2.25` is before `2.5` of the line above. hint: sort the times"),
    "nanoseconds": (
        b"0\n1764043501123456789\n",
        "line 2: `1764043501123456789` is too large. hint: write seconds, not a smaller unit",
    ),
    "another encoding": (b"0\n\xff\n", "line 2 is no text of digits. hint: write a time a line, and nothing else"),
    "hours": (
        b"0\n30000\n",
        "lasts 30000.0 s, and a replay takes at most 21600.0 s. hint: replay a part of it; the times are seconds",
    ),
}


@pytest.mark.parametrize(("data", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_can_not_be_replayed_is_refused_with_its_line_and_the_remedy(data: bytes, message: str) -> None:
    with pytest.raises(RecordingError) as error:
        recording_facts(data, SECOND_NS)

    assert str(error.value).startswith(message)


def test_a_million_times_are_read_and_not_one_more(monkeypatch: pytest.MonkeyPatch) -> None:
    assert recording.MAX_TIMES == 1_000_000
    monkeypatch.setattr(recording, "MAX_TIMES", 3)

    assert read_times_ns(b"0\n1\n2\n").size == 3
    with pytest.raises(RecordingError, match=r"holds 4 times, and at most 3 are read\. hint: replay a part"):
        read_times_ns(b"0\n1\n2\n3\n")


def test_times_that_no_plan_can_hold_are_refused_with_the_figure() -> None:
    gaps_ns = np.random.default_rng(1).integers(0, 20_000_000, 250_000)
    lines = "\n".join(f"{at / SECOND_NS:.9f}" for at in np.cumsum(gaps_ns).tolist())

    with pytest.raises(RecordingError, match=r"250,000 times are 7..,... bytes even when compressed, and a plan"):
        recording_facts(lines.encode(), SECOND_NS)
