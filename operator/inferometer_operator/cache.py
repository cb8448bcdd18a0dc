"""What the watches have told us so far, and never fresher than that.

What the operator itself wrote is put here too, so that the next decision does not start from before it. An older
version never replaces a newer one: watches and answers may overtake each other.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from inferometer_operator.objects.labels import RUN
from inferometer_operator.pods import Pod, decode_pod
from inferometer_operator.run import Key, Run, decode_run
from inferometer_operator.versions import Versions

Json = Mapping[str, Any]


class Cache:
    """Benchmarks and their pods, by key."""

    def __init__(self) -> None:
        self._runs: dict[Key, Run] = {}
        self._pods: defaultdict[Key, dict[str, Pod]] = defaultdict(dict)
        self._versions = Versions()
        self._secrets: defaultdict[Key, set[str]] = defaultdict(set)
        self._told: defaultdict[Key, set[str]] = defaultdict(set)

    def put_run(self, stored: Json) -> Key:
        """A benchmark as it was seen; the key to look at."""
        key = _key(stored, stored["metadata"]["name"])
        if self._versions.are_advanced_by(stored):
            known = self._runs.get(key)
            if known is not None and known.uid != stored["metadata"]["uid"]:
                self.drop_run(key, known.uid)
            self._runs[key] = decode_run(stored)
        return key

    def drop_run(self, key: Key, uid: str) -> None:
        """The benchmark is gone. A later one of its name stays."""
        if (known := self._runs.get(key)) is not None and known.uid == uid:
            del self._runs[key]
            self._secrets.pop(key, None)
            self._told.pop(key, None)
            self._versions.bury(uid)

    def put_pod(self, stored: Json) -> Key:
        """A pod as it was seen; the key of the run to look at."""
        key = pod_key(stored)
        if self._versions.are_advanced_by(stored):
            self._pods[key][stored["metadata"]["name"]] = decode_pod(stored)
        return key

    def drop_pod(self, stored: Json) -> Key:
        """The pod is gone. A later one of its name stays."""
        key, metadata = pod_key(stored), stored["metadata"]
        pods = self._pods[key]
        if (known := pods.get(metadata["name"])) is not None and known.uid == metadata["uid"]:
            del pods[metadata["name"]]
        self._versions.bury(metadata["uid"])
        if not pods:
            del self._pods[key]
        return key

    def replace_pods(self, key: Key, stored: Iterable[Json]) -> None:
        """The pods of a run as a list has just shown them: what it does not show is gone."""
        found = list(stored)
        names = {one["metadata"]["name"] for one in found}
        for name in [name for name in self._pods[key] if name not in names]:
            self._versions.bury(self._pods[key].pop(name).uid)
        for one in found:
            self.put_pod(one)

    def note_secret(self, key: Key, name: str) -> None:
        """A Secret was created: it is not watched, since the operator may not read Secrets."""
        self._secrets[key].add(name)

    def note_told(self, key: Key, reason: str) -> None:
        """An event was told: events are not watched, and those of an earlier operator are not known."""
        self._told[key].add(reason)

    def run(self, key: Key) -> Run | None:
        """The benchmark, or None."""
        return self._runs.get(key)

    def runs(self) -> tuple[Run, ...]:
        """All benchmarks."""
        return tuple(self._runs.values())

    def pods_of(self, run: Run) -> tuple[Pod, ...]:
        """The pods that belong to this very benchmark, not to an earlier one of its name."""
        pods = self._pods.get(run.key, {})
        return tuple(pod for _, pod in sorted(pods.items()) if pod.owner_uid == run.uid)

    def names_taken(self, run: Run) -> frozenset[str]:
        """The names of pods that an earlier benchmark of this name has left, and that are not gone yet."""
        return frozenset(name for name, pod in self._pods.get(run.key, {}).items() if pod.owner_uid != run.uid)

    def secrets_of(self, run: Run) -> frozenset[str]:
        """The Secrets that are known to be there."""
        return frozenset(self._secrets.get(run.key, ()))

    def told_of(self, run: Run) -> frozenset[str]:
        """The reasons of the events that were told."""
        return frozenset(self._told.get(run.key, ()))


def pod_key(stored: Json) -> Key:
    """The run that a pod belongs to."""
    return _key(stored, stored["metadata"].get("labels", {}).get(RUN, ""))


def _key(stored: Json, name: str) -> Key:
    return Key(stored["metadata"]["namespace"], name)
