"""Schedules on a simulated clock: what starts, what waits, what is missed; and no slot twice, whatever crashes."""

import functools
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from inferometer_operator.api.schedule_status import ScheduleStatus
from inferometer_operator.run import Key
from inferometer_operator.schedules import ListChildren, ObservedSchedule, ScheduleStep, decide
from inferometer_operator.schedules.schedule import Child, Schedule, decode_child, decode_schedule

T0 = datetime(2026, 11, 25, 3, 0, 30, tzinfo=UTC)
RUN: dict[str, Any] = {
    "scenario": "Server",
    "model": {"name": "magika"},
    "target": {"triton": {"image": "triton:1", "modelRepository": {"image": "models:1"}}},
    "load": {"targetQPS": 40, "latencyBound": "250ms", "data": {"synthetic": {}}},
}


class CrashError(Exception):
    """The operator dies here."""


def a_schedule(created: datetime = T0, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {
            "namespace": "bench",
            "name": "nightly",
            "uid": "s1",
            "creationTimestamp": created.isoformat(),
            "generation": 1,
            "resourceVersion": "1",
            "annotations": {},
        },
        "spec": {"schedule": "*/5 * * * *", "template": {"spec": RUN}} | spec,
    }


@dataclass
class World:
    """The API server, and an operator that dies after `lives` writes."""

    stored: dict[str, Any]
    now: datetime = T0
    children: dict[str, Child] = field(default_factory=dict)
    created: list[str] = field(default_factory=list)
    refused: str = ""
    taken: bool = False
    lives: int = 10**9
    told: list[str] = field(default_factory=list)
    remembered: set[str] = field(default_factory=set)

    @property
    def schedule(self) -> Schedule:
        return decode_schedule(self.stored)

    @property
    def status(self) -> ScheduleStatus:
        return self.schedule.status

    def edit(self, **spec: Any) -> None:
        self.stored["spec"] |= spec
        self.stored["metadata"]["generation"] += 1
        self.settle()

    def ask(self, name: str) -> None:
        self.stored["metadata"]["annotations"]["inferometer.dev/run-now"] = name
        self.settle()

    def pass_to(self, text: str) -> None:
        """Time passes without anybody looking."""
        self.now = datetime.fromisoformat(text).replace(tzinfo=UTC)

    def at(self, text: str) -> None:
        """It is that time, and the operator looks."""
        self.pass_to(text)
        self.settle()

    def settle(self) -> ScheduleStep:
        for _ in range(40):
            step = self.look()
            if not step.does_something:
                return step
        raise AssertionError(f"it never rests: {step}")

    def look(self) -> ScheduleStep:
        observed = ObservedSchedule(
            schedule=self.schedule,
            now=self.now,
            children=tuple(self.children.values()),
            told=frozenset(self.remembered),
        )
        answer = decide(observed)
        if isinstance(answer, ListChildren):
            observed = replace(observed, children_are_live=True)
            answer = decide(observed)
        assert isinstance(answer, ScheduleStep)
        if answer.create is not None and (self.refused or self.taken):
            answer = decide(replace(observed, refused=self.refused, taken=self.taken))
            assert isinstance(answer, ScheduleStep)
        self._carry_out(answer)
        return answer

    def finish(self, name: str, verdict: str = "Valid", p99_ms: float = 10.0, score: float | None = None) -> None:
        conditions = {"Finished": True, "Complete": verdict != "Failed", "Failed": verdict == "Failed"}
        status: dict[str, Any] = {
            "conditions": [
                {"type": kind, "status": str(value), "reason": "R", "message": "", "lastTransitionTime": "t"}
                for kind, value in conditions.items()
            ]
        }
        if verdict != "Failed":
            latency = {"p50Ns": 5_000_000, "p99Ns": int(p99_ms * 1e6)}
            figures = {"metric": "m", "unit": "samples/s", "queries": 800, "errors": 0, "durationNs": 1, "value": 40.0}
            if score is not None:
                figures |= {"accuracy": {"metric": "top1", "value": score, "samples": 8}}
            status |= {"verdict": verdict, "result": figures | {"latency": latency}}
        child = self.children[name]
        self.children[name] = replace(child, status=msgspec.convert(status, type(child.status)))
        self.settle()

    def _carry_out(self, step: ScheduleStep) -> None:
        if step.create is not None:
            name = step.create["metadata"]["name"]
            if name not in self.children:
                metadata = step.create["metadata"] | {"uid": name, "creationTimestamp": self.now.isoformat()}
                child = decode_child(step.create | {"metadata": metadata})
                assert child is not None
                self.children[name] = child
                self.created.append(name)
            self._written()
        for child in step.cancel:
            self.children[child.name] = replace(child, cancelled=True)
            self._written()
        if step.status is not None:
            self.stored["status"] = msgspec.to_builtins(step.status)
            self._written()
        for child in step.delete:
            del self.children[child.name]
            self._written()
        for told in step.tell:
            if told.subject not in self.told:
                self.told.append(told.subject)
            self._written()
            self.remembered.add(told.subject)

    def _written(self) -> None:
        self.lives -= 1
        if self.lives == 0:
            self.remembered.clear()
            raise CrashError


