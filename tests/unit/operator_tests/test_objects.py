"""What is created, word for word: each manifest beside its golden file (UPDATE_GOLDEN=1 writes them anew)."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from inferometer_loadgen.spec.resolve import LibraryFacts, resolve
from inferometer_loadgen.spec.scenarios import MAX_REPLAY_NS
from inferometer_operator.objects.config_maps import plan_config_map, report_config_map
from inferometer_operator.objects.deadlines import loader_deadline_s, server_deadline_s
from inferometer_operator.objects.events import Told, event
from inferometer_operator.objects.load_pods import coordinator_pod, worker_pod
from inferometer_operator.objects.secrets import token_secret
from inferometer_operator.objects.server_pods import server_pod

from .builders import SETTINGS, T0, a_run, a_spec

GOLDEN = Path(__file__).parent / "golden"
TOKEN = "quickstart-token-0a1b2c3d"

QUICKSTART = a_run()
ON_GPUS = a_run(
    a_spec(
        model__version="3",
        target__triton={
            "image": "triton:25.01",
            "gpu": {"count": 2},
            "modelRepository": {"persistentVolumeClaim": {"claimName": "models", "path": "vision"}},
            "resources": {"requests": {"cpu": 4}, "limits": {"memory": "16Gi"}},
            "args": ["--cache-config=local,size=1048576"],
            "env": {"TF_X": "1", "LD_PRELOAD": "/opt/x.so"},
            "nodeSelector": {"example.test/gpu": "h100"},
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        },
        load__data={"synthetic": {}},
        load__nodeSelector={"example.test/pool": "cpu"},
    )
)

ENDPOINT = a_run(
    a_spec(
        target={
            "endpoint": {
                "urls": ["https://triton.serving.svc:8000", "https://[fd00::7]:8000"],
                "metricsURLs": ["https://triton.serving.svc:8002/metrics", "http://[fd00::7]:8002/metrics"],
                "tls": {
                    "caBundle": {"configMap": {"name": "trust", "key": "ca.crt"}},
                    "clientCertificateSecret": "us",
                },
                "auth": {
                    "secretRef": {"name": "access", "key": "token"},
                    "headers": [{"name": "X-Api-Key", "secretRef": {"name": "access", "key": "api-key"}}],
                },
            }
        }
    )
)

SCORED = a_run(a_spec(mode="Accuracy", accuracy={"scorer": "top1"}))

MANIFESTS = {
    "server": server_pod(QUICKSTART, 1),
    "server-on-gpus": server_pod(ON_GPUS, 0),
    "coordinator": coordinator_pod(QUICKSTART, SETTINGS, TOKEN),
    "coordinator-that-scores": coordinator_pod(SCORED, SETTINGS, TOKEN),
    "worker": worker_pod(QUICKSTART, SETTINGS, 1, TOKEN, "198.18.0.7"),
    "worker-with-synthetic-data": worker_pod(ON_GPUS, SETTINGS, 0, TOKEN, "fd00::7"),
    "coordinator-of-an-endpoint": coordinator_pod(ENDPOINT, SETTINGS, TOKEN),
    "worker-of-an-endpoint": worker_pod(ENDPOINT, SETTINGS, 0, TOKEN, "198.18.0.7"),
    "token": token_secret(QUICKSTART, TOKEN, "quickstart-coordinator", "c0", "secret"),
    "plan": plan_config_map(QUICKSTART, resolve("quickstart", a_spec(), LibraryFacts(samples=8, sha256="ab" * 32))),
    "report": report_config_map(QUICKSTART, b"\x1f\x8b compressed"),
    "event": event(QUICKSTART, SETTINGS, Told("Normal", "ServersReady", "2 Triton replicas serve magika"), T0),
}


class _Golden(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_is_its_golden_file(name: str) -> None:
    path = GOLDEN / f"{name}.yaml"
    text = yaml.dump(MANIFESTS[name], Dumper=_Golden, sort_keys=False, width=120)
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)

    assert text == path.read_text()


def test_each_golden_file_is_a_manifest() -> None:
    assert {path.stem for path in GOLDEN.glob("*.yaml")} == set(MANIFESTS)


PODS: dict[str, dict[str, Any]] = {name: one for name, one in MANIFESTS.items() if one["kind"] == "Pod"}


@pytest.mark.parametrize("pod", PODS.values(), ids=PODS.keys())
def test_a_pod_runs_once_without_credentials_or_rights_and_ends_by_itself(pod: dict[str, Any]) -> None:
    spec = pod["spec"]

    assert spec["restartPolicy"] == "Never"
    assert spec["activeDeadlineSeconds"] > 0
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    for container in spec["containers"]:
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"] is True
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}


def test_deadlines_leave_room_for_a_good_run() -> None:
    spec = a_spec(target__triton__startupTimeout="10m", load__minDuration="10m")

    assert server_deadline_s(spec) > 600 + 600
    assert loader_deadline_s(spec) > 600 + 600


def test_deadlines_leave_room_for_a_server_that_is_replaced_once_all_were_ready() -> None:
    spec = a_spec(target__triton__startupTimeout="2h", load__minDuration="10m")

    assert server_deadline_s(spec) > 2 * 7200 + 600
    assert loader_deadline_s(spec) > 7200 + 600


def test_who_lets_answers_pace_the_load_may_take_hours() -> None:
    spec = a_spec(scenario="SingleStream", load={"data": {"synthetic": {}}, "minDuration": "60s"})

    assert server_deadline_s(spec) > 6 * 3600


def test_who_asks_for_every_sample_of_a_library_may_take_hours() -> None:
    assert loader_deadline_s(SCORED.wanted) > 6 * 3600


def test_deadlines_leave_room_for_the_longest_recording() -> None:
    load = {"data": {"synthetic": {}}, "latencyBound": "1s", "replay": {"configMap": {"name": "times"}}}

    assert loader_deadline_s(a_spec(scenario="Replay", load=load)) > 1.1 * MAX_REPLAY_NS / 1e9


def test_servers_are_given_up_soon_after_the_runs_own_deadline_and_what_was_measured_is_not() -> None:
    policy = {"activeDeadline": "5m"}

    assert server_deadline_s(a_spec(runPolicy=policy)) == 300 + 60
    assert loader_deadline_s(a_spec(runPolicy=policy)) == loader_deadline_s(a_spec())


def test_a_deadline_of_centuries_is_one_that_kubernetes_can_hold() -> None:
    assert server_deadline_s(a_spec(target__triton__startupTimeout="999999999h")) == 2**31 - 1


def test_a_long_note_is_cut_to_what_an_event_can_hold() -> None:
    note = event(QUICKSTART, SETTINGS, Told("Warning", "Failed", "é" * 2000), T0)["note"]

    assert len(note.encode()) <= 1024
    assert note.endswith("…")
