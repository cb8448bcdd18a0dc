"""An API server in memory: versions, uids, owners, and what it guards; a log of all changes for those who watch."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from inferometer_operator.errors import ConflictError, NotFoundError, RefusedError, TakenError
from inferometer_operator.run import format_time
from unit.operator_tests.builders import T0

Json = dict[str, Any]

NAMESPACE = "bench"
BENCHMARK = "InferenceBenchmark"


@dataclass
class ApiServer:
    """One namespace. Every object is replaced and never changed, so that what was told stays what it was."""

    now: datetime = T0
    objects: dict[tuple[str, str], Json] = field(default_factory=dict)
    log: list[tuple[str, Json]] = field(default_factory=list)
    """What watches tell: ADDED, MODIFIED or DELETED, and the object."""
    refused: str = ""
    """The kind of which nothing is let in now."""
    problems: list[str] = field(default_factory=list)
    """What was attempted that must never be."""
    _version: int = 100
    _uids: int = 0

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def find(self, kind: str, name: str) -> Json | None:
        return self.objects.get((kind, name))

    def all(self, kind: str) -> list[Json]:
        return [one for (of_kind, _), one in sorted(self.objects.items()) if of_kind == kind]

    # --- what the operator may ask

    def create(self, manifest: Json, dry_run: bool) -> Json:
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        what = f"POST {kind} {name}"
        if self.refused == kind:
            raise RefusedError(what, 403, "the tests let none in")
        if (kind, name) in self.objects:
            raise TakenError(what, 409, "already exists")
        if dry_run:
            return manifest
        return self.add(manifest)

    def write_status(self, name: str, uid: str, version: str, status: Json) -> Json:
        what = f"PATCH {name}/status"
        found = self.find(BENCHMARK, name)
        if found is None:
            raise NotFoundError(what, 404, "not found")
        if (found["metadata"]["uid"], found["metadata"]["resourceVersion"]) != (uid, version):
            raise ConflictError(what, 409, "the object has been modified")
        before = found.get("status", {})
        for key in ("startTime", "startNonce"):
            if key in before and before[key] != status.get(key):
                self.problems.append(f"{key} was written twice")
        if is_finished(found) and status != before:
            self.problems.append("a finished status was changed")
        return found if status == before else self.replace(found | {"status": status})

    def delete_pod(self, name: str, uid: str) -> Json | None:
        found = self.find("Pod", name)
        if found is None:
            raise NotFoundError(f"DELETE {name}", 404, "not found")
        if found["metadata"]["uid"] != uid:
            raise ConflictError(f"DELETE {name}", 409, "the UID in the precondition does not match")
        if "nodeName" not in found["spec"]:
            self.remove(found)
            return found
        if "deletionTimestamp" in found["metadata"]:
            return found
        metadata = found["metadata"] | {"deletionTimestamp": format_time(self.now)}
        return self.replace(found | {"metadata": metadata})

    def delete_benchmark(self, name: str, uid: str) -> None:
        found = self.find(BENCHMARK, name)
        if found is None or found["metadata"]["uid"] != uid:
            raise NotFoundError(f"DELETE {name}", 404, "not found")
        self.remove(found)

    # --- what others do

    def add(self, manifest: Json) -> Json:
        self._uids += 1
        metadata = manifest["metadata"] | {
            "namespace": NAMESPACE,
            "uid": f"uid-{self._uids}",
            "creationTimestamp": format_time(self.now),
        }
        return self._store("ADDED", copy.deepcopy(manifest) | {"metadata": metadata})

    def replace(self, changed: Json) -> Json:
        return self._store("MODIFIED", changed)

    def change(self, kind: str, name: str, how: Callable[[Json], Json]) -> None:
        found = self.find(kind, name)
        if found is not None:
            self.replace(how(found))

    def remove(self, found: Json) -> None:
        del self.objects[found["kind"], found["metadata"]["name"]]
        self._version += 1
        metadata = found["metadata"] | {"resourceVersion": str(self._version)}
        self.log.append(("DELETED", found | {"metadata": metadata}))

    def collect_garbage(self) -> None:
        """What belongs to an object that is gone goes too; pods on nodes get their grace."""
        uids = {one["metadata"]["uid"] for one in self.objects.values()}
        for one in list(self.objects.values()):
            owners = one["metadata"].get("ownerReferences", ())
            if not owners or any(owner["uid"] in uids for owner in owners):
                continue
            if one["kind"] == "Pod":
                self.delete_pod(one["metadata"]["name"], one["metadata"]["uid"])
            else:
                self.remove(one)

    def _store(self, told: str, changed: Json) -> Json:
        self._version += 1
        stored = changed | {"metadata": changed["metadata"] | {"resourceVersion": str(self._version)}}
        self.objects[stored["kind"], stored["metadata"]["name"]] = stored
        self.log.append((told, stored))
        return stored


def is_finished(benchmark: Json) -> bool:
    return condition(benchmark, "Finished") == "True"


def condition(benchmark: Json, kind: str) -> str:
    found = (one["status"] for one in benchmark.get("status", {}).get("conditions", ()) if one["type"] == kind)
    return next(found, "")