def slot(text: str) -> str:
    return f"nightly-{int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) // 60}"


def a_world(**spec: Any) -> World:
    world = World(a_schedule(**spec))
    world.settle()
    return world


def missed(world: World) -> list[tuple[str, int]]:
    return [(one.reason, one.slots) for one in world.status.missed]


def test_nothing_starts_before_the_first_slot_and_each_slot_once() -> None:
    world = a_world(concurrencyPolicy="Allow")
    assert world.created == []
    assert world.status.next_slot == "2026-11-25T03:05:00.000000Z"

    for text in ("2026-11-25T03:05", "2026-11-25T03:05:10", "2026-11-25T03:10"):
        world.at(text)

    assert world.created == [slot("2026-11-25T03:05"), slot("2026-11-25T03:10")]
    assert [one.name for one in world.status.active] == world.created


def test_it_sleeps_until_the_next_slot() -> None:
    step = a_world(schedule="3 3 * * *").settle()

    assert step.again_after_s == pytest.approx(150.05)


POLICIES: dict[str, tuple[str, list[str], list[tuple[str, int]]]] = {
    "Forbid misses the slot": ("Forbid", [], [("StillRunning", 1)]),
    "Queue holds it": ("Queue", [], []),
    "Replace holds it": ("Replace", [], []),
    "Allow starts it": ("Allow", [slot("2026-11-25T03:10")], []),
}


@pytest.mark.parametrize(("policy", "more", "lost"), POLICIES.values(), ids=POLICIES.keys())
def test_a_slot_while_a_run_goes_on(policy: str, more: list[str], lost: list[tuple[str, int]]) -> None:
    world = a_world(concurrencyPolicy=policy)
    world.at("2026-11-25T03:05")
    first = slot("2026-11-25T03:05")
    world.at("2026-11-25T03:10")

    assert world.created == [first, *more]
    assert missed(world) == lost
    assert world.children[first].cancelled is (policy == "Replace")
    assert len(world.status.waiting) == (policy in {"Queue", "Replace"})
    if policy in {"Queue", "Replace"}:
        world.pass_to("2026-11-25T03:12")
        world.finish(first)
        assert world.created == [first, slot("2026-11-25T03:10")]
        assert world.status.waiting == ()


@pytest.mark.parametrize(("policy", "reason"), [("Queue", "QueueTimeout"), ("Replace", "ReplaceTimeout")])
def test_what_waits_is_given_up_after_the_deadline(policy: str, reason: str) -> None:
    world = a_world(concurrencyPolicy=policy, schedule="5,30 * * * *")
    world.at("2026-11-25T03:05")
    world.at("2026-11-25T03:30")
    world.at("2026-11-25T03:40:01")

    assert missed(world) == [(reason, 1)]
    assert world.status.waiting == ()


def test_a_slot_that_waits_is_overtaken_by_the_next() -> None:
    world = a_world(concurrencyPolicy="Queue")
    for text in ("2026-11-25T03:05", "2026-11-25T03:10", "2026-11-25T03:15"):
        world.at(text)
    world.finish(slot("2026-11-25T03:05"))

    assert world.created == [slot("2026-11-25T03:05"), slot("2026-11-25T03:15")]
    assert missed(world) == [("Overtaken", 1)]


def test_after_a_day_without_an_operator_only_the_newest_slot_is_caught_up() -> None:
    world = a_world()
    world.at("2026-11-26T03:02:30")

    assert world.created == [slot("2026-11-26T03:00")]
    assert missed(world) == [("Overtaken", 287)]
    assert world.status.missed_slots == 287


def test_a_slot_that_is_seen_too_late_is_missed() -> None:
    world = a_world(schedule="0 4 * * *")
    world.at("2026-11-25T04:10:01")

    assert world.created == []
    assert missed(world) == [("DeadlineExceeded", 1)]


