"""The run's token, for its load pods."""

import base64

from inferometer_operator.objects.hardening import Manifest
from inferometer_operator.objects.labels import labels, owned_by_pod
from inferometer_operator.objects.load_pods import TOKEN_KEY
from inferometer_operator.run import Run


def token_secret(run: Run, name: str, coordinator: str, coordinator_uid: str, token: str) -> Manifest:
    """The Secret that coordinator and workers mount.

    It belongs to the coordinator's pod and is collected with it, so that the operator needs no right to delete
    Secrets.
    """
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": run.namespace,
            "labels": labels(run),
            "ownerReferences": owned_by_pod(coordinator, coordinator_uid),
        },
        "type": "Opaque",
        "immutable": True,
        "data": {TOKEN_KEY: base64.b64encode(token.encode()).decode()},
    }
