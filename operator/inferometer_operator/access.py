"""How the operator reaches its API server, for both of its clients: kopf's watches and its own calls."""

import os
from typing import Any

import kopf
from kubernetes.aio import client, config

REQUEST_TIMEOUT_S = 15
SERVICE_HOST = "KUBERNETES_SERVICE_HOST"


# The package has no types for its loaders.
_loaders: Any = config


async def load_access() -> client.Configuration:
    """The service account's access inside a cluster, else the kubeconfig's."""
    found = client.Configuration()
    if os.environ.get(SERVICE_HOST) and not os.environ.get("KUBECONFIG"):
        _loaders.load_incluster_config(client_configuration=found)
    else:
        await _loaders.load_kube_config(client_configuration=found)
    # A proxy of the machine's environment is for other hosts; the API server is a neighbour.
    found.client_session_kwargs = {"trust_env": False}
    return found


async def kopf_access() -> kopf.ConnectionInfo:
    """The same for kopf, read anew: kopf asks again when the token has run out."""
    found = await load_access()
    scheme, _, token = found.api_key.get("BearerToken", "").partition(" ")
    return kopf.ConnectionInfo(
        server=found.host,
        ca_path=found.ssl_ca_cert,
        ca_data=None if found.ssl_ca_cert else found.ca_cert_data,
        insecure=not found.verify_ssl,
        certificate_path=found.cert_file,
        private_key_path=found.key_file,
        scheme=scheme.capitalize() if token else None,
        token=token or None,
    )