def test_a_clock_that_jumps_back_starts_nothing_twice() -> None:
    world = a_world(concurrencyPolicy="Allow")
    world.at("2026-11-25T03:10")
    for text in ("2026-11-25T03:02", "2026-11-25T03:05", "2026-11-25T03:10", "2026-11-25T03:15"):
        world.at(text)

    assert world.created == [slot("2026-11-25T03:10"), slot("2026-11-25T03:15")]


def test_both_days_on_which_the_clocks_change_run_once() -> None:
    for day, slots in (("2026-03-29", ["01:00"]), ("2026-10-25", ["00:30"])):
        created = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=UTC)
        world = World(a_schedule(created, schedule="30 2 * * *", timeZone="Europe/Berlin"), now=created)
        for quarter in range(16):
            world.now = created + timedelta(minutes=15 * quarter)
            world.settle()
        assert world.created == [slot(f"{day}T{one}") for one in slots]


def test_an_edit_owes_no_slot_of_the_past_and_a_suspension_neither() -> None:
    world = a_world(schedule="0 4 * * *")
    world.at("2026-11-25T03:22")
    world.edit(schedule="*/20 * * * *")
    assert world.created == []
    world.edit(suspend=True)
    world.at("2026-11-25T03:41")
    assert world.status.next_slot is msgspec.UNSET
    world.edit(suspend=False)
    assert world.created == []
    world.at("2026-11-25T04:00")

    assert world.created == [slot("2026-11-25T04:00")]
    assert missed(world) == []


def test_what_waits_when_the_schedule_is_suspended_is_withdrawn() -> None:
    world = a_world(concurrencyPolicy="Queue")
    world.at("2026-11-25T03:05")
    world.at("2026-11-25T03:10")
    world.edit(suspend=True)

    assert missed(world) == [("Withdrawn", 1)]


def test_a_template_edited_in_mid_run_changes_the_next_run_and_begins_a_new_trend() -> None:
    world = a_world()
    world.at("2026-11-25T03:05")
    world.edit(template={"spec": RUN | {"model": {"name": "resnet50"}}})
    world.finish(slot("2026-11-25T03:05"))
    world.at("2026-11-25T03:10")
    world.finish(slot("2026-11-25T03:10"), p99_ms=20)

    assert isinstance(world.status.trend, msgspec.Struct)
    assert world.status.trend.compared_with == ""
    assert "no valid run of this template before it" in world.status.trend.glance


def test_run_now_obeys_the_policy_and_runs_once() -> None:
    world = a_world()
    world.ask("a")
    (first,) = world.created
    assert first.startswith("nightly-r")
    world.ask("b")
    assert missed(world) == [("StillRunning", 1)]
    world.finish(first)
    world.ask("b")
    assert world.created == [first]
    world.ask("c")

    assert len(world.created) == 2


def test_run_now_works_while_the_schedule_is_suspended() -> None:
    world = a_world(suspend=True)
    world.ask("a")

    assert len(world.created) == 1


REFUSALS = {
    "CronInvalid": {"schedule": "0 25 * * *"},
    "CronNeverFires": {"schedule": "0 0 30 2 *"},
    "TimeZoneUnknown": {"timeZone": "Mars/Olympus"},
    "TemplateInvalid": {"template": {"spec": RUN | {"cancel": True}}},
    "ScheduleInvalid": {"startingDeadline": "1s"},
}


@pytest.mark.parametrize(("reason", "spec"), REFUSALS.items(), ids=REFUSALS.keys())
def test_bad_input_is_a_typed_condition_and_is_corrected_in_place(reason: str, spec: dict[str, Any]) -> None:
    world = a_world(**spec)
    accepted = world.status.conditions[0]
    assert (accepted.type, accepted.status, accepted.reason) == ("Accepted", "False", reason)
    assert "hint: " in accepted.message
    world.at("2026-11-25T03:04")
    assert world.created == []
    world.stored["spec"] = a_schedule()["spec"]
    world.edit()
    world.at("2026-11-25T03:05")

    assert world.status.conditions[0].status == "True"
    assert slot("2026-11-25T03:05") in world.created


@pytest.mark.parametrize(("how", "reason"), [({"refused": "no quota"}, "RunRefused"), ({"taken": True}, "NameTaken")])
def test_a_run_that_the_api_server_refuses_costs_its_slot_and_no_other(how: dict[str, Any], reason: str) -> None:
    world = a_world()
    for name, value in how.items():
        setattr(world, name, value)
    world.at("2026-11-25T03:05")
    assert missed(world) == [(reason, 1)]
    world.refused, world.taken = "", False
    world.at("2026-11-25T03:10")

    assert world.created == [slot("2026-11-25T03:10")]
    assert world.status.streaks.missed == 0


