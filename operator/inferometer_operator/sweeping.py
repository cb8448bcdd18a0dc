"""Deletes pods whose benchmark is gone, where nobody else does it.

Kubernetes collects a benchmark's pods by itself, but not after a deletion with --cascade=orphan, nor where its garbage
collector does not run. Whoever comes first deletes them; the rest finds nothing. An operator that starts is told of
every pod that is there, so that it also sweeps what was left while nobody was alive.

That a benchmark is gone is asked of the API server, never of the cache: a watch that is late must not cost a run.
"""

from typing import Any

from inferometer_operator.kube import Kube
from inferometer_operator.log import logger
from inferometer_operator.run import Key


async def sweep(kube: Kube, key: Key) -> int:
    """Deletes the pods that bear a run's label and do not belong to the benchmark that is there now; how many."""
    there = [pod for pod in await kube.pods_of(key) if "deletionTimestamp" not in pod["metadata"]]
    if not there:
        return 0
    # Only after the pods were listed: a benchmark is older than each of its pods.
    uid = await kube.benchmark_uid(key)
    orphans = [pod for pod in there if uid is None or _owner(pod) != uid]
    for pod in orphans:
        logger.info("%s is gone: deleting its pod %s", key, pod["metadata"]["name"])
        await kube.delete_pod(key.namespace, pod["metadata"]["name"], pod["metadata"]["uid"])
    return len(orphans)


def _owner(pod: dict[str, Any]) -> str:
    owners = pod["metadata"].get("ownerReferences", ())
    return next((str(owner["uid"]) for owner in owners if owner.get("controller")), "")
