"""The kubelet of all cells, played: each pod is bound and ready as soon as it is there, and gone when it is deleted."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from inferometer_operator.objects.labels import ROLE, SELECTOR

from .admin import Admin

Json = dict[str, Any]

PODS = "/api/v1/pods"
MOUNT_EVERY_S = 0.05


@dataclass
class PlayedKubelet:
    """Watches the pods of all namespaces. `address_of` says where a pod is reached."""

    admin: Admin
    address_of: Callable[[Json], str]
    seen: defaultdict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))
    """By namespace each pod that was ever created, in the order of creation, as it was first seen."""
    ready: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """By namespace the roles and names of pods that are ready."""
    _uids: set[str] = field(default_factory=set)

    async def run(self) -> None:
        """Until it is cancelled."""
        # A watch without a version starts with what is there.
        query = {"watch": "true", "labelSelector": SELECTOR, "allowWatchBookmarks": "false"}
        async with asyncio.TaskGroup() as pods, self.admin.open("GET", PODS, query) as answer:
            async for line in answer.content:
                event = json.loads(line)
                if event["type"] in {"ADDED", "MODIFIED"}:
                    self._see(event["object"], pods)

    def _see(self, pod: Json, pods: asyncio.TaskGroup) -> None:
        metadata = pod["metadata"]
        if metadata["uid"] not in self._uids:
            self._uids.add(metadata["uid"])
            self.seen[metadata["namespace"]].append(pod)
            pods.create_task(self._start(pod))
        elif "deletionTimestamp" in metadata:
            pods.create_task(self._bury(pod))

    async def _start(self, pod: Json) -> None:
        metadata = pod["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        binding = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": metadata["name"]},
            "target": {"apiVersion": "v1", "kind": "Node", "name": "node-a"},
        }
        # The pod may be gone by now: whatever the answer is, the watch tells what to do next.
        await self.admin.call("POST", f"{path}/binding", binding, checked=False)
        await self._secrets(pod)
        status = {
            "podIP": self.address_of(pod),
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}, {"type": "PodScheduled", "status": "True"}],
            "containerStatuses": [_container(pod["spec"]["containers"][0]["name"], {"running": {}})],
        }
        answer = await self.admin.call("PATCH", f"{path}/status", {"status": status}, checked=False)
        if answer.get("kind") == "Pod":
            self.ready[metadata["namespace"]].add(f"{metadata['labels'][ROLE]} {metadata['name']}")

    async def kill(self, namespace: str, name: str, container: str, message: str) -> None:
        """A container is killed; `message` is what it has left as its termination message."""
        ended = {"terminated": {"exitCode": 137, "reason": "Error", "message": message}}
        status = {
            "phase": "Failed",
            "conditions": [{"type": "Ready", "status": "False"}],
            "containerStatuses": [_container(container, ended)],
        }
        await self.admin.call("PATCH", f"/api/v1/namespaces/{namespace}/pods/{name}/status", {"status": status})

    async def _secrets(self, pod: Json) -> None:
        """A container is not started before what it mounts is there."""
        for volume in pod["spec"]["volumes"]:
            if "secret" not in volume:
                continue
            path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/secrets/{volume['secret']['secretName']}"
            while (await self.admin.call("GET", path, checked=False)).get("kind") != "Secret":
                await asyncio.sleep(MOUNT_EVERY_S)

    async def _bury(self, pod: Json) -> None:
        metadata = pod["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        options = {"gracePeriodSeconds": 0, "preconditions": {"uid": metadata["uid"]}}
        await self.admin.call("DELETE", path, options, checked=False)


def _container(name: str, state: Json) -> Json:
    is_ready = "running" in state
    return {"name": name, "image": "i", "imageID": "", "ready": is_ready, "restartCount": 0, "state": state}


async def until_ended(task: asyncio.Task[None]) -> None:
    """Cancels a task and waits for its end."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
