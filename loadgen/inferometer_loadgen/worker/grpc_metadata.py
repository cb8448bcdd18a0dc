"""What a server says of a model, asked over gRPC; by gRPC's own library, since nothing is measured yet."""

import ssl
from pathlib import Path
from urllib.parse import urlsplit

from inferometer_loadgen.datasets.metadata import ModelMetadata, TensorSpec
from inferometer_loadgen.plan import Plan, ReplicaAddress
from inferometer_loadgen.protocol.api import RunFailure
from inferometer_loadgen.worker.access import REFUSED_REMEDY, Access
from inferometer_loadgen.worker.asking import ANSWER_TIMEOUT_S, Asked, PrepareError

GONE = frozenset({"StatusCode.UNAVAILABLE", "StatusCode.DEADLINE_EXCEEDED"})
REFUSED = frozenset({"StatusCode.UNAUTHENTICATED", "StatusCode.PERMISSION_DENIED"})


def ask(plan: Plan, replica: ReplicaAddress, access: Access) -> Asked:
    """The model of a plan, and the server's name and version. Raises PrepareError."""
    # Imported here: half a second that the other protocol need not wait for.
    from tritonclient.grpc import InferenceServerClient
    from tritonclient.utils import InferenceServerException

    name, version = plan.model.name, plan.model.version
    headers = {name.lower(): value for name, value in access.fields}
    client = InferenceServerClient(urlsplit(replica.url).netloc, **_tls_arguments(access))
    try:
        server = client.get_server_metadata(headers, client_timeout=ANSWER_TIMEOUT_S)
        model = client.get_model_metadata(name, version, headers, client_timeout=ANSWER_TIMEOUT_S)
    except InferenceServerException as error:
        said = access.redacted(error.message())
        if error.status() in GONE:
            raise PrepareError(
                RunFailure.SERVER_UNREACHABLE,
                f"{replica.name} at {replica.url} does not answer as gRPC: {said}. Check that it runs there"
                + access.certificate_remedy,
            ) from error
        if error.status() in REFUSED:
            raise PrepareError(
                RunFailure.SERVER_UNREACHABLE,
                f"{replica.name} at {replica.url} refuses us, {error.status()}: {said}. {REFUSED_REMEDY}",
            ) from error
        raise PrepareError(
            RunFailure.MODEL_NOT_FOUND,
            f"{replica.name} answered {error.status()} when asked for model `{name}`: {said}. Correct "
            "spec.model.name or the model repository",
        ) from error
    finally:
        client.close()
    return Asked(
        ModelMetadata(
            name=model.name,
            versions=tuple(model.versions),
            platform=model.platform,
            inputs=tuple(TensorSpec(tensor.name, tensor.datatype, tuple(tensor.shape)) for tensor in model.inputs),
            outputs=tuple(TensorSpec(tensor.name, tensor.datatype, tuple(tensor.shape)) for tensor in model.outputs),
        ),
        f"{server.name} {server.version}".strip(),
    )


def _tls_arguments(access: Access) -> dict[str, str | bool | None]:
    if access.tls is None:
        return {}
    # gRPC brings authorities of its own: those of this system are what the measured connections trust.
    authorities = access.files.ca_bundle or ssl.get_default_verify_paths().cafile
    return {
        "ssl": True,
        "root_certificates": _text(authorities),
        "certificate_chain": _text(access.files.certificate),
        "private_key": _text(access.files.key),
    }


def _text(path: Path | str | None) -> str | None:
    return None if path is None else str(path)
