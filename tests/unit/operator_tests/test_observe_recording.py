"""What is read of a replay's ConfigMap, and how it is said when it can't be."""

import asyncio
import base64
from typing import Any, cast

import pytest

from inferometer_loadgen.spec.resolve import ReplayFacts
from inferometer_loadgen.stream.replay import unpack_times
from inferometer_operator.observe import Observer
from inferometer_operator.reconcile.observed import Absent
from inferometer_operator.reconcile.step import ReadRecording

from .builders import SETTINGS
from .worlds import NOW, an_observed_run


class OneConfigMap:
    """An API server that knows of one ConfigMap."""

    def __init__(self, stored: dict[str, Any] | None) -> None:
        self._stored = stored

    async def get(self, _kind: str, _namespace: str, _name: str) -> dict[str, Any] | None:
        return self._stored


def read(stored: dict[str, Any] | None) -> ReplayFacts | Absent | None:
    nobody = cast("Any", None)
    observer = Observer(cast("Any", OneConfigMap(stored)), nobody, nobody, SETTINGS, lambda: NOW)
    return asyncio.run(observer.read(an_observed_run(), (ReadRecording("times", 500_000_000),))).recording


@pytest.mark.parametrize(
    "stored",
    [{"data": {"times.csv": "5\n5.5\n7\n"}}, {"binaryData": {"times.csv": base64.b64encode(b"5\n5.5\n7\n").decode()}}],
    ids=["text", "bytes"],
)
def test_the_times_are_read_with_what_the_plan_must_know_of_them(stored: dict[str, Any]) -> None:
    facts = read(stored)

    assert isinstance(facts, ReplayFacts)
    assert unpack_times(facts.packed).tolist() == [0, 500_000_000, 2_000_000_000]
    assert (facts.queries, facts.lasts_ns, facts.burst) == (3, 2_000_000_000, 2)


@pytest.mark.parametrize(
    ("stored", "why"),
    [
        (None, "there is no ConfigMap times in namespace bench; create it with the benchmark"),
        ({"data": {"times.txt": "1"}}, "ConfigMap times has no key times.csv"),
        (
            {"data": {"times.csv": "2\n1\n"}},
            "ConfigMap times, key times.csv: line 2: `1` is before `2` of the line above. hint: sort the times",
        ),
    ],
    ids=["no ConfigMap", "no key", "no recording"],
)
def test_what_can_not_be_read_is_said_in_a_sentence(stored: dict[str, Any] | None, why: str) -> None:
    assert read(stored) == Absent(why)
