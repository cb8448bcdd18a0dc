"""A server that answers for another model than the benchmark's ends the run in seconds."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from inferometer_operator.api.status import Summary
from inferometer_operator.objects.labels import Role
from inferometer_operator.reconcile import Need, Step, reconcile
from inferometer_operator.reconcile.observed import Observed
from inferometer_operator.reconcile.step import AskProbe, ReadLog

from .builders import T0, a_spec
from .worlds import ACCEPTED, NOW, SERVERS, SERVING, a_pending_pod, a_pod, an_observed_run

SILENT = a_pod(Role.SERVER, 0, ready=False)
LOG = """
+--------+---------+--------+
| Model  | Version | Status |
+--------+---------+--------+
| magika | 1       | READY  |
| broken | 1       | UNAVAILABLE: Internal |
+--------+---------+--------+
"""


def a_run_of(model: dict[str, Any], refused_s: float | None = None, **changes: Any) -> Observed:
    spec = a_spec(model=model)
    since = None if refused_s is None else NOW - timedelta(seconds=refused_s)
    ordinary: dict[str, Any] = {"pods": (SILENT, SERVERS[1]), "unserved": {SILENT.name: since}}
    return an_observed_run(*ACCEPTED, spec=spec, **ordinary | changes)


def test_a_server_that_runs_and_is_not_ready_is_asked_about() -> None:
    observed = a_run_of({"name": "nope"}, unserved={})

    assert reconcile(observed) == Need((AskProbe(SILENT),))
    young = replace(observed, now=T0 + timedelta(seconds=3))
    assert reconcile(young) == Step(again_after_s=2.0)


@pytest.mark.parametrize("refused_s", [None, 14.9], ids=["never", "for a moment"])
def test_a_server_loads_as_long_as_it_has_refused_its_probe(refused_s: float | None) -> None:
    assert reconcile(a_run_of({"name": "nope"}, refused_s)) == Step(again_after_s=5.0)


@pytest.mark.parametrize(
    ("model", "wanted"),
    [({"name": "nope"}, "`nope`"), ({"name": "magika", "version": "7"}, "`magika` version 7")],
    ids=["another name", "another version"],
)
def test_a_server_that_goes_on_refusing_ends_the_run_and_says_what_it_serves(
    model: dict[str, str], wanted: str
) -> None:
    observed = a_run_of(model, 15.0)
    assert reconcile(observed) == Need((ReadLog(SILENT),))

    ended = reconcile(replace(observed, logs={SILENT.name: LOG}))
    assert isinstance(ended, Step)
    assert ended.status is not None
    assert isinstance(ended.status.summary, Summary)
    assert ended.status.summary.reason == (
        f"ModelNotReady: replica 0 answers, but does not serve model {wanted}; it serves `magika` version 1; correct "
        "spec.model.name or version, or the model repository"
    )
    assert [one.pod for one in ended.status.evidence] == [SILENT.name]


def test_of_a_run_whose_servers_were_ready_or_do_not_run_nobody_is_asked_about() -> None:
    pending = a_run_of({"name": "magika"}, pods=(a_pending_pod(Role.SERVER, 0), SERVERS[1]))
    assert isinstance(reconcile(pending), Step)

    flickering = an_observed_run(*SERVING, pods=(SILENT, SERVERS[1]))
    assert isinstance(reconcile(flickering), Step)
