"""I/O in: all that one reconcile needs, read when a policy asks for it, as one immutable value.

What can't be read is a value too (`Absent`, `Unreachable`, an empty log): a policy decides what it means. Only an API
server that does not answer is an error, since nothing can be decided without it.
"""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from inferometer_loadgen.client import CoordinatorError
from inferometer_loadgen.datasets.files import library_facts
from inferometer_loadgen.datasets.library import DataError
from inferometer_loadgen.datasets.recording import RecordingError, recording_facts
from inferometer_loadgen.protocol.api import RunStatus
from inferometer_loadgen.spec.load import SAMPLES_KEYS, TIMES_KEY, DataFormat
from inferometer_loadgen.spec.resolve import LibraryFacts, ReplayFacts
from inferometer_operator.cache import Cache
from inferometer_operator.coordinators import Coordinators
from inferometer_operator.errors import KubeError, NotFoundError, RefusedError, TakenError
from inferometer_operator.kube import Kube
from inferometer_operator.objects.config_maps import REPORT_KEY
from inferometer_operator.objects.labels import Role
from inferometer_operator.objects.load_pods import CONTAINER as LOADER_CONTAINER
from inferometer_operator.objects.names import report_name
from inferometer_operator.objects.server_pods import CONTAINER as SERVER_CONTAINER
from inferometer_operator.pods import Pod
from inferometer_operator.reconcile.observed import Absent, LetIn, Observed, Refused, StoredReport, Unreachable
from inferometer_operator.reconcile.step import (
    AskAutoscaler,
    AskCoordinator,
    AskProbe,
    FetchReport,
    ListPods,
    Read,
    ReadEvents,
    ReadLibrary,
    ReadLog,
    ReadRecording,
    ReadStoredReport,
    TryPods,
)
from inferometer_operator.run import Key, Run, parse_time
from inferometer_operator.settings import Settings
from inferometer_operator.unpacking import UnpackError, unpack

LOG_LINES = 200
LOG_IS_GONE = "unable to retrieve container logs"
"""The kubelet's words once the container is removed, with status 200."""

NODE_IS_COMING = frozenset({"TriggeredScaleUp", "Nominated"})
"""Reasons of events by which cluster-autoscaler and Karpenter say that they make a node for a pod."""


PROBE_REFUSED = "HTTP probe failed with statuscode: 4"
"""The kubelet's words for a probe that was answered with 400 or 404."""


