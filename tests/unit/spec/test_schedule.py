"""A schedule's file: read as it stands, or refused with all that is wrong, each with its line and remedy."""

from typing import Any

import pytest
import yaml

from inferometer_loadgen.spec.errors import SpecErrors
from inferometer_loadgen.spec.schedule_decode import decode_schedule_file, holds_a_schedule

A_RUN: dict[str, Any] = {
    "scenario": "Server",
    "model": {"name": "magika"},
    "target": {"triton": {"image": "triton:1", "modelRepository": {"image": "models:1"}}},
    "load": {"targetQPS": 40, "latencyBound": "250ms", "data": {"synthetic": {}}},
}


def a_file(name: str = "nightly", run: dict[str, Any] | None = None, **spec: Any) -> str:
    found = {
        "apiVersion": "inferometer.dev/v1alpha1",
        "kind": "InferenceBenchmarkSchedule",
        "metadata": {"name": name},
        "spec": {"schedule": "0 3 * * *", "template": {"spec": A_RUN | (run or {})}} | spec,
    }
    return yaml.safe_dump(found, sort_keys=False)


def wrong(text: str) -> list[str]:
    with pytest.raises(SpecErrors) as error:
        decode_schedule_file(text, "bad.yaml")
    return str(error.value).splitlines()


def test_the_ordinary_schedule_is_read_with_its_defaults() -> None:
    found = decode_schedule_file(a_file(), "good.yaml")

    spec = found.spec
    assert (found.name, found.namespace, spec.time_zone, spec.concurrency_policy) == (
        "nightly",
        "default",
        "UTC",
        "Forbid",
    )
    assert (spec.starting_deadline, spec.history_limits.complete, spec.history_limits.failed) == ("10m", 10, 5)


MISTAKES = {
    "an expression that is none": (
        a_file(schedule="0 25 * * *"),
        (
            "bad.yaml:6: spec.schedule: `0 25 * * *`: its hour is none. hint: write minute hour day-of-month month "
            "day-of-week, for example `0 3 * * *` for 03:00 each day"
        ),
    ),
    "an expression that never fires": (
        a_file(schedule="0 3 30 2 *"),
        (
            "bad.yaml:6: spec.schedule: `0 3 30 2 *` never fires: no month that it names has such a day. hint: write "
            "a day that these months have, or L for the last day of a month"
        ),
    ),
    "a zone that is not known": (
        a_file(timeZone="Europe/Berln"),
        "bad.yaml:22: spec.timeZone: there is no time zone `Europe/Berln`. hint: write Europe/Berlin",
    ),
    "a name that leaves no room": (
        a_file("n" * 29),
        (
            f"bad.yaml:4: metadata.name: `{'n' * 29}` has 29 characters, and the names of its runs need room. hint: "
            "use at most 28 characters"
        ),
    ),
    "a deadline that an operator's restart would exceed": (
        a_file(startingDeadline="5s"),
        (
            "bad.yaml:22: spec.startingDeadline: `5s` is less than an operator may need to restart. hint: write 10s or "
            "more"
        ),
    ),
    "a template that is cancelled": (
        a_file(run={"cancel": True}),
        "bad.yaml:22: spec.template.spec.cancel: would end each run before it begins. hint: leave it out",
    ),
    "a template that deletes its runs": (
        a_file(run={"runPolicy": {"ttlAfterFinished": "1h"}}),
        (
            "bad.yaml:23: spec.template.spec.runPolicy.ttlAfterFinished: would delete runs that the schedule counts. "
            "hint: leave it out, and write how many runs are kept into spec.historyLimits"
        ),
    ),
    "a template that would be refused": (
        a_file(run={"load": A_RUN["load"] | {"minDuration": "0s"}}),
        "bad.yaml:22: spec.template.spec.load.minDuration: `0s` is no time at all. hint: write a duration above zero",
    ),
    "an unknown field": (
        a_file(concurrency="Forbid"),
        "bad.yaml:22: spec.concurrency: is an unknown field. hint: write concurrencyPolicy",
    ),
    "a policy that is none": (
        a_file(concurrencyPolicy="Wait"),
        "bad.yaml:22: spec.concurrencyPolicy: `Wait` is none of Allow, Forbid, Queue, Replace. hint: write one of them",
    ),
}


@pytest.mark.parametrize(("text", "line"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_named_with_its_line_and_its_remedy(text: str, line: str) -> None:
    assert wrong(text) == [line]


def test_a_wrong_expression_and_a_wrong_zone_are_told_together() -> None:
    lines = wrong(a_file(schedule="0 3 30 2 *", timeZone="Mars/Olympus"))

    assert [line.split(": ")[1] for line in lines] == ["spec.schedule", "spec.timeZone"]


@pytest.mark.parametrize(
    ("kind", "is_one"),
    [
        ("InferenceBenchmarkSchedule", True),
        ("InferenceBenchmarkShedule", True),
        ("InferenceBenchmark", False),
        ("InferenceBenchmrk", False),
        ("ConfigMap", False),
    ],
)
def test_a_slip_in_the_kind_does_not_hide_what_is_meant(kind: str, is_one: bool) -> None:
    assert holds_a_schedule(a_file().replace("InferenceBenchmarkSchedule", kind)) is is_one
