"""How a worker's clock stands to the coordinator's, and how well that is known.

Both clocks are monotonic. On one machine (same boot, same time namespace) they are one clock: the offset is exactly 0.
Elsewhere it is measured by ping-pong before, during and after the run. Queues only make a round trip longer, so of the
pings the fastest tenth is kept, and of each bunch the fastest: those of one time may all be faster than those of
another, and without the slower ones nothing would tell how the clocks drift. The offset is a straight line in time,
since clocks of two machines drift apart by up to 20 millionths, 12 ms in ten minutes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FASTEST_SHARE = 0.1
MIN_KEPT = 8
MIN_SPAN_FOR_DRIFT_NS = 1_000_000_000
"""Over a shorter time the pings' noise would look like drift."""
BUNCH_NS = 1_000_000_000
"""Pings within this time tell the same of the drift: the fastest of them is the best."""


@dataclass(frozen=True, slots=True)
class Ping:
    """One round trip: sent and received on the coordinator's clock, answered on the worker's."""

    sent_ns: int
    worker_ns: int
    received_ns: int

    @property
    def round_trip_ns(self) -> int:
        """How long it took."""
        return self.received_ns - self.sent_ns

    @property
    def middle_ns(self) -> float:
        """When the worker read its clock, on the coordinator's, if both ways took equally long."""
        return (self.sent_ns + self.received_ns) / 2


@dataclass(frozen=True, slots=True)
class ClockFit:
    """worker clock = coordinator clock + offset_ns + drift * (coordinator clock - at_ns), within uncertainty_ns."""

    offset_ns: float
    drift: float
    at_ns: int
    uncertainty_ns: int
    same_clock: bool

    def to_worker(self, coordinator_ns: int) -> int:
        """A time of the coordinator's clock on the worker's."""
        # Only the small part goes through floating point: monotonic times need more than its 53 bits may give.
        return coordinator_ns + round(self.offset_ns + self.drift * (coordinator_ns - self.at_ns))


SAME_CLOCK = ClockFit(offset_ns=0.0, drift=0.0, at_ns=0, uncertainty_ns=0, same_clock=True)


def fit_clock(pings: Sequence[Ping]) -> ClockFit:
    """The line through the fastest pings, a faster one weighing more.

    The uncertainty is half the shortest round trip and the worst residual, less what a slower ping's own way explains.
    Raises ValueError for no pings.
    """
    if not pings:
        raise ValueError("no clock can be fitted without pings")
    by_speed = sorted(pings, key=lambda ping: ping.round_trip_ns)
    fastest = max(MIN_KEPT, int(len(pings) * FASTEST_SHARE))
    kept = [*by_speed[:fastest], *_fastest_of_each_bunch(by_speed[fastest:])]
    at_ns = int(kept[0].middle_ns)
    base_ns = kept[0].worker_ns - at_ns
    round_trips = np.array([float(ping.round_trip_ns) for ping in kept])
    times = np.array([ping.middle_ns - at_ns for ping in kept])
    # Relative to the first offset: a worker's boot may be days away, and the differences are microseconds.
    offsets = np.array([float(ping.worker_ns - base_ns - at_ns) - (ping.middle_ns - at_ns) for ping in kept])
    if np.ptp(times) >= MIN_SPAN_FOR_DRIFT_NS:
        drift, offset = np.polyfit(times, offsets, 1, w=1 / np.maximum(round_trips, 1))
    else:
        drift, offset = 0.0, float(np.median(offsets[:fastest]))
    explained = (round_trips - round_trips[0]) / 2
    explained[:fastest] = 0
    residual = max(0.0, float(np.max(np.abs(offsets - offset - drift * times) - explained)))
    return ClockFit(
        offset_ns=base_ns + float(offset),
        drift=float(drift),
        at_ns=at_ns,
        uncertainty_ns=round(kept[0].round_trip_ns / 2 + residual),
        same_clock=False,
    )


def _fastest_of_each_bunch(by_speed: Sequence[Ping]) -> list[Ping]:
    bunches: dict[int, Ping] = {}
    for ping in by_speed:
        bunches.setdefault(ping.sent_ns // BUNCH_NS, ping)
    return list(bunches.values())
