"""Schedules on a real API server: what it refuses, and an operator that is killed round a run's creation.

Runs before test_operator.py, whose last test reads in the audit log which rights all of these have used.
"""

import copy
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import REPOSITORY, ApiException, Cluster, await_true
from .rig import Operator, install_rights, operator_kubeconfig

GROUP = ("inferometer.dev", "v1alpha1")
PLURAL = "inferencebenchmarkschedules"
RUNS = "inferencebenchmarks"
EXAMPLE = REPOSITORY / "examples" / "schedule.yaml"


def an_example(path: str = "", value: Any = None, **changes: Any) -> dict[str, Any]:
    found = copy.deepcopy(yaml.safe_load(EXAMPLE.read_text()))
    found["metadata"].pop("namespace")
    found["spec"] |= changes
    block: Any = found
    *parents, last = path.split(".")
    for key in parents:
        block = block.setdefault(key, {})
    if path:
        block[last] = value
    return found


class Schedules:
    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._custom, self.namespace, self._cluster = cluster.custom, namespace, cluster

    def create(self, body: dict[str, Any]) -> dict[str, Any]:
        return self._custom.create_namespaced_custom_object(*GROUP, self.namespace, PLURAL, body)

    def patch(self, body: dict[str, Any]) -> None:
        kind = "application/merge-patch+json"
        self._custom.patch_namespaced_custom_object(*GROUP, self.namespace, PLURAL, "nightly", body, _content_type=kind)

    def ask(self, name: str) -> None:
        self.patch({"metadata": {"annotations": {"inferometer.dev/run-now": name}}})

    def patch_status_as(self, manager: str, status: dict[str, Any]) -> None:
        self._custom.patch_namespaced_custom_object_status(
            *GROUP,
            self.namespace,
            PLURAL,
            "nightly",
            {"status": status},
            field_manager=manager,
            _content_type="application/merge-patch+json",
        )

    def status(self) -> dict[str, Any]:
        found = self._custom.get_namespaced_custom_object(*GROUP, self.namespace, PLURAL, "nightly")
        return found.get("status", {})

    def accepted(self) -> dict[str, Any] | None:
        return next((one for one in self.status().get("conditions", ()) if one["type"] == "Accepted"), None)

    def runs(self) -> list[dict[str, Any]]:
        return self._custom.list_namespaced_custom_object(*GROUP, self.namespace, RUNS)["items"]

    def active(self) -> list[str]:
        return [one["name"] for one in self.status().get("active", ())]

    def told(self) -> list[str]:
        events = self._cluster.core.list_namespaced_event(self.namespace).items
        ours = [one for one in events if one.involved_object.kind == "InferenceBenchmarkSchedule"]
        return sorted(one.reason for one in ours)


@pytest.fixture
def schedules(cluster: Cluster, namespace: str) -> Schedules:
    return Schedules(cluster, namespace)


