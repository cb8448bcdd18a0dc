import zlib

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inferometer_loadgen.plan import StreamPlan
from inferometer_loadgen.stream import Issue, make_stream
from inferometer_loadgen.stream.replay import ReplayError, pack_times, unpack_times
from unit.stream.plans import a_plan

TIMES = np.array([0, 0, 7, 1_000_000_007, 3_600_000_000_000])


@settings(deadline=None)
@given(gaps_ns=st.lists(st.integers(0, 2**50), max_size=50), begins_ns=st.integers(0, 2**60))
def test_times_come_back_to_the_nanosecond_from_the_start_of_the_recording(gaps_ns: list[int], begins_ns: int) -> None:
    since_start = np.cumsum([0, *gaps_ns], dtype=np.int64)

    assert unpack_times(pack_times(begins_ns + since_start)).tolist() == since_start.tolist()


def test_a_replay_sends_at_the_recorded_times_and_draws_its_samples_as_server_does() -> None:
    replay = a_plan(scenario="Replay", replay=pack_times(TIMES), target_qps=0.0)
    stream = make_stream(replay)

    assert stream.scheduled_ns.tolist() == TIMES.tolist()
    assert stream.issue is Issue.SCHEDULED
    assert stream.sample.tolist() == make_stream(a_plan()).sample[:5].tolist()


def test_a_replay_survives_the_plans_encoding() -> None:
    replay = a_plan(scenario="Replay", replay=pack_times(TIMES))

    assert msgspec.json.decode(msgspec.json.encode(replay), type=StreamPlan) == replay


def test_an_hour_of_poisson_arrivals_takes_five_bytes_a_query_at_most() -> None:
    times = make_stream(a_plan(target_qps=50.0, min_duration_ns=3_600_000_000_000)).scheduled_ns

    assert len(pack_times(times)) < 5 * times.size


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (np.array([], dtype=np.int64), "no times to replay"),
        (np.array([0, 5, 4]), "time 3 is before the one before it: sort them"),
    ],
)
def test_times_that_cannot_be_replayed_are_refused(times: np.ndarray, message: str) -> None:
    with pytest.raises(ReplayError, match=message):
        pack_times(times)


@pytest.mark.parametrize("packed", [b"", b"no times", zlib.compress(b"abc")])
def test_a_plan_without_times_has_no_replay(packed: bytes) -> None:
    with pytest.raises(ReplayError, match="the plan's times are none"):
        make_stream(a_plan(scenario="Replay", replay=packed))
