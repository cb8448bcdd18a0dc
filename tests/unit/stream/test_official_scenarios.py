"""Design invariant 1 for the other scenarios, modes and orders: what is asked is what the official LoadGen asks."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inferometer_loadgen.plan import Seeds, StreamPlan
from inferometer_loadgen.stream import make_stream
from inferometer_loadgen.stream.loaded import accuracy_sets, performance_set
from unit.stream.official_loadgen import official_queries
from unit.stream.plans import SEEDS_V0_5, SEEDS_V6_1, a_plan

SLOW = a_plan(target_qps=2000.0, min_duration_ns=20_000_000, min_queries=30, samples_per_query=1)
"""Closed loops at a rate that no answer at once is slower than, so that LoadGen runs out of what it generated."""

KINDS = {
    "the order is that of independent draws": {},
    "each loaded sample comes once": {"order": "Unique"},
    "one sample comes all the time": {"order": "Same", "same_index": 3},
    "one permutation follows another": {"order": "Permutations"},
    "one permutation follows another, and the queries fill them": {"order": "Permutations", "min_queries": 128},
    "one permutation follows another for longer than the least": {
        "order": "Permutations",
        "min_duration_ns": 60_000_000,
    },
    "every sample of the library comes": {"mode": "Accuracy"},
}
SCENARIOS = {
    "SingleStream": {"scenario": "SingleStream"},
    "MultiStream with 8 samples": {"scenario": "MultiStream", "samples_per_query": 8},
    "MultiStream with 7 samples, which do not divide the set": {"scenario": "MultiStream", "samples_per_query": 7},
    "Server": {"scenario": "Server"},
    "Offline": {"scenario": "Offline", "target_qps": 10_000.0},
}


def assert_asks_as_official(plan: StreamPlan, folder: Path) -> None:
    official = official_queries(plan, folder)
    stream = make_stream(plan)
    sets = accuracy_sets(plan) if plan.mode == "Accuracy" else [performance_set(plan)]

    np.testing.assert_array_equal(np.concatenate([loaded.samples for loaded in sets]), official.loaded)
    # A closed loop that got its answers late ends before it has sent all that was generated.
    sent = official.sample.size if plan.scenario in ("SingleStream", "MultiStream") else None
    np.testing.assert_array_equal(stream.sample[:sent], official.sample)
    if plan.scenario != "Offline":
        assert len(stream) == official.generated


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_the_samples_are_the_official_ones(scenario: dict, kind: dict, tmp_path: Path) -> None:
    assert_asks_as_official(msgspec.structs.replace(SLOW, **(scenario | kind)), tmp_path)


seed = st.integers(min_value=0, max_value=2**64 - 1)
any_seeds = st.sampled_from([SEEDS_V6_1, SEEDS_V0_5]) | st.builds(Seeds, qsl=seed, sample_index=seed, schedule=seed)


Order = Literal["Drawn", "Unique", "Same", "Permutations"]
modes: list[Literal["Performance", "Accuracy"]] = ["Performance", "Accuracy"]


@st.composite
def any_plan(draw: st.DrawFn) -> StreamPlan:
    performance = draw(st.integers(1, 300))
    orders: list[Order] = ["Drawn", "Unique", "Same", "Permutations"]
    order = draw(st.sampled_from(orders))
    # The official package is killed by a signal where an Offline run is to ask more samples once than there are.
    total = draw(st.integers(performance if order == "Unique" else 1, 700))
    return StreamPlan(
        scenario=draw(st.sampled_from(["SingleStream", "MultiStream", "Server", "Offline"])),
        # In an accuracy run an order means nothing to us, and something odd to LoadGen.
        mode=draw(st.sampled_from(modes)) if order == "Drawn" else "Performance",
        order=order,
        same_index=draw(st.integers(0, min(performance, total) - 1)) if order == "Same" else 0,
        seeds=draw(any_seeds),
        target_qps=1e9 / draw(st.integers(200_000, 900_000)),
        min_duration_ns=draw(st.integers(0, 20)) * 1_000_000,
        min_queries=draw(st.integers(1, 700)),
        total_samples=total,
        performance_samples=performance,
        samples_per_query=draw(st.integers(1, 9)),
    )


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plan=any_plan())
def test_any_settings_of_any_scenario_ask_for_the_official_samples(plan: StreamPlan) -> None:
    with TemporaryDirectory() as folder:
        assert_asks_as_official(plan, Path(folder))
