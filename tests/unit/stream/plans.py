"""The ordinary stream plan of these tests, and the official seeds."""

import msgspec

from inferometer_loadgen.plan import Seeds, StreamPlan

SEEDS_V6_1 = Seeds()
SEEDS_V0_5 = Seeds(qsl=3133965575612453542, sample_index=665484352860916858, schedule=3622009729038561421)

ORDINARY = StreamPlan(
    seeds=SEEDS_V6_1,
    target_qps=100_000.0,
    min_duration_ns=4_000_000,
    min_queries=600,
    total_samples=1000,
    performance_samples=64,
)


def a_plan(**changes: object) -> StreamPlan:
    """600 queries, or 4 ms, at 100,000/s over 64 of 1,000 samples, with the seeds of v6.1, but for `changes`."""
    return msgspec.structs.replace(ORDINARY, **changes)
