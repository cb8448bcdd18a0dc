"""The few calls that the operator makes to the API server, as typed functions over plain JSON.

The generated classes of the kubernetes package are not used: objects are built as JSON and read as JSON, so that a
field which this version of the package does not know passes through.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode

import aiohttp
from kubernetes.aio import client

from inferometer_operator.access import REQUEST_TIMEOUT_S
from inferometer_operator.api.crd import GROUP, KIND, PLURAL, VERSION
from inferometer_operator.api.schedule_crd import SCHEDULE_KIND, SCHEDULE_PLURAL
from inferometer_operator.errors import BusyError, KubeError, NotFoundError, kube_error
from inferometer_operator.log import logger
from inferometer_operator.objects.labels import RUN, SELECTOR
from inferometer_operator.run import Key
from inferometer_operator.schedules.schedule import SCHEDULE_LABEL

Json = dict[str, Any]

FIELD_MANAGER = "inferometer"
APPLY = "application/apply-patch+yaml"
JSON_PATCH = "application/json-patch+json"

PAUSES_S = (0.2, 1.0)
"""Between the tries of one call: a step of several calls would begin anew with each that fails, and might never end.

An object that was created all the same is found by its name, a status by its version, a pod by its uid.
"""

COLLECTIONS = {
    "Pod": "/api/v1/namespaces/{namespace}/pods",
    "ConfigMap": "/api/v1/namespaces/{namespace}/configmaps",
    "Secret": "/api/v1/namespaces/{namespace}/secrets",
    "Event": "/apis/events.k8s.io/v1/namespaces/{namespace}/events",
}
BENCHMARKS = f"/apis/{GROUP}/{VERSION}/namespaces/{{namespace}}/{PLURAL}"
SCHEDULES = f"/apis/{GROUP}/{VERSION}/namespaces/{{namespace}}/{SCHEDULE_PLURAL}"
COLLECTIONS["InferenceBenchmark"] = BENCHMARKS


class Kube:
    """The API server. Each method raises a `KubeError` when it was not done."""

    def __init__(
        self,
        access: client.Configuration,
        answered: Callable[[str, str, int], None] = lambda _method, _path, _status: None,
    ) -> None:
        """`answered` is told of each call: its method, its path and the answer's status, 0 where none came."""
        self._answered = answered
        # The package has types for its models, and none for its client.
        self._client: Any = client.ApiClient(access)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    async def create(self, manifest: Json, *, dry_run: bool = False) -> Json:
        """POST: creates the object, or asks whether it would be let in. Never an apply."""
        path = COLLECTIONS[manifest["kind"]].format(namespace=manifest["metadata"]["namespace"])
        query = {"fieldManager": FIELD_MANAGER} | ({"dryRun": "All"} if dry_run else {})
        return await self._json("POST", path, query, manifest)

    async def get(self, kind: str, namespace: str, name: str) -> Json | None:
        """The object, or None."""
        try:
            return await self._json("GET", _object(kind, namespace, name))
        except NotFoundError:
            return None

    async def delete_pod(self, namespace: str, name: str, uid: str) -> Json | None:
        """Deletes this very pod, not a later one of its name; the pod on its way out, or None where it is gone."""
        try:
            return await self._json("DELETE", _object("Pod", namespace, name), body={"preconditions": {"uid": uid}})
        except NotFoundError:
            return None

    async def benchmark_uid(self, key: Key) -> str | None:
        """Which benchmark bears the name now; None where none does."""
        try:
            found = await self._json("GET", f"{BENCHMARKS.format(namespace=key.namespace)}/{quote(key.name)}")
        except NotFoundError:
            return None
        uid: str = found["metadata"]["uid"]
        return uid

    async def delete_benchmark(self, key: Key, uid: str) -> None:
        """Deletes this very benchmark, and with it what belongs to it. Raises NotFoundError where it is gone."""
        path = f"{BENCHMARKS.format(namespace=key.namespace)}/{quote(key.name)}"
        await self._json("DELETE", path, body={"preconditions": {"uid": uid}, "propagationPolicy": "Background"})

    async def benchmarks_of_schedule(self, schedule: Key) -> Sequence[Json]:
        """The runs of a schedule as they are now, not as the watch last told."""
        path = BENCHMARKS.format(namespace=schedule.namespace)
        found = await self._json("GET", path, {"labelSelector": f"{SCHEDULE_LABEL}={schedule.name}"})
        items: list[Json] = found["items"]
        return items

    async def cancel_benchmark(self, key: Key, uid: str) -> Json:
        """Sets spec.cancel of this very benchmark; refused where a later one bears its name."""
        path = f"{BENCHMARKS.format(namespace=key.namespace)}/{quote(key.name)}"
        body = {"metadata": {"uid": uid}, "spec": {"cancel": True}}
        return await self._json("PATCH", path, {"fieldManager": FIELD_MANAGER}, body, "application/merge-patch+json")

    async def write_schedule_status(self, key: Key, uid: str, resource_version: str, status: Json) -> Json:
        """Replaces the status of the schedule, if it is still as it was read."""
        return await self._write_status(SCHEDULES, SCHEDULE_KIND, key, uid, resource_version, status)

    async def pods_of(self, key: Key) -> Sequence[Json]:
        """The pods of a run as they are now, not as the watch last told."""
        path = COLLECTIONS["Pod"].format(namespace=key.namespace)
        found = await self._json("GET", path, {"labelSelector": f"{SELECTOR},{RUN}={key.name}"})
        items: list[Json] = found["items"]
        return items

    async def events_about(self, namespace: str, uid: str) -> Sequence[Json]:
        """The events about an object, of the kind that schedulers and autoscalers write."""
        path = f"/api/v1/namespaces/{namespace}/events"
        found = await self._json("GET", path, {"fieldSelector": f"involvedObject.uid={uid}"})
        items: list[Json] = found["items"]
        return items

    async def log_tail(self, namespace: str, name: str, container: str, lines: int) -> str:
        """The end of a container's log."""
        query = {"container": container, "tailLines": str(lines)}
        data = await self._bytes("GET", f"{_object('Pod', namespace, name)}/log", query)
        return data.decode(errors="replace")

    async def write_status(self, key: Key, uid: str, resource_version: str, status: Json) -> Json:
        """Replaces the status of the run, if the object is still as it was read."""
        return await self._write_status(BENCHMARKS, KIND, key, uid, resource_version, status)

    async def _write_status(
        self, collection: str, kind: str, key: Key, uid: str, resource_version: str, status: Json
    ) -> Json:
        path = f"{collection.format(namespace=key.namespace)}/{quote(key.name)}/status"
        metadata = {"name": key.name, "uid": uid, "resourceVersion": resource_version}
        body = {"apiVersion": f"{GROUP}/{VERSION}", "kind": kind, "metadata": metadata, "status": status}
        stored = await self._json("PATCH", path, {"fieldManager": FIELD_MANAGER, "force": "true"}, body, APPLY)
        if stored["metadata"]["resourceVersion"] != resource_version:
            return stored
        # Nothing has changed, so what was to go is another field manager's: what is applied takes away one's own only.
        logger.warning("%s: a part of its status was another field manager's; the whole of it is written anew", key)
        operations: list[Json] = [
            {"op": "replace", "path": "/metadata/resourceVersion", "value": resource_version},
            {"op": "replace", "path": "/status", "value": status},
        ]
        return await self._json("PATCH", path, {"fieldManager": FIELD_MANAGER}, operations, JSON_PATCH)

    async def _json(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Json | list[Json] | None = None,
        content_type: str = "application/json",
    ) -> Json:
        found: Json = json.loads(await self._bytes(method, path, query, body, content_type))
        return found

    async def _bytes(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Json | list[Json] | None = None,
        content_type: str = "application/json",
    ) -> bytes:
        for pause_s in PAUSES_S:
            try:
                return await self._once(method, path, query, body, content_type)
            except BusyError as error:
                logger.debug("%s; trying again in %g s", error, pause_s)
            await asyncio.sleep(pause_s)
        return await self._once(method, path, query, body, content_type)

    async def _once(
        self, method: str, path: str, query: Mapping[str, str] | None, body: Json | list[Json] | None, content_type: str
    ) -> bytes:
        what = f"{method} {path}"
        headers = {"Accept": "application/json, */*", "Content-Type": content_type}
        await self._client.update_params_for_auth(headers, [], ["BearerToken"], path, method, body)
        url = self._client.configuration.host + path + (f"?{urlencode(query)}" if query else "")
        try:
            answer = await self._client.call_api(method, url, headers, body=body, _request_timeout=REQUEST_TIMEOUT_S)
            data: bytes = await answer.read()
        except TimeoutError as error:
            self._answered(method, path, 0)
            raise KubeError(what, 0, f"no answer within {REQUEST_TIMEOUT_S} s") from error
        except (aiohttp.ClientError, OSError) as error:
            self._answered(method, path, 0)
            raise BusyError(what, 0, f"no answer: {error or type(error).__name__}") from error
        self._answered(method, path, answer.status)
        if answer.status >= 300:
            reason, message = _said(data)
            raise kube_error(what, answer.status, reason, message)
        return data


def _object(kind: str, namespace: str, name: str) -> str:
    return f"{COLLECTIONS[kind].format(namespace=namespace)}/{quote(name)}"


def _said(data: bytes) -> tuple[str, str]:
    try:
        status = json.loads(data)
        return str(status.get("reason", "")), str(status.get("message", ""))
    except (ValueError, AttributeError):
        return "", data.decode(errors="replace")[:500]
