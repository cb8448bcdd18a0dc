"""Whatever happens in whatever order, a run ends typed, once, and nothing is left of it.

Hypothesis plays users, nodes, networks and operators: pods are lost, watches are late, repeat themselves and overtake
each other, operators die before and after each of their calls or go on beside the next one. What must hold always is
checked after each rule, what must hold in the end after a time in which nothing more goes wrong.
"""

import os
from typing import Any

import msgspec
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from inferometer_loadgen.client import SilentError
from inferometer_loadgen.protocol.api import RunFailure
from inferometer_operator.api.conditions import FailureReason
from inferometer_operator.errors import BusyError
from inferometer_operator.objects.labels import ROLE, Role
from inferometer_operator.reconcile.telling import story
from inferometer_operator.run import decode_run
from unit.operator_tests.builders import a_spec

from .api_server import BENCHMARK, ApiServer, Json, condition, is_finished
from .nodes import Nodes
from .operators import KEY, Operator

SPEC = msgspec.to_builtins(a_spec(load__data={"synthetic": {}}))
ENDPOINT = SPEC | {"target": {"endpoint": {"urls": ["http://a:8000", "http://b:8000"]}}}
HAPPENED = {"ServersReady", "Started", "Suspended"}
"""What stays told although the status has gone back since."""
PODS = ("coordinator", "server-0", "server-1", "worker-0", "worker-1")
SETTLES_WITHIN_S = 1500
EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "80"))
"""Each is a run of its own. More of them find what is rarer: thousands after a change of the policies."""

SELDOM = st.sampled_from([False] * 9 + [True])
"""For what ends a story: most of it would never be played otherwise."""


