"""The embedded cluster: the chart installed, a restricted namespace a test, words for its state."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from inferometer_dev.cluster.access import audit_log, kubectl
from inferometer_dev.cluster.lifecycle import down, up
from inferometer_dev.cluster.status import status
from inferometer_dev.demo import QUICKSTART, install_operator, prepare_namespace

GPUS = 4
RUN_LABEL = "inferometer.dev/run"
POLL_S = 0.25

type Object = dict[str, Any]


@contextmanager
def installed_operator() -> Iterator[int]:
    """A running cluster with the operator of this checkout; a cluster that was not there before goes again.

    The number is where the audit log stood before.
    """
    was_there = bool(status())
    up(1, GPUS)
    try:
        audited = audit_log().stat().st_size
        install_operator()
        yield audited
    finally:
        if not was_there:
            down()


@dataclass(frozen=True)
class Bench:
    """A namespace that enforces restricted pod security and holds the quickstart's samples."""

    namespace: str

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        return kubectl("a test's kubectl", "-n", self.namespace, *words, stdin=stdin)

    def apply(self, benchmark: Object) -> None:
        self.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(benchmark))

    def get(self, kind: str, name: str) -> Object:
        found: Object = json.loads(self.kubectl("get", kind, name, "-o", "json"))
        return found

    def items(self, kinds: str, *words: str) -> list[Object]:
        found: list[Object] = json.loads(self.kubectl("get", kinds, *words, "-o", "json"))["items"]
        return found

    def of_run(self, name: str, kinds: str) -> list[str]:
        """What belongs to a run, as kind/name."""
        found = self.items(kinds, "-l", f"{RUN_LABEL}={name}")
        return sorted(f"{item['kind']}/{item['metadata']['name']}" for item in found)

    def wait(self, name: str, condition: Callable[[Object], bool], within_s: float, what: str) -> Object:
        """The benchmark once its status fulfils `condition`; fails with the status as it stands then."""
        give_up = time.monotonic() + within_s
        while True:
            benchmark = self.get("inferencebenchmark", name)
            if condition(benchmark.get("status", {})):
                return benchmark
            if time.monotonic() > give_up:
                state = yaml.safe_dump(benchmark.get("status", {}))
                pods = self.kubectl("get", "pods", "-o", "wide")
                raise AssertionError(f"not {what} within {within_s:.0f} s:\n{state}\n{pods}\n{operator_log()}")
            time.sleep(POLL_S)

    def wait_until(self, condition: Callable[[], bool], within_s: float, what: str) -> None:
        self.wait_for(lambda: condition() or None, within_s, what)

    def wait_for[Found](self, find: Callable[[], Found | None], within_s: float, what: str) -> Found:
        """What `find` gives, once it gives something."""
        give_up = time.monotonic() + within_s
        while (found := find()) is None:
            assert time.monotonic() < give_up, f"not {what} within {within_s:.0f} s"
            time.sleep(POLL_S)
        return found


@contextmanager
def bench_namespace() -> Iterator[Bench]:
    """A namespace of its own, gone at the end with all that is in it."""
    namespace = f"bench-{uuid.uuid4().hex[:8]}"
    prepare_namespace(namespace)
    try:
        yield Bench(namespace)
    finally:
        kubectl("delete a test's namespace", "delete", "namespace", namespace, "--wait=false")


def quickstart(name: str, **changes: object) -> Object:
    """The example that users start with; `changes` replace blocks by dotted path, as in `target.triton.image`."""
    document = yaml.safe_load(Path(QUICKSTART).read_text())
    document["metadata"] = {"name": name}
    for path, value in changes.items():
        *blocks, field = path.split(".")
        place = document["spec"]
        for block in blocks:
            place = place[block]
        place[field] = value
    found: Object = document
    return found


def condition(status: Object, type_: str) -> Object:
    """A condition of a status; empty when it is not there."""
    return next((item for item in status.get("conditions", []) if item["type"] == type_), {})


def is_finished(status: Object) -> bool:
    return condition(status, "Finished").get("status") == "True"


def is_measuring(status: Object) -> bool:
    """Whether answers have come."""
    return bool(status.get("progress", {}).get("completed", 0))


def operator_log() -> str:
    return kubectl("the operator's log", "-n", "inferometer-system", "logs", "deploy/inferometer", "--tail=60")
