"""How many queries and samples a plan asks for: LoadGen's arithmetic, down to its roundings.

loadgen.cc, GenerateQueries, and test_settings_internal.cc.
"""

import math

from inferometer_loadgen.plan import StreamPlan
from inferometer_loadgen.stream.loaded import samples_per_query

NS_PER_S = 1e9
OFFLINE_SLACK = 1.1
"""LoadGen's: so many samples more than the expected rate needs for the duration."""
EXPECTED_TWICE = 2
"""A closed loop is expected to be at most so much faster than its rate says; official runs end with an error if it is.
"""


def set_size(plan: StreamPlan) -> int:
    """The length of a performance run's loaded set, MultiStream's repetition included."""
    return min(plan.performance_samples, plan.total_samples) + samples_per_query(plan) - 1


def least_queries(plan: StreamPlan) -> int:
    """LoadGen's min_query_count: the plan's, but for SingleStream in permutations, which plans for all it may need."""
    least = plan.min_queries
    if plan.scenario == "SingleStream" and in_permutations(plan):
        expected = EXPECTED_TWICE * (plan.min_duration_ns / NS_PER_S) * plan.target_qps
        least = max(least, math.floor(expected))
        least += plan.performance_samples - least % plan.performance_samples
    return least


def least_rows(plan: StreamPlan) -> int:
    """How many rows are sent at least, whatever the duration. In permutations the set is asked whole times."""
    if has_fixed_length(plan):
        return fixed_rows(plan)
    least = least_queries(plan)
    return _up_to_multiple(least, set_size(plan)) if in_permutations(plan) else least


def rows_by_duration(plan: StreamPlan, reached: int) -> int:
    """How many rows are generated where the duration alone asks for `reached`."""
    least = least_rows(plan)
    if reached <= least or not in_permutations(plan):
        return max(reached, least)
    return least + _up_to_multiple(reached - least, set_size(plan))


def closed_loop_rows(plan: StreamPlan) -> int:
    """How many queries LoadGen generates for a closed loop before it begins; without a rate, only the least number."""
    if has_fixed_length(plan):
        return fixed_rows(plan)
    period_ns = interval_ns(plan.target_qps) if plan.target_qps else 0
    duration_ns = EXPECTED_TWICE * plan.min_duration_ns
    reached = -(-duration_ns // period_ns) + 1 if period_ns and duration_ns else 0
    return rows_by_duration(plan, reached)


def interval_ns(target_qps: float) -> int:
    """The time between two queries at this rate, cut to whole nanoseconds."""
    return int(1.0 / target_qps * NS_PER_S)


def offline_samples(plan: StreamPlan, loaded: int) -> int:
    """The samples of Offline's one query."""
    if has_fixed_length(plan):
        return plan.performance_samples if plan.mode == "Performance" else plan.total_samples
    samples = max(plan.min_queries, expected_samples(plan.min_duration_ns, plan.target_qps))
    return _up_to_multiple(samples, loaded) if in_permutations(plan) else samples


def expected_samples(min_duration_ns: int, target_qps: float) -> int:
    """The samples that last for the duration at the expected rate, and some more."""
    return int(OFFLINE_SLACK * (min_duration_ns / NS_PER_S) * target_qps)


def has_fixed_length(plan: StreamPlan) -> bool:
    """Whether the samples alone say how long the stream is: all of them once."""
    old = plan.dialect == "loadgen-r0.5"
    return plan.mode == "Accuracy" or plan.order == "Unique" or (plan.order == "Same" and old)


def fixed_rows(plan: StreamPlan) -> int:
    """The rows of a stream of fixed length; not for Offline."""
    per_query = samples_per_query(plan)
    if plan.mode == "Performance":
        return set_size(plan) // per_query
    whole, rest = divmod(plan.total_samples, plan.performance_samples)
    return whole * -(-plan.performance_samples // per_query) + -(-rest // per_query)


def in_permutations(plan: StreamPlan) -> bool:
    """Whether the loaded set is asked in one order after another; the branch r0.5 cannot."""
    return plan.order == "Permutations" and plan.mode == "Performance" and plan.dialect == "loadgen-6.0"


def _up_to_multiple(number: int, size: int) -> int:
    return -(-number // size) * size
