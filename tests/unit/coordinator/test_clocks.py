"""Clock offsets: exact on one machine, bounded by the stated uncertainty between two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inferometer_loadgen.coordinator.clocks import SAME_CLOCK, Ping, fit_clock

SECOND_NS = 1_000_000_000


def ping_at(at_ns: int, offset_ns: int, drift: float, way_out_ns: int, way_back_ns: int) -> Ping:
    arrived_ns = at_ns + way_out_ns
    return Ping(
        sent_ns=at_ns,
        worker_ns=arrived_ns + offset_ns + round(drift * arrived_ns),
        received_ns=arrived_ns + way_back_ns,
    )


def test_one_clock_has_no_offset_and_no_uncertainty() -> None:
    assert SAME_CLOCK.to_worker(123_456_789_012_345_678) == 123_456_789_012_345_678
    assert SAME_CLOCK.uncertainty_ns == 0


@given(
    offset_ns=st.integers(-(10**15), 10**15),
    drift=st.floats(-20e-6, 20e-6),
    ways=st.lists(st.tuples(st.integers(20_000, 2_000_000), st.integers(20_000, 2_000_000)), min_size=64, max_size=200),
)
def test_the_true_offset_is_within_the_stated_uncertainty(
    offset_ns: int, drift: float, ways: list[tuple[int, int]]
) -> None:
    pings = [
        ping_at(position * SECOND_NS // 10, offset_ns, drift, way_out_ns, way_back_ns)
        for position, (way_out_ns, way_back_ns) in enumerate(ways)
    ]

    fit = fit_clock(pings)

    # Where the line is held: at the pings that it was put through.
    for ping in sorted(pings, key=lambda ping: ping.round_trip_ns)[:6]:
        middle_ns = round(ping.middle_ns)
        truth_ns = middle_ns + offset_ns + drift * middle_ns
        assert abs(fit.to_worker(middle_ns) - truth_ns) <= fit.uncertainty_ns + ping.round_trip_ns / 2 + 2


def test_a_drift_of_twenty_millionths_is_followed_over_ten_minutes() -> None:
    pings = [ping_at(at * SECOND_NS, 5_000_000, 20e-6, 50_000, 50_000) for at in range(600)]

    fit = fit_clock(pings)

    assert fit.drift == pytest.approx(20e-6, rel=1e-3)
    assert abs(fit.to_worker(600 * SECOND_NS) - (600 * SECOND_NS + 5_000_000 + 12_000_000)) < 10_000


def test_slow_round_trips_do_not_spoil_the_fit() -> None:
    quick = [ping_at(at * SECOND_NS, 1_000, 0.0, 40_000, 40_000) for at in range(20)]
    lopsided = [ping_at(at * SECOND_NS + 500, 1_000, 0.0, 9_000_000, 40_000) for at in range(100)]

    fit = fit_clock([*quick, *lopsided])

    assert abs(fit.offset_ns - 1_000) <= fit.uncertainty_ns < 100_000


def test_no_pings_are_no_clock() -> None:
    with pytest.raises(ValueError, match="without pings"):
        fit_clock([])


@given(way_ns=st.lists(st.integers(60_000, 70_000), min_size=128, max_size=128), slower_ns=st.integers(0, 500_000))
def test_a_drift_is_followed_where_the_pings_of_one_time_were_all_faster_than_those_of_another(
    way_ns: list[int], slower_ns: int
) -> None:
    # A worker signs in, and ten minutes later the run is started, the network being a little busier by then.
    pings = [ping_at(at * 1_000_000, 0, 20e-6, way_ns[at], way_ns[at]) for at in range(64)]
    for at in range(64):
        way = way_ns[64 + at] + slower_ns
        pings.append(ping_at(600 * SECOND_NS + at * 1_000_000, 0, 20e-6, way, way))

    fit = fit_clock(pings)

    start_ns = 601 * SECOND_NS
    assert abs(fit.to_worker(start_ns) - (start_ns + 12_020_000)) <= fit.uncertainty_ns < 200_000


def test_a_clock_that_was_set_while_it_ran_shows_in_the_uncertainty() -> None:
    before = [ping_at(at * 1_000_000, 0, 0.0, 50_000, 50_000) for at in range(64)]
    between = [ping_at(300 * SECOND_NS + at * 1_000_000, 5_000_000, 0.0, 60_000, 60_000) for at in range(8)]
    after = [ping_at(600 * SECOND_NS + at * 1_000_000, 0, 0.0, 60_000, 60_000) for at in range(64)]

    assert fit_clock([*before, *between, *after]).uncertainty_ns > 4_000_000