class RunMachine(RuleBasedStateMachine):
    spec = SPEC

    def __init__(self) -> None:
        super().__init__()
        self.server = ApiServer()
        self.nodes = Nodes(self.server)
        self.server.add(
            {
                "apiVersion": "inferometer.dev/v1alpha1",
                "kind": BENCHMARK,
                "metadata": {"name": KEY.name, "generation": 1},
                "spec": self.spec,
            }
        )
        self.operator = Operator(self.server, self.nodes)
        self.older: Operator | None = None
        self.result_may_be_lost = False
        self.was_refused = False
        self.was_harmed = False
        """Whether anything but operators, networks to the API server and watches went wrong."""
        self.idle_s = 0.0

    # --- time goes on

    @initialize(rounds=st.integers(0, 24), ahead=st.integers(0, 12))
    def it_has_gone_well_so_far(self, rounds: int, ahead: int) -> None:
        self.all_goes_well(rounds)
        self.nodes_go_on(ahead)

    @rule(rounds=st.integers(1, 8))
    def all_goes_well(self, rounds: int) -> None:
        for _ in range(rounds):
            self.nodes.go_on()
            self.server.pass_time(1)
            self._look(self.operator)

    @rule(steps=st.integers(1, 12))
    def nodes_go_on(self, steps: int) -> None:
        for _ in range(steps):
            self.nodes.go_on()

    @rule(seconds=st.sampled_from([0.5, 3, 16, 61]))
    def time_passes(self, seconds: float) -> None:
        self.server.pass_time(seconds)
        self.idle_s += seconds
        # A start that is not given within a minute is not accepted any more.
        self.was_harmed |= self.idle_s >= 60

    # --- operators

    @rule(calls=st.integers(0, 10))
    def the_operator_goes_on(self, calls: int) -> None:
        self._go_on(self.operator, calls)

    @precondition(lambda self: self.older is not None)
    @rule(calls=st.integers(0, 10))
    def the_older_operator_goes_on_beside_it(self, calls: int) -> None:
        assert self.older is not None
        self._go_on(self.older, calls)

    @rule(kind=st.sampled_from(["Pod", BENCHMARK]), most=st.integers(0, 5), again=st.integers(0, 8))
    def a_watch_tells(self, kind: str, most: int, again: int) -> None:
        self.operator.hear(kind, most, again)

    @rule(done=st.booleans())
    def the_operator_dies(self, done: bool) -> None:
        if done and self.operator.call is not None:
            self.operator.fail(BusyError("call", 0, "it dies"), done=True)
        self.operator.die()
        self.operator = Operator(self.server, self.nodes)

    @rule()
    def the_operator_is_taken_for_dead(self) -> None:
        if self.older is not None:
            self.older.die()
        self.older, self.operator = self.operator, Operator(self.server, self.nodes)

    @precondition(lambda self: self.operator.call is not None)
    @rule(done=st.booleans())
    def an_answer_is_lost(self, done: bool) -> None:
        assert self.operator.call is not None
        is_to_the_coordinator = self.operator.call.what.startswith("coordinator")
        error = SilentError("no answer: timed out") if is_to_the_coordinator else BusyError("call", 500, "no")
        self.operator.fail(error, done=done)

    # --- pods and the API server

    @rule(name=st.sampled_from(PODS), how=st.sampled_from(["killed", "evicted", "vanished", "silent"]))
    def a_pod_is_lost(self, name: str, how: str) -> None:
        pod = self.server.find("Pod", f"{KEY.name}-{name}")
        if pod is None or "nodeName" not in pod["spec"] or _has_ended(pod):
            return
        self.was_harmed = True
        is_the_coordinator = pod["metadata"]["labels"][ROLE] == Role.COORDINATOR
        match how:
            case "killed":
                self.nodes.end(pod, 137)
            case "evicted":
                self.nodes.end(pod, 143, reason="Evicted", message="the node was low on memory")
            case "vanished":
                self.nodes.vanish(pod)
                self.result_may_be_lost |= is_the_coordinator
            case _ if (found := self.nodes.coordinators.get(pod["metadata"]["uid"])) is not None:
                found.silent = self.result_may_be_lost = True

    @precondition(lambda self: any(one.report for one in self.nodes.coordinators.values()))
    @rule(how=st.sampled_from(["killed", "evicted"]))
    def a_report_is_lost_with_its_coordinator(self, how: str) -> None:
        self.a_pod_is_lost("coordinator", how)

    @rule(index=st.sampled_from([0, 1]), role=st.sampled_from(["server", "worker"]))
    def a_pod_vanishes_while_its_coordinator_is_silent(self, index: int, role: str) -> None:
        self.a_pod_is_lost("coordinator", "silent")
        self.a_pod_is_lost(f"{role}-{index}", "vanished")

    @rule(really=SELDOM, kind=st.sampled_from(["Pod", "ConfigMap", "Event"]))
    def admission_refuses(self, really: bool, kind: str) -> None:
        self.server.refused = kind if really else ""
        self.was_harmed |= really
        self.was_refused |= self.server.refused in {"Pod", "ConfigMap"}

    # --- users

    @rule()
    def somebody_annotates_it(self) -> None:
        self.server.change(BENCHMARK, KEY.name, dict)

    @rule(suspend=st.booleans())
    def somebody_suspends_it(self, suspend: bool) -> None:
        found = self.server.find(BENCHMARK, KEY.name)
        if found is not None and not (suspend and "startTime" in found.get("status", {})):
            self.server.replace(_with_spec(found, suspend=suspend))

    @rule(really=SELDOM)
    def somebody_cancels_it(self, really: bool) -> None:
        if really:
            self.was_harmed = True
            self.server.change(BENCHMARK, KEY.name, lambda found: _with_spec(found, cancel=True))

    @rule(really=SELDOM, anew=st.booleans())
    def somebody_deletes_it(self, really: bool, anew: bool) -> None:
        found = self.server.find(BENCHMARK, KEY.name)
        if found is None or not really:
            return
        self.server.remove(found)
        self.result_may_be_lost = self.was_harmed = True
        if anew:
            metadata = {"name": KEY.name, "generation": 1}
            self.server.add(
                {"apiVersion": found["apiVersion"], "kind": BENCHMARK, "metadata": metadata, "spec": self.spec}
            )

    # --- what must hold

    @invariant()
    def nothing_forbidden_was_tried(self) -> None:
        assert self.server.problems == []

    @invariant()
    def no_run_is_started_twice(self) -> None:
        runs = [run for run, _, _ in self.nodes.accepted]
        assert len(set(runs)) == len(runs), self.nodes.accepted

    def teardown(self) -> None:
        self._settle()
        left = [name for kind, name in self.server.objects if kind in {"Pod", "Secret"}]
        assert left == []
        if (found := self.server.find(BENCHMARK, KEY.name)) is not None:
            self._has_ended_well(found)

    def _has_ended_well(self, found: Json) -> None:
        run = decode_run(found)
        assert run.is_finished, run.status
        word = run.status.verdict if condition(found, "Complete") == "True" else run.status.reasons[0].type
        event(f"{word} after the start" if run.has_started else f"{word} before the start")
        assert {condition(found, "Complete"), condition(found, "Failed")} == {"True", "False"}
        assert condition(found, "Valid") in {"True", "False", "Unknown"}
        if condition(found, "Failed") == "True":
            # The operator notes why it calls a run off, so a run never ends for no better reason than that it was.
            assert run.status.reasons[0].type in {*FailureReason, *RunFailure} - {RunFailure.ABORTED}
        else:
            assert [nonce for uid, _, nonce in self.nodes.accepted if uid == run.uid] == [run.status.start_nonce]
        whole = any(one.run_uid == run.uid and one.is_whole for one in self.nodes.ever)
        if whole and not self.result_may_be_lost and not self.was_refused:
            assert run.status.verdict == "Valid", run.status
        assert run.status.verdict == "Valid" or self.was_harmed, run.status
        told = [one["reason"] for one in self.server.all("Event") if one["regarding"]["uid"] == run.uid]
        owed = {one.reason for one in story(run)}
        assert len(set(told)) == len(told)
        assert owed <= set(told) or self.server.refused == "Event", (owed, told)
        assert set(told) - owed <= HAPPENED, (owed, told)

    def _settle(self) -> None:
        """Nothing more goes wrong, and what was held is let go."""
        for one in (self.older, self.operator):
            if one is not None:
                one.die()
        self.operator = Operator(self.server, self.nodes)
        self.server.refused = ""
        self.somebody_suspends_it(suspend=False)
        for _ in range(SETTLES_WITHIN_S):
            self.nodes.go_on()
            self.server.pass_time(1)
            self._look(self.operator)
            found = self.server.find(BENCHMARK, KEY.name)
            is_over = found is None or is_finished(found)
            if is_over and not self.server.all("Pod") and not (self.operator.news or self.operator.due):
                self.nodes.go_on()
                return

    def _look(self, operator: Operator) -> None:
        for kind in ("Pod", BENCHMARK):
            operator.hear(kind)
        for _ in range(40):
            self._go_on(operator, 40)
            if operator.is_idle and not operator.news:
                return

    def _go_on(self, operator: Operator, calls: int) -> None:
        operator.begin()
        for _ in range(calls):
            if operator.call is None:
                return
            operator.answer()


def _with_spec(found: Json, **changes: Any) -> Json:
    metadata = found["metadata"] | {"generation": found["metadata"]["generation"] + 1}
    return found | {"metadata": metadata, "spec": found["spec"] | changes}


def _has_ended(pod: Json) -> bool:
    return any("terminated" in one["state"] for one in pod.get("status", {}).get("containerStatuses", ()))


class EndpointMachine(RunMachine):
    """The same of a run whose servers are not the operator's."""

    spec = ENDPOINT


def played(examples: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


TestRunMachine = RunMachine.TestCase
TestRunMachine.settings = played(EXAMPLES)
TestEndpointMachine = EndpointMachine.TestCase
TestEndpointMachine.settings = played(EXAMPLES // 4)  # It has fewer pods to lose, and no other policies.
