"""`dev/soak`: short benchmarks back to back, to see what grows: the operator's memory, its requests, what is left over.

Each run is applied, awaited, and deleted; then one line tells what it cost. stdout has the table, build/soak.json the
same as data. The exit code is 1 when a run did not complete, anything was left, or the operator was restarted.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inferometer_dev.cluster.access import audit_log, kubectl
from inferometer_dev.commands import require_root
from inferometer_dev.demo import OPERATOR, QUICKSTART, install_operator, prepare, prepare_namespace
from inferometer_dev.demo_run import ending_of
from inferometer_dev.errors import StepFailed
from inferometer_dev.paths import REPO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

NAMESPACE = "soak"
USER = f"system:serviceaccount:{OPERATOR}:inferometer"
MANAGED = "app.kubernetes.io/managed-by=inferometer"
RUN_WITHIN_S = 180.0
GONE_WITHIN_S = 30.0
POLL_S = 0.5
HEADER = ("run", "at min", "verdict", "took s", "memory MiB", "requests", "left")


@dataclass(frozen=True)
class Sample:
    """One run, and the operator after it."""

    run: int
    at_s: float
    verdict: str
    took_s: float
    memory_mib: float
    """The operator's resident set."""
    requests: int
    """That the operator sent to the API server since the run before; a watch counts when it begins or ends."""
    left: int
    """Objects of the run that were there half a minute after it was deleted."""
    restarts: int

    @property
    def is_good(self) -> bool:
        """Whether it completed, and nothing of it stayed."""
        return self.verdict in {"Valid", "Invalid", "Inconclusive"} and self.left == self.restarts == 0


def main(argv: Sequence[str]) -> int:
    """Runs benchmarks until the time is over."""
    parser = argparse.ArgumentParser(prog="dev/soak", description="Short benchmarks, back to back, on a real node.")
    parser.add_argument("--minutes", type=float, default=30.0, help="begin no further run after so long (default: 30)")
    minutes = parser.parse_args(argv).minutes
    require_root("the embedded cluster")
    prepare()
    install_operator()
    prepare_namespace(NAMESPACE)
    samples = soak(minutes * 60.0)
    path = REPO / "build" / "soak.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps([asdict(sample) for sample in samples], indent=1))
    print(f"\n{len(samples)} runs; {path.relative_to(REPO)} holds them all")
    return 0 if samples and all(sample.is_good for sample in samples) else 1


def soak(for_s: float) -> list[Sample]:
    """One run after the other; each line is printed when it is known."""
    print(line(HEADER))
    began_s, position, samples = time.monotonic(), audit_log().stat().st_size, list[Sample]()
    while time.monotonic() - began_s < for_s:
        number = len(samples) + 1
        run_began_s = time.monotonic()
        verdict = run_once(f"soak-{number}")
        took_s = time.monotonic() - run_began_s
        with audit_log().open("rb") as log:
            if log.seek(0, os.SEEK_END) < position:
                raise StepFailed("count requests", "the audit log was rotated", "take the cluster down, then run again")
            log.seek(position)
            requests = count_requests(log)
            position = log.tell()
        pod = operator_pod()
        sample = Sample(
            run=number,
            at_s=run_began_s - began_s,
            verdict=verdict,
            took_s=took_s,
            memory_mib=resident_mib(pod["metadata"]["uid"]),
            requests=requests,
            left=delete_and_count(f"soak-{number}"),
            restarts=sum(one["restartCount"] for one in pod["status"]["containerStatuses"]),
        )
        samples.append(sample)
        print(line(cells(sample)), flush=True)
    return samples


def run_once(name: str) -> str:
    """The verdict of one short benchmark, or the reason of its failure."""
    spec = QUICKSTART.read_text()
    for old, new in (
        ("name: quickstart\n  namespace: bench\n", f"name: {name}\n  namespace: {NAMESPACE}\n"),
        ("minDuration: 20s", "minDuration: 5s"),
    ):
        if old not in spec:
            raise StepFailed("make a short benchmark", f"{QUICKSTART.name} has no {old!r}", "correct dev/soak")
        spec = spec.replace(old, new)
    kubectl(f"apply {name}", "apply", "-f", "-", stdin=spec)
    if not _within(RUN_WITHIN_S, lambda: ending_of(_status(name)) is not None):
        return "unfinished"
    status = _status(name)
    failed = [one for one in status["conditions"] if one["type"] == "Failed" and one["status"] == "True"]
    return str(failed[0]["reason"] if failed else status["verdict"])


def delete_and_count(name: str) -> int:
    """What is left of a run after it was deleted."""
    kubectl(f"delete {name}", "-n", NAMESPACE, "delete", "ib", name, "--wait=true")
    _within(GONE_WITHIN_S, lambda: not _managed(name))
    return len(_managed(name))


def count_requests(log: Iterable[bytes]) -> int:
    """Requests of the operator in lines of the audit log; a watch has two lines with one id. Pure."""
    entries = (json.loads(one) for one in log)
    return len({entry["auditID"] for entry in entries if entry["user"]["username"] == USER})


def resident_mib(pod_uid: str) -> float:
    """The resident set of the largest process of a pod."""
    return max((_resident_kib(process) for process in _processes(pod_uid)), default=0) / 1024


def operator_pod() -> dict[str, Any]:
    """The operator's pod; there is one."""
    found = kubectl("find the operator", "-n", OPERATOR, "get", "pods", "-o", "json", "-l", "app.kubernetes.io/name")
    pod: dict[str, Any] = json.loads(found)["items"][0]
    return pod


def cells(sample: Sample) -> tuple[str, ...]:
    """A sample as the table shows it. Pure."""
    return (
        str(sample.run),
        f"{sample.at_s / 60:.1f}",
        sample.verdict,
        f"{sample.took_s:.1f}",
        f"{sample.memory_mib:.1f}",
        str(sample.requests),
        str(sample.left),
    )


def line(words: Sequence[str]) -> str:
    """One line of the table. Pure."""
    return "  ".join(word.rjust(width) for word, width in zip(words, (4, 6, 14, 6, 10, 8, 4), strict=True))


def _status(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(kubectl(f"read {name}", "-n", NAMESPACE, "get", "ib", name, "-o", "json"))
    status: dict[str, Any] = found.get("status", {})
    return status


def _managed(name: str) -> list[str]:
    kinds = "pods,secrets,configmaps"
    selector = f"{MANAGED},inferometer.dev/run={name}"
    return kubectl("look for what is left", "-n", NAMESPACE, "get", kinds, "-l", selector, "-o", "name").split()


def _within(limit_s: float, is_so: Callable[[], bool]) -> bool:
    give_up_s = time.monotonic() + limit_s
    while not is_so():
        if time.monotonic() > give_up_s:
            return False
        time.sleep(POLL_S)
    return True


def _processes(pod_uid: str) -> Iterable[Path]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"pod{pod_uid}/" in (process / "cgroup").read_text():
                yield process
        except OSError:
            continue


def _resident_kib(process: Path) -> int:
    try:
        status = (process / "status").read_text()
    except OSError:
        return 0
    return next((int(one.split()[1]) for one in status.splitlines() if one.startswith("VmRSS:")), 0)
