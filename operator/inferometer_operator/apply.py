"""I/O out: carries out a step in the one order that survives a crash between any two of its parts.

Objects first (their names are fixed, so that a repetition finds them), then the status, then the call, then the
deletions, then the events. What was created or changed goes into the cache at once, so that the next decision does not
start from before it.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec

from inferometer_loadgen.client import CoordinatorError
from inferometer_operator.cache import Cache
from inferometer_operator.coordinators import Coordinators
from inferometer_operator.errors import ConflictError, KubeError, NotFoundError, RefusedError, TakenError
from inferometer_operator.kube import Kube
from inferometer_operator.log import logger
from inferometer_operator.objects.events import event
from inferometer_operator.objects.secrets import token_secret
from inferometer_operator.pods import Pod
from inferometer_operator.reconcile.observed import Observed, Refused
from inferometer_operator.reconcile.step import Abort, Acknowledge, Start, Step, TokenFor
from inferometer_operator.run import Run

Manifest = dict[str, Any]


class NameTakenError(Exception):
    """An object that is not this run's bears the name that one of its own needs."""


@dataclass(frozen=True, slots=True)
class Applier:
    """Carries out steps."""

    kube: Kube
    coordinators: Coordinators
    cache: Cache

    async def apply(self, step: Step, observed: Observed) -> Refused | None:
        """All of the step, or what the API server refuses for good: then nothing after it was done.

        Raises KubeError, CoordinatorError and NameTakenError for what a later try may cure.
        """
        run = observed.run
        try:
            for manifest in step.create:
                await self._create(manifest, run)
        except RefusedError as error:
            return Refused(manifest["kind"], manifest["metadata"]["name"], error.message)
        if step.token is not None:
            await self._create_token(step.token, run)
        if step.status is not None:
            await self._write_status(step, run)
        if step.call is not None:
            await self._call(step.call, run)
        for pod in step.delete:
            await self._delete(pod)
        if step.forget:
            await self.kube.delete_benchmark(run.key, run.uid)
            self.cache.drop_run(run.key, run.uid)
        for number, told in enumerate(step.tell):
            # Apart by a microsecond, so that they are shown in the order in which they are told.
            moment = (told.at or observed.now) + timedelta(microseconds=number)
            await self._tell(event(run, observed.settings, told, moment), run)
        return None

    async def _create(self, manifest: Manifest, run: Run) -> None:
        try:
            stored = await self.kube.create(manifest)
        except TakenError as error:
            stored = await self._of_an_earlier_try(manifest, run, error)
        if manifest["kind"] == "Pod":
            self.cache.put_pod(stored)

    async def _of_an_earlier_try(self, manifest: Manifest, run: Run, taken: TakenError) -> Manifest:
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        stored = await self.kube.get(kind, run.namespace, name)
        if stored is None:
            raise taken
        owners = {owner["uid"] for owner in stored["metadata"].get("ownerReferences", ())}
        if run.uid not in owners:
            # Of an earlier benchmark of this name, whose objects are being collected; or somebody else's.
            raise NameTakenError(f"{kind} {run.namespace}/{name} is not this run's") from taken
        if stored.get("data") != manifest.get("data") or stored.get("binaryData") != manifest.get("binaryData"):
            # The sample library changed between two tries of one acceptance: which plan is meant nobody can say.
            raise RefusedError(taken.what, taken.status, "it is there already and holds something else; run again")
        return stored

    async def _create_token(self, token: TokenFor, run: Run) -> None:
        value = self.coordinators.token(run.uid)
        manifest = token_secret(run, token.name, token.coordinator.name, token.coordinator.uid, value)
        try:
            await self.kube.create(manifest)
        except TakenError:
            # The name holds randomness of this run's coordinator pod: it is of an earlier try.
            logger.debug("secret %s is there already", token.name)
        self.cache.note_secret(run.key, token.name)

    async def _write_status(self, step: Step, run: Run) -> None:
        status = msgspec.to_builtins(step.status)
        try:
            stored = await self.kube.write_status(run.key, run.uid, run.resource_version, status)
        except NotFoundError:
            self.cache.drop_run(run.key, run.uid)
            raise
        self.cache.put_run(stored)

    async def _call(self, call: Start | Acknowledge | Abort, run: Run) -> None:
        match call:
            case Start(address, request):
                await self.coordinators.at(address, run.uid).start(request)
            case Abort(address, reason):
                try:
                    await self.coordinators.at(address, run.uid).abort(reason)
                except CoordinatorError as error:
                    # It is told again, and its time is bounded whether it hears or not.
                    logger.info("%s: the coordinator was not told that its run is called off: %s", run.key, error)
            case Acknowledge(address):
                try:
                    await self.coordinators.at(address, run.uid).acknowledge()
                except CoordinatorError as error:
                    # It is about to be deleted; told or not, the report is stored.
                    logger.info("%s: the coordinator was not told that its report is stored: %s", run.key, error)

    async def _delete(self, pod: Pod) -> None:
        try:
            stored = await self.kube.delete_pod(pod.namespace, pod.name, pod.uid)
        except ConflictError:
            # A later pod bears the name now; this one is gone.
            return
        if stored is not None and stored.get("kind") == "Pod":
            self.cache.put_pod(stored)

    async def _tell(self, manifest: Manifest, run: Run) -> None:
        reason = manifest["reason"]
        try:
            await self.kube.create(manifest)
        except TakenError:
            logger.debug("%s: event %s was told by an earlier operator", run.key, reason)
        except RefusedError as error:
            # Nor will a later one be let in. What it says is in the status.
            logger.warning("%s: event %s is refused: %s", run.key, reason, error)
        except KubeError as error:
            # It is for people who look on, and no reason to stop: a later reconcile tells it.
            logger.warning("%s: event %s was not written yet: %s", run.key, reason, error)
            return
        self.cache.note_told(run.key, reason)