@dataclass(frozen=True, slots=True)
class Observer:
    """Reads for reconciles. All that it remembers are runs' uids: which a key had, and who is silent since when."""

    kube: Kube
    coordinators: Coordinators
    cache: Cache
    settings: Settings
    now: Callable[[], datetime]
    silent_since: dict[str, datetime] = field(default_factory=dict)
    uids: dict[Key, str] = field(default_factory=dict)
    """Of the runs as last seen: of one that is gone, or replaced by another of its name, the cache knows no more."""

    def observe(self, key: Key) -> Observed | None:
        """What the watches have told of a run; None where it is gone."""
        run = self.cache.run(key)
        former = self.uids.pop(key, None)
        if former is not None and (run is None or run.uid != former):
            self._forget(former)
        if run is None:
            return None
        self.uids[key] = run.uid
        if run.is_finished:
            self._forget(run.uid)
        return Observed(
            run=run,
            settings=self.settings,
            now=self.now(),
            nonce=secrets.token_hex(16),
            pods=self.cache.pods_of(run),
            names_taken=self.cache.names_taken(run),
            secrets=self.cache.secrets_of(run),
            told=self.cache.told_of(run),
        )

    async def read(self, observed: Observed, reads: tuple[Read, ...]) -> Observed:
        """The same with what a policy asked for."""
        for read in reads:
            observed = await self._read(observed, read)
        return observed

    def _forget(self, uid: str) -> None:
        self.silent_since.pop(uid, None)
        self.coordinators.forget(uid)

    async def _read(self, observed: Observed, read: Read) -> Observed:
        run = observed.run
        match read:
            case ReadLibrary(config_map, data_format):
                return replace(observed, library=await self._library(run, config_map, data_format))
            case ReadRecording(config_map, window_ns):
                return replace(observed, recording=await self._recording(run, config_map, window_ns))
            case TryPods(manifests):
                return replace(observed, trial=await self._try(manifests))
            case ListPods():
                self.cache.replace_pods(run.key, await self.kube.pods_of(run.key))
                return replace(observed, pods=self.cache.pods_of(run), pods_are_live=True)
            case AskCoordinator(address):
                return replace(observed, coordinator=await self._ask(run, address))
            case FetchReport(address, sha256):
                return replace(observed, fetched_report=await self._fetch(run, address, sha256))
            case ReadStoredReport():
                return replace(observed, stored_report=await self._stored_report(run))
            case ReadLog() | ReadEvents() | AskAutoscaler() | AskProbe():
                return await self._read_of(observed, read)

    async def _read_of(self, observed: Observed, read: ReadLog | ReadEvents | AskAutoscaler | AskProbe) -> Observed:
        """What is known of one pod beside the pod itself."""
        pod = read.pod
        match read:
            case ReadLog():
                return replace(observed, logs=MappingProxyType({**observed.logs, pod.name: await self._log(pod)}))
            case ReadEvents():
                return replace(observed, events=MappingProxyType({**observed.events, pod.name: await self._told(pod)}))
            case AskAutoscaler():
                awaited = {**observed.awaited, pod.name: await self._is_awaited(pod)}
                return replace(observed, awaited=MappingProxyType(awaited))
            case AskProbe():
                unserved = {**observed.unserved, pod.name: await self._unserved_since(pod)}
                return replace(observed, unserved=MappingProxyType(unserved))

    async def _library(self, run: Run, name: str, data_format: DataFormat) -> LibraryFacts | Absent:
        key = SAMPLES_KEYS[data_format]
        data = await self._entry(run, name, key)
        try:
            return data if isinstance(data, Absent) else library_facts(data, data_format)
        except DataError as error:
            return Absent(f"ConfigMap {name}, key {key}: {error}")

    async def _recording(self, run: Run, name: str, window_ns: int) -> ReplayFacts | Absent:
        data = await self._entry(run, name, TIMES_KEY)
        try:
            return data if isinstance(data, Absent) else recording_facts(data, window_ns)
        except RecordingError as error:
            return Absent(f"ConfigMap {name}, key {TIMES_KEY}: {error}")

    async def _entry(self, run: Run, name: str, key: str) -> bytes | Absent:
        """What a user's ConfigMap holds."""
        stored = await self.kube.get("ConfigMap", run.namespace, name)
        if stored is None:
            return Absent(f"there is no ConfigMap {name} in namespace {run.namespace}; create it with the benchmark")
        encoded, text = (stored.get(block, {}).get(key) for block in ("binaryData", "data"))
        if encoded is None and text is None:
            return Absent(f"ConfigMap {name} has no key {key}")
        return base64.b64decode(encoded) if text is None else text.encode()

    async def _try(self, manifests: tuple[dict[str, Any], ...]) -> LetIn | Refused:
        for manifest in manifests:
            try:
                await self.kube.create(manifest, dry_run=True)
            except TakenError:
                # Admission comes before the name is looked at.
                continue
            except RefusedError as error:
                return Refused("Pod", manifest["metadata"]["name"], error.message)
        return LetIn()

    async def _ask(self, run: Run, address: str) -> RunStatus | Unreachable:
        try:
            answer = await self.coordinators.at(address, run.uid).status()
        except CoordinatorError as error:
            since = self.silent_since.setdefault(run.uid, self.now())
            return Unreachable(since, str(error))
        self.silent_since.pop(run.uid, None)
        return answer

    async def _fetch(self, run: Run, address: str, sha256: str) -> bytes | Absent:
        try:
            compressed = await self.coordinators.at(address, run.uid).report()
            found = hashlib.sha256(unpack(compressed)).hexdigest()
        except (CoordinatorError, UnpackError) as error:
            return Absent(str(error))
        return compressed if found == sha256 else Absent(f"its sha256 is {found}, not {sha256}")

    async def _stored_report(self, run: Run) -> StoredReport:
        stored = await self.kube.get("ConfigMap", run.namespace, report_name(run.name))
        if stored is None or not _belongs_to(stored, run):
            return StoredReport(None)
        try:
            return StoredReport(base64.b64decode(stored.get("binaryData", {})[REPORT_KEY]))
        except (KeyError, binascii.Error):
            return StoredReport(b"")

    async def _log(self, pod: Pod) -> str:
        container = SERVER_CONTAINER if pod.role is Role.SERVER else LOADER_CONTAINER
        try:
            log = await self.kube.log_tail(pod.namespace, pod.name, container, LOG_LINES)
        except KubeError:
            # Evidence is good to have; its absence must not keep a run from ending.
            return ""
        return "" if log.startswith(LOG_IS_GONE) else log

    async def _told(self, pod: Pod) -> tuple[str, ...]:
        try:
            events = await self.kube.events_about(pod.namespace, pod.uid)
        except KubeError:
            # As with its log.
            return ()
        return tuple(map(_sentence, sorted(events, key=_last_seen)))

    async def _is_awaited(self, pod: Pod) -> bool:
        try:
            events = await self.kube.events_about(pod.namespace, pod.uid)
        except (NotFoundError, RefusedError):
            return False
        return any(event.get("reason") in NODE_IS_COMING for event in events)

    async def _unserved_since(self, pod: Pod) -> datetime | None:
        try:
            events = await self.kube.events_about(pod.namespace, pod.uid)
        except (NotFoundError, RefusedError):
            return None
        refused = (event for event in events if PROBE_REFUSED in event.get("message", ""))
        times = [event.get("firstTimestamp") or event.get("eventTime") for event in refused]
        return min((parse_time(time) for time in times if time), default=None)


def _sentence(event: dict[str, Any]) -> str:
    times = f" (x{count})" if (count := event.get("count") or 1) > 1 else ""
    return f"{event.get('reason', '')}{times}: {event.get('message', '')}"


def _last_seen(event: dict[str, Any]) -> datetime:
    series = event.get("series") or {}
    last = event.get("lastTimestamp") or series.get("lastObservedTime") or event.get("eventTime")
    return parse_time(last or event["metadata"]["creationTimestamp"])


def _belongs_to(stored: dict[str, Any], run: Run) -> bool:
    return any(owner["uid"] == run.uid for owner in stored["metadata"].get("ownerReferences", ()))
