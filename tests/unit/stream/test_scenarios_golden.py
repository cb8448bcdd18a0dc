"""Streams of every scenario, mode and order in both dialects, kept as hashes.

Most were taken whole from the official package 6.0.17 and from the source of the branch r0.5, built with a current g++.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from inferometer_loadgen.plan import Seeds, StreamPlan
from inferometer_loadgen.stream import make_stream
from inferometer_loadgen.stream.loaded import accuracy_sets, performance_set

Case = dict[str, Any]

CASES: list[Case] = json.loads((Path(__file__).parent / "scenarios.json").read_text())


def order_of(case: Case) -> Literal["Drawn", "Unique", "Same"]:
    return "Unique" if case["issue_unique"] else "Same" if case["issue_same"] else "Drawn"


def plan_of(case: Case) -> StreamPlan:
    return StreamPlan(
        dialect=case["dialect"],
        scenario=case["scenario"],
        mode=case["mode"],
        order=order_of(case),
        same_index=3,
        seeds=Seeds(**{name: int(seed) for name, seed in case["seeds"].items()}),
        target_qps=case["target_qps"],
        min_duration_ns=case["min_duration_ms"] * 1_000_000,
        min_queries=case["min_query_count"],
        total_samples=case["total_samples"],
        performance_samples=case["performance_samples"],
        samples_per_query=case["samples_per_query"],
    )


def case_id(case: Case) -> str:
    return (
        f"{case['dialect']}, {case['scenario']}, {case['mode']}, {order_of(case)}, {case['performance_samples']} of "
        f"{case['total_samples']}, {case['queries']} queries, qsl seed {case['seeds']['qsl'][:4]}"
    )


def described(column: NDArray[np.int64], golden: Case) -> Case:
    """What the golden file says of a column, of this column."""
    facts: Case = {
        "length": column.size,
        "count": column.size,
        "last": int(column[-1]),
        "first": column[: len(golden["first"])].tolist(),
        "sha256_le_int64": hashlib.sha256(column.astype("<i8").tobytes()).hexdigest(),
    }
    return {name: facts[name] for name in golden}


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_the_stream_is_the_official_one(case: Case) -> None:
    plan = plan_of(case)
    stream = make_stream(plan)
    loaded = accuracy_sets(plan)[0] if plan.mode == "Accuracy" else performance_set(plan)

    assert described(loaded.samples, case["first_loaded_set"]) == case["first_loaded_set"]
    assert described(stream.sample, case["samples"]) == case["samples"]
    if "scheduled_ns" in case:
        assert described(stream.scheduled_ns, case["scheduled_ns"]) == case["scheduled_ns"]
    if plan.scenario != "Offline":  # whose one query is dealt out in rows
        assert len(stream) == case["queries"]


def test_all_scenarios_modes_and_orders_are_there_in_both_dialects() -> None:
    kinds = {(case["dialect"], case["scenario"], case["mode"], order_of(case)) for case in CASES}

    assert len(CASES) == 75
    assert kinds == {
        (dialect, scenario, mode, order)
        for dialect in ("loadgen-6.0", "loadgen-r0.5")
        for scenario in ("SingleStream", "MultiStream", "Server", "Offline")
        for mode, order in (
            ("Performance", "Drawn"),
            ("Performance", "Unique"),
            ("Performance", "Same"),
            ("Accuracy", "Drawn"),
        )
    }