def test_history_keeps_the_newest_of_each_kind_and_the_results_of_all() -> None:
    world = a_world(historyLimits={"complete": 1, "failed": 1})
    for minute, verdict in ((5, "Valid"), (10, "Failed"), (15, "Invalid"), (20, "Failed")):
        world.at(f"2026-11-25T03:{minute:02}")
        world.finish(slot(f"2026-11-25T03:{minute:02}"), verdict)

    assert sorted(world.children) == [slot("2026-11-25T03:15"), slot("2026-11-25T03:20")]
    assert [one.outcome for one in world.status.results] == ["Failed", "Invalid", "Failed", "Valid"]
    assert world.status.streaks.not_valid == 3


def test_a_run_that_somebody_deletes_is_recorded_as_that() -> None:
    world = a_world()
    world.at("2026-11-25T03:05")
    world.children.clear()
    world.settle()

    assert [one.outcome for one in world.status.results] == ["Deleted"]


def test_the_trend_shows_at_a_glance_that_the_service_got_slower() -> None:
    world = a_world()
    for minute, p99_ms in ((5, 10.0), (10, 12.0), (15, 15.0)):
        world.at(f"2026-11-25T03:{minute:02}")
        world.finish(slot(f"2026-11-25T03:{minute:02}"), p99_ms=p99_ms)

    trend, summary = world.status.trend, world.status.summary
    assert isinstance(trend, msgspec.Struct)
    assert trend.glance == (
        "p99 15.0 ms, +25.0% against the previous valid run (12.0 ms), +36.4% against the median of 2 valid before it "
        "(11.0 ms); result +0.0%. A comparison, not a test"
    )
    assert trend.runs[0] == "2026-11-25 03:15 UTC  Valid  40.0 samples/s  p99 15.0 ms  +25.0%"
    assert isinstance(summary, msgspec.Struct)
    assert (summary.change, summary.streak, summary.verdict) == ("+25.0%", "3 valid", "Valid")


def test_of_runs_that_are_scored_the_trend_is_that_of_the_score() -> None:
    load = RUN["load"] | {"data": {"configMap": {"name": "labelled"}}}
    world = a_world(template={"spec": RUN | {"load": load, "mode": "Accuracy", "accuracy": {"scorer": "top1"}}})
    for minute, score in ((5, 0.76), (10, 0.8), (15, 0.77)):
        world.at(f"2026-11-25T03:{minute:02}")
        world.finish(slot(f"2026-11-25T03:{minute:02}"), score=score)

    trend, summary = world.status.trend, world.status.summary
    assert isinstance(trend, msgspec.Struct)
    assert trend.glance == (
        "top1 0.77, -3.7% against the previous valid run (top1 0.8), -1.3% against the median of 2 valid before it. "
        "A comparison, not a test"
    )
    assert trend.runs[0] == "2026-11-25 03:15 UTC  Valid  top1 0.77  -3.7%"
    assert isinstance(summary, msgspec.Struct)
    assert (summary.result, summary.p99, summary.change) == ("top1 0.77", "", "-3.7%")


def life(policy: str, lives: int = 10**9) -> World:
    """A quarter of an hour in which runs finish, but the second one late where slots wait for it."""
    world = World(a_schedule(concurrencyPolicy=policy), lives=lives)
    for minute in (1, 5, 10, 15):
        world.pass_to(f"2026-11-25T03:{minute:02}")
        try:
            world.settle()
        except CrashError:
            world.settle()
        if minute == 10 and policy in {"Queue", "Replace"}:
            continue
        for name in [name for name, child in world.children.items() if not child.is_finished]:
            try:
                world.finish(name)
            except CrashError:
                world.settle()
    return world


undisturbed_life = functools.cache(life)


@pytest.mark.parametrize("policy", ["Allow", "Forbid", "Queue", "Replace"])
@pytest.mark.parametrize("lives", range(1, 16))
def test_no_slot_runs_twice_and_none_is_lost_whichever_write_an_operator_dies_after(policy: str, lives: int) -> None:
    undisturbed, world = undisturbed_life(policy), life(policy, lives)

    assert world.created == undisturbed.created
    assert len(set(world.created)) == len(world.created)
    assert msgspec.to_builtins(world.status) == msgspec.to_builtins(undisturbed.status)
    assert sorted(world.told) == sorted(undisturbed.told)


def test_the_world_is_that_of_one_schedule() -> None:
    assert a_world().schedule.key == Key("bench", "nightly")
