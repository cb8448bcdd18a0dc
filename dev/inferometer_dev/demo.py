"""`make demo`: everything from an empty machine to a real benchmark's verdict, each step with its time and its purpose.

Run again, it does only what is missing: the builds are cached, the cluster goes on running, and only a finished
quickstart is run anew.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from inferometer_dev.cluster.access import cluster_env, in_cluster, kubectl
from inferometer_dev.cluster.lifecycle import up
from inferometer_dev.cluster.state import BIN
from inferometer_dev.commands import require_root, run, tail
from inferometer_dev.debian import install_host_packages
from inferometer_dev.demo_run import Ending, Progress, ending_of, failure_of, progress_of, status_block
from inferometer_dev.errors import DevError, StepFailed
from inferometer_dev.gotools import build_all
from inferometer_dev.images.catalog import build_images
from inferometer_dev.images.inferometer import default_tag
from inferometer_dev.monitoring.install import install_prometheus
from inferometer_dev.paths import REPO, cache
from inferometer_dev.progress import Step

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

OPERATOR, BENCH, NAME = "inferometer-system", "bench", "quickstart"
QUICKSTART = REPO / "examples" / "quickstart.yaml"
SAMPLES = REPO / "examples" / "quickstart-samples.yaml"
# The quickstart measures for 20 s; its servers load in seconds. Beyond this something hangs.
_RUN_WITHIN_S = 600.0
_POLL_S = 0.5
NEXT = """
Next:
  another spec   edit examples/quickstart.yaml (targetQPS, latencyBound, replicas) and run make demo again
  dashboards     give Grafana {prometheus} as a Prometheus (it has an API and no pages), and import
                 charts/inferometer/dashboards/*.json; docs/dashboards.md. Without a Grafana:
                 make dashboard-pictures PROMETHEUS={prometheus} ARGS="--minutes 3 --scrape-interval 2"
  stop           make cluster-down (the builds stay in the cache)"""


def main(argv: Sequence[str]) -> int:
    """The exit code is that of the benchmark, as `inferometer run` gives it."""
    if argv:
        print("usage: dev/demo", file=sys.stderr)
        return 2
    require_root("the embedded cluster")
    prepare()
    prometheus = install()
    status = benchmark()
    print(kubectl("show the result", "get", "ib", "-n", BENCH).rstrip())
    print()
    print(verdict_block(status))
    print(NEXT.format(prometheus=prometheus))
    ending = ending_of(status)
    if ending is Ending.FAILED:
        print(f"error: {failure_of(status)}", file=sys.stderr)
    return int(Ending.FAILED if ending is None else ending)


def prepare() -> None:
    """All that must be there before anything of ours runs."""
    with Step("binaries", "Kubernetes, containerd, helm and Prometheus, built from source once"):
        install_host_packages()
        build_all()
    with Step("images", "operator, load generator, a real Triton and a model"):
        build_images()
    with Step("cluster", "a real Kubernetes, in network namespaces of its own"):
        up()


def install() -> str:
    """Prometheus, the operator, by its Helm chart, and a namespace for runs that admits restricted pods only.

    Returns Prometheus' address.
    """
    with Step("prometheus", "finds operator, load generator and Triton by their annotations"):
        prometheus = install_prometheus()
    with Step("operator", f"helm install charts/inferometer into {OPERATOR}"):
        install_operator()
    with Step("samples", f"64 real files, in namespace {BENCH}"):
        prepare_namespace(BENCH)
    return prometheus


def install_operator() -> None:
    """Installs or upgrades the chart with the image of this checkout, and waits until the operator is ready."""
    helm = BIN / "helm"
    words: list[str | Path] = [
        "upgrade",
        "--install",
        "inferometer",
        REPO / "charts" / "inferometer",
        "--namespace",
        OPERATOR,
    ]
    values = ["--set", f"image.tag={default_tag()}", "--wait", "--timeout", "120s"]
    hint = f"dev/cluster kubectl get pods,events -n {OPERATOR}"
    env = {**cluster_env(), **{f"HELM_{kind}_HOME": str(cache("helm")) for kind in ("CACHE", "CONFIG", "DATA")}}
    _restricted_namespace(OPERATOR)
    _forget_killed_installs()
    try:
        run("helm install", in_cluster([helm, *words, *values]), hint, env=env)
    except StepFailed as failed:
        raise StepFailed(failed.step, f"{failed.log_tail}\n{_operator_log()}", failed.hint) from failed


def _restricted_namespace(name: str) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    kubectl(f"make namespace {name}", "apply", "-f", "-", stdin=json.dumps(manifest))


def _forget_killed_installs() -> None:
    """A helm that was killed leaves a release that is "pending" for ever, and every later one refuses to start."""
    pending = "owner=helm,name=inferometer,status in (pending-install,pending-upgrade,pending-rollback)"
    kubectl("look for killed installs", "delete", "secret", "-n", OPERATOR, "-l", pending, "--ignore-not-found")


def prepare_namespace(namespace: str) -> None:
    """A namespace that admits restricted pods only, with the quickstart's samples in it."""
    _restricted_namespace(namespace)
    # The example names its namespace, so that a user can apply it as it stands.
    samples = SAMPLES.read_text().replace(f"\n  namespace: {BENCH}\n", f"\n  namespace: {namespace}\n")
    kubectl(f"apply {SAMPLES.name}", "apply", "-f", "-", stdin=samples)


def benchmark() -> dict[str, Any]:
    """Runs the quickstart to its end and returns its status. One that runs already is followed, not doubled."""
    with Step("quickstart", "two Triton servers, one load generator in two pods") as step:
        status = _status()
        if status is not None and ending_of(status) is not None:
            kubectl("remove the finished quickstart", "delete", "ib", NAME, "-n", BENCH, "--wait=true")
        kubectl(f"apply {QUICKSTART.name}", "apply", "-f", str(QUICKSTART), hint=f"see examples/{QUICKSTART.name}")
        deadline_s = time.monotonic() + _RUN_WITHIN_S
        while time.monotonic() < deadline_s:
            status = _status() or {}
            if ending_of(status) is not None:
                return status
            _show(step, progress_of(status))
            time.sleep(_POLL_S)
        raise StepFailed("quickstart", _operator_log(), f"dev/cluster kubectl describe ib {NAME} -n {BENCH}")


def verdict_block(status: dict[str, Any]) -> str:
    """The verdict with the figures that carry it, from the stored report; from the status where that cannot be had."""
    program = _inferometer()
    report = _stored_report()
    if program is None or report is None:
        return status_block(status)
    # Its exit code is the verdict's; what it shows for people goes to stderr.
    shown = subprocess.run([program, "report", report], capture_output=True, text=True, check=False, cwd=REPO)
    return shown.stderr.rstrip() or status_block(status)


def _status() -> dict[str, Any] | None:
    found = kubectl("read the quickstart", "get", "ib", NAME, "-n", BENCH, "--ignore-not-found", "-o", "json")
    if not found.strip():
        return None
    status: dict[str, Any] = json.loads(found).get("status") or {}
    return status


def _show(step: Step, progress: Progress) -> None:
    step.update(progress.percent, progress.detail)


def _operator_log() -> str:
    try:
        log = kubectl("read the operator's log", "logs", "-n", OPERATOR, "deployment/inferometer", "--tail=15")
    except DevError as error:
        return f"(the operator's log could not be read: {tail(str(error), 3)})"
    return f"the operator's log ends with:\n{log}"


def _stored_report() -> Path | None:
    found = kubectl("read the report", "get", "cm", f"{NAME}-report", "-n", BENCH, "--ignore-not-found", "-o", "json")
    packed = json.loads(found).get("binaryData", {}).get("report.json.gz") if found.strip() else None
    if packed is None:
        return None
    folder = REPO / "build" / NAME
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.json.gz"
    path.write_bytes(base64.b64decode(packed))
    # As the reader would type it.
    return path.relative_to(REPO)


def _inferometer() -> str | None:
    own = REPO / ".venv" / "bin" / "inferometer"
    return str(own) if os.access(own, os.X_OK) else shutil.which("inferometer")
