"""Streams kept as hashes: whole runs too long to repeat beside the official LoadGen, and a machine of another kind."""

import hashlib
import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from inferometer_loadgen.plan import StreamPlan
from inferometer_loadgen.stream import make_stream, stream_digest
from inferometer_loadgen.stream.loaded import performance_set

GOLDEN = json.loads((Path(__file__).parent / "golden.json").read_text())["cases"]


def sha256(column: NDArray[np.int64]) -> str:
    return hashlib.sha256(column.astype("<i8").tobytes()).hexdigest()


def case_id(case: dict[str, object]) -> str:
    plan = msgspec.convert(case["settings"], StreamPlan)
    return f"{plan.performance_samples} of {plan.total_samples}, {case['queries']} queries, qsl seed {plan.seeds.qsl}"


@pytest.mark.parametrize("case", GOLDEN, ids=case_id)
def test_the_stream_is_the_recorded_one(case: dict[str, object]) -> None:
    plan = msgspec.convert(case["settings"], StreamPlan)
    stream = make_stream(plan)
    loaded = performance_set(plan).samples

    described = {
        "settings": case["settings"],
        "queries": len(stream),
        "loaded": {"first": loaded[:16].tolist(), "sha256_le_int64": sha256(loaded)},
        "samples": {"first": stream.sample[:64].tolist(), "sha256_le_int64": sha256(stream.sample)},
        "scheduled_ns": {
            "first": stream.scheduled_ns[:32].tolist(),
            "last": int(stream.scheduled_ns[-1]),
            "sha256_le_int64": sha256(stream.scheduled_ns),
        },
        "stream_digest": stream_digest(stream),
    }
    assert described == case
