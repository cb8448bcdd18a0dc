"""Load pods hold no credentials, who lacks a run's token can neither read nor fake, and secrets show nowhere."""

import base64
import gzip
import json
import os
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from e2e.asking import coordinator_status, token_of
from e2e.cluster import Bench, Object, condition, is_finished, is_measuring, quickstart
from inferometer_dev.cluster.access import audit_log, cluster_env, in_cluster, kubectl
from inferometer_dev.cluster.state import BIN
from inferometer_dev.errors import StepFailed
from inferometer_dev.images.inferometer import DEV_REFERENCE
from inferometer_loadgen.protocol.api import REPLAYED
from inferometer_loadgen.protocol.signing import sign_request

SYSTEM = "inferometer-system"
INTRUDER = Path(__file__).parent / "intruder.py"

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def measuring(bench: Bench) -> Bench:
    """A namespace with the run `guarded`, which is measuring."""
    bench.apply(quickstart("guarded", **{"target.triton.replicas": 1, "load.minDuration": "15s"}))
    bench.wait("guarded", is_measuring, 90, "measuring")
    return bench


def test_load_pods_hold_no_credentials_of_the_api_server(measuring: Bench) -> None:
    pods = measuring.items("pods")

    assert len(pods) == 4
    for pod in pods:
        assert pod["spec"]["automountServiceAccountToken"] is False
        mounted = measuring.kubectl("exec", pod["metadata"]["name"], "--", "cat", "/proc/self/mounts")
        assert "serviceaccount" not in mounted
    # Who gets at the namespace's own account all the same has no use of it.
    account = f"--as=system:serviceaccount:{measuring.namespace}:default"
    with pytest.raises(StepFailed) as refused:
        measuring.kubectl("auth", "can-i", "get", "secrets", account)
    assert refused.value.log_tail.strip() == "no"


def test_who_does_not_hold_the_runs_token_can_neither_read_nor_fake_anything(measuring: Bench) -> None:
    bench = measuring
    address = bench.get("pod", "guarded-coordinator")["status"]["podIP"]
    # The operator has asked since: a request with this counter was overheard.
    counter = time.time_ns()
    signature = sign_request(token_of(bench, "guarded").encode(), "GET", "/v1/status", counter, b"")

    said = intrude(bench, address, str(counter), signature)
    answer = coordinator_status(bench, "guarded")
    status = bench.wait("guarded", is_finished, 60, "finished")["status"]

    assert said["unsigned"] == said["wrongly signed"] == [401] * 5
    assert said["replayed"] == REPLAYED
    assert "the signature is not of this run's token" in said["worker"]
    assert answer["startsAccepted"] == 1
    assert condition(status, "Complete")["status"] == "True"


def test_neither_the_operators_key_nor_a_runs_token_shows_anywhere_but_in_its_secret(measuring: Bench) -> None:
    bench = measuring
    key = json.loads(kubectl("read the key", "-n", SYSTEM, "get", "secret", "inferometer-key", "-o", "json"))["data"]
    secrets = {token_of(bench, "guarded"), *(base64.b64decode(value).decode() for value in key.values())}
    assert all(len(secret) >= 32 for secret in secrets)
    logs = [bench.kubectl("logs", pod["metadata"]["name"]) for pod in bench.items("pods")]
    bench.wait("guarded", is_finished, 60, "finished")
    report = base64.b64decode(bench.get("configmap", "guarded-report")["binaryData"]["report.json.gz"])
    shown = [
        *logs,
        kubectl("the operator's log", "-n", SYSTEM, "logs", "deploy/inferometer", "--tail=-1"),
        kubectl("all that is not secret", "get", "ib,pods,configmaps,events", "-A", "-o", "json"),
        gzip.decompress(report).decode(),
        # At level Metadata, of service accounts alone: no secret is in a name, a URL or what an error says. Bodies
        # are not in it; what they hold is looked at above, as it is stored.
        audit_log().read_text(),
    ]

    for secret in secrets:
        for form in (secret, base64.b64encode(secret.encode()).decode()):
            assert all(form not in text for text in shown)


def intrude(bench: Bench, *words: str) -> Object:
    """From a pod of the run's namespace that has all that load pods have, but for the token."""
    container = {
        "name": "intruder",
        "image": DEV_REFERENCE,
        "command": ["sleep", "600"],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    spec = {
        "containers": [container],
        "terminationGracePeriodSeconds": 0,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
    }
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "intruder"}, "spec": spec}
    bench.kubectl("create", "-f", "-", stdin=yaml.safe_dump(pod))
    bench.kubectl("wait", "pod/intruder", "--for=condition=Ready", "--timeout=30s")
    argv = [str(BIN / "kubectl"), "-n", bench.namespace, "exec", "-i", "intruder", "--", "python3", "-", *words]
    env = {**os.environ, **cluster_env()}
    script = INTRUDER.read_text()
    said = subprocess.run(in_cluster(argv), input=script, capture_output=True, text=True, check=False, env=env)
    assert said.returncode == 0, said.stderr
    found: Object = json.loads(said.stdout)
    return found