@pytest.fixture(scope="session")
def access(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    install_rights(cluster)
    return operator_kubeconfig(cluster, tmp_path_factory.mktemp("access"))


@pytest.fixture
def operator(access: Path, tmp_path: Path) -> Iterator[Operator]:
    operator = Operator(access, tmp_path)
    operator.start()
    yield operator
    if operator.is_alive:
        assert operator.stop() == 0, operator.log
    assert "should not happen" not in operator.log, operator.log


RULES = {
    "a name leaves room for its runs": (
        an_example("metadata.name", "n" * 28),
        an_example("metadata.name", "n" * 29),
        "at most 28 characters",
    ),
    "an expression has five fields": (
        an_example(schedule="*/5 0-4 L * MON#1"),
        an_example(schedule="@daily"),
        "spec.schedule",
    ),
    "a zone is a name": (an_example(timeZone="Etc/GMT+1"), an_example(timeZone="/etc/x"), "spec.timeZone"),
    "a policy is one of four": (
        an_example(concurrencyPolicy="Replace"),
        an_example(concurrencyPolicy="Wait"),
        "spec.concurrencyPolicy",
    ),
    "a deadline can be kept": (
        an_example(startingDeadline="10s"),
        an_example(startingDeadline="9s"),
        "startingDeadline is at least 10s",
    ),
    "a limit is bounded": (
        an_example("spec.historyLimits.failed", 0),
        an_example("spec.historyLimits.failed", 101),
        "spec.historyLimits.failed",
    ),
    "a template is not cancelled": (
        an_example("spec.template.spec.cancel", False),
        an_example("spec.template.spec.cancel", True),
        "would end each run before it begins",
    ),
    "a template leaves deletion to history": (
        an_example("spec.template.spec.runPolicy", {"cleanPods": "Never"}),
        an_example("spec.template.spec.runPolicy", {"ttlAfterFinished": "1h"}),
        "would delete runs that the schedule counts",
    ),
    "a template's own fields are ruled like a benchmark's": (
        an_example("spec.template.spec.load.targetQPS", 1),
        an_example("spec.template.spec.load.targetQPS", 0),
        "spec.template.spec.load.targetQPS",
    ),
    "a template's samples are from one place": (
        an_example(),
        an_example("spec.template.spec.load.data.synthetic", {}),
        "set exactly one of synthetic, configMap",
    ),
}


@pytest.mark.parametrize(("accepted", "refused", "words"), RULES.values(), ids=RULES.keys())
def test_at_its_creation(schedules: Schedules, accepted: dict, refused: dict, words: str) -> None:
    schedules.create(accepted)

    body = refused | {"metadata": {"name": "r" + refused["metadata"]["name"][1:]}}
    with pytest.raises(ApiException) as error:
        schedules.create(body)
    assert error.value.status == 422
    assert words in str(error.value.body)


def test_the_example_runs_as_it_stands_when_it_is_asked_for(
    operator: Operator, schedules: Schedules, cluster: Cluster
) -> None:
    stored = schedules.create(an_example())
    await_true(lambda: schedules.status().get("nextSlot"), "its next slot is told")
    schedules.ask("1")
    await_true(schedules.active, "the run is active")

    (run,) = schedules.runs()
    assert run["metadata"]["ownerReferences"][0]["uid"] == stored["metadata"]["uid"]
    assert run["metadata"]["labels"]["inferometer.dev/schedule"] == "nightly"
    assert run["spec"] == stored["spec"]["template"]["spec"]
    await_true(lambda: schedules.told() == ["Started"], "it is told once")
    heading, row = cluster.kubectl("get", "ibs", "-n", schedules.namespace).splitlines()
    assert heading.split() == (
        ["NAME", "SCHEDULE", "SUSPEND", "ACTIVE", "LAST", "VERDICT", "RESULT", "P99", "CHANGE", "NEXT", "AGE"]
    )
    assert row.startswith("nightly")
    assert "03:00 CET" in row or "03:00 CEST" in row


def test_a_run_that_ends_is_recorded_and_beyond_its_limit_deleted(operator: Operator, schedules: Schedules) -> None:
    # Its samples are not there: each run is cancelled by Replace, and fails.
    schedules.create(an_example(concurrencyPolicy="Replace", historyLimits={"complete": 0, "failed": 0}))
    schedules.ask("1")
    await_true(schedules.active, "the first run is active")
    first = schedules.active()
    schedules.ask("2")
    await_true(lambda: schedules.active() not in ([], first), "the second run replaces it")

    (result,) = schedules.status()["results"]
    assert (result["name"], result["outcome"], result["reason"]) == (first[0], "Failed", "Cancelled")
    await_true(lambda: [one["metadata"]["name"] for one in schedules.runs()] == schedules.active(), "it is deleted")
    assert schedules.status()["streaks"] == {"notValid": 1}
    await_true(lambda: schedules.told()[:3] == ["Failed", "Started", "Started"], str(schedules.told()), within_s=10)


def test_a_schedule_that_never_fires_says_so_and_others_do_not_suffer(operator: Operator, schedules: Schedules) -> None:
    schedules.create(an_example("metadata.name", "never", schedule="0 0 30 2 *", timeZone="Mars/Olympus"))
    schedules.create(an_example(schedule="0 0 30 2 *"))
    refused = await_true(schedules.accepted, "it is judged")
    assert (refused["status"], refused["reason"]) == ("False", "CronNeverFires")
    schedules.patch({"spec": {"schedule": "0 3 * * *"}})

    await_true(lambda: (schedules.accepted() or {}).get("status") == "True", "corrected in place it is followed")


def test_what_another_field_manager_wrote_into_the_status_is_taken_away_at_once(
    operator: Operator, schedules: Schedules
) -> None:
    schedules.create(an_example(suspend=True))
    await_true(schedules.accepted, "it is judged")
    schedules.patch_status_as("somebody", {"nextSlot": "2030-01-01T00:00:00Z"})

    await_true(lambda: "nextSlot" not in schedules.status(), "a suspended schedule has no next slot")
    schedules.ask("1")
    await_true(schedules.active, "what is to be done is done")
    await_true(schedules.told, "and told")
    # Applied without end it would never have gone, at hundreds of requests a second.
    assert 1 <= operator.log.count("the whole of it is written anew") < 10


@pytest.mark.timeout(150)
def test_the_slot_of_an_operator_killed_round_its_creation_runs_once(operator: Operator, schedules: Schedules) -> None:
    schedules.create(an_example(schedule="* * * * *", concurrencyPolicy="Allow"))
    await_true(lambda: schedules.status().get("nextSlot"), "its next slot is told")
    # Once just before the slot: whoever comes after it catches it up.
    due = datetime.fromisoformat(schedules.status()["nextSlot"])
    operator.kill()
    await_true(lambda: datetime.now(UTC) > due, "the slot is due", within_s=61)
    operator.start()
    (run,) = await_true(schedules.runs, "the slot is caught up")
    # And once as soon as its run is there, whether the status says so or not.
    operator.kill()
    operator.start()

    await_true(lambda: schedules.active()[:1] == [run["metadata"]["name"]], "the run is active")
    minute = run["metadata"]["annotations"]["inferometer.dev/slot"]
    # The last operator has looked at all of it once it has answered a request.
    schedules.ask("after")
    await_true(lambda: schedules.status().get("runNow", {}).get("decided"), "the request is answered")
    of_slot = [one for one in schedules.runs() if one["metadata"]["annotations"].get("inferometer.dev/slot") == minute]
    assert [one["metadata"]["uid"] for one in of_slot] == [run["metadata"]["uid"]]
    assert "missed" not in schedules.status()
