"""The fleet that the operator watches at rest, and how its requests are counted."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
from benchmarks.at_rest.fleet import Fleet, ended, ended_status, run_of, schedule_manifest, schedule_status, slots
from benchmarks.at_rest.readings import requests_in

from inferometer_operator.api.conditions import ConditionType
from inferometer_operator.api.schedule_status import ScheduleStatus
from inferometer_operator.api.status import BenchmarkStatus
from inferometer_operator.schedules.schedule import decode_schedule

NOW = datetime(2026, 11, 25, 15, 20, tzinfo=UTC)
USER = "system:serviceaccount:inferometer-system:inferometer"
IDENTITY = {"namespace": "team-0", "uid": "s1", "resourceVersion": "1", "creationTimestamp": "2026-11-25T15:00:00Z"}


def entry(number: int, verb: str, user: str = USER, **reference: str) -> str:
    found = {"auditID": str(number), "verb": verb, "user": {"username": user}, "requestURI": "/apis"}
    return json.dumps(found | ({"objectRef": reference} if reference else {}))


def test_a_run_at_rest_has_ended_when_its_slot_says_and_bears_its_own_name() -> None:
    found = ended_status("nightly-00-1", ended()["status"], NOW)
    status = msgspec.convert(found, BenchmarkStatus)

    assert status.is_true(ConditionType.FINISHED)
    assert status.start_time == "2026-11-25T15:20:00.000000Z"
    assert [server.name for server in status.servers] == ["nightly-00-1-server-0", "nightly-00-1-server-1"]
    assert "recorded" not in json.dumps(found)


def test_a_schedule_at_rest_is_sound_and_hours_away_from_its_slots() -> None:
    manifest = schedule_manifest("nightly-00", ended()["spec"], NOW)
    schedule = decode_schedule(manifest | {"metadata": manifest["metadata"] | IDENTITY})
    runs = {slot: run_of(schedule, slot) for slot in slots(NOW)}
    stored = {slot: run | {"metadata": run["metadata"] | {"uid": str(slot)}} for slot, run in runs.items()}
    status = msgspec.convert(schedule_status(stored, NOW), ScheduleStatus)

    assert schedule.spec_problem == ""
    assert len(status.active) == len({run["metadata"]["name"] for run in runs.values()}) == 10
    assert manifest["spec"]["schedule"] == "0 3 * * *"
    assert timedelta(hours=11) < NOW - max(runs) < timedelta(hours=13)


def test_there_are_200_runs_of_20_schedules_and_50_in_a_namespace() -> None:
    places = Fleet().places()

    assert (Fleet().runs, len(set(places))) == (200, 20)
    assert {sum(namespace == one for namespace, _ in places) for one, _ in places} == {5}


def test_requests_are_counted_by_verb_and_resource_and_a_watch_that_began_and_ended_once() -> None:
    lines = [
        entry(1, "watch", resource="pods"),
        entry(1, "watch", resource="pods"),
        entry(2, "patch", resource="inferencebenchmarks", subresource="status"),
        entry(3, "get"),
        entry(4, "list", user="system:serviceaccount:kube-system:other", resource="pods"),
    ]

    assert requests_in(lines, USER) == {"watch pods": 1, "patch inferencebenchmarks/status": 1, "get /apis": 1}
