"""What a server says of a model, asked over gRPC; by gRPC's own library, since nothing is measured yet."""

from urllib.parse import urlsplit

from inferometer_loadgen.datasets.metadata import ModelMetadata, TensorSpec
from inferometer_loadgen.plan import Plan, ReplicaAddress
from inferometer_loadgen.protocol.api import RunFailure
from inferometer_loadgen.worker.asking import ANSWER_TIMEOUT_S, Asked, PrepareError

GONE = frozenset({"StatusCode.UNAVAILABLE", "StatusCode.DEADLINE_EXCEEDED"})


def ask(plan: Plan, replica: ReplicaAddress) -> Asked:
    """The model of a plan, and the server's name and version. Raises PrepareError."""
    # Imported here: half a second that the other protocol need not wait for.
    from tritonclient.grpc import InferenceServerClient
    from tritonclient.utils import InferenceServerException

    name, version = plan.model.name, plan.model.version
    client = InferenceServerClient(urlsplit(replica.url).netloc)
    try:
        server = client.get_server_metadata(client_timeout=ANSWER_TIMEOUT_S)
        model = client.get_model_metadata(name, version, client_timeout=ANSWER_TIMEOUT_S)
    except InferenceServerException as error:
        if error.status() in GONE:
            raise PrepareError(
                RunFailure.SERVER_UNREACHABLE,
                f"{replica.name} at {replica.url} does not answer as gRPC: {error.message()}. Check that it runs there",
            ) from error
        raise PrepareError(
            RunFailure.MODEL_NOT_FOUND,
            f"{replica.name} answered {error.status()} when asked for model `{name}`: {error.message()}. Correct "
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
