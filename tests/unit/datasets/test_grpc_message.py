"""Messages of gRPC, held against what Triton's own client would send."""

from typing import Any

import numpy as np
import pytest
from tritonclient.grpc import InferenceServerClient, InferInput, InferRequestedOutput, service_pb2

from inferometer_loadgen.datasets.bodies import grpc_message
from inferometer_loadgen.datasets.metadata import NUMPY_TYPES, ModelMetadata, TensorSpec
from inferometer_loadgen.datasets.synthetic import synthetic_library


class StubError(Exception):
    """Ends a call before it leaves."""


def sent_by_tritonclient(
    monkeypatch: pytest.MonkeyPatch, model: ModelMetadata, arrays: dict[str, Any], version: str
) -> Any:
    sent: list[Any] = []

    def record(request: Any, **_: object) -> None:
        sent.append(request)
        raise StubError

    tensors = []
    for tensor in model.inputs:
        made = InferInput(tensor.name, list(arrays[tensor.name].shape), tensor.datatype)
        made.set_data_from_numpy(arrays[tensor.name])
        tensors.append(made)
    outputs = [InferRequestedOutput(tensor.name) for tensor in model.outputs]
    with InferenceServerClient("127.0.0.1:9") as client:
        monkeypatch.setattr(client._client_stub, "ModelInfer", record)
        with pytest.raises(StubError):
            client.infer(model.name, tensors, model_version=version, outputs=outputs)
    return sent[0]


@pytest.mark.parametrize("datatype", sorted(NUMPY_TYPES))
@pytest.mark.parametrize("samples", [1, 3], ids=["one sample", "a batch"])
def test_a_message_is_what_tritons_own_client_sends(
    monkeypatch: pytest.MonkeyPatch, datatype: str, samples: int
) -> None:
    model = ModelMetadata(
        name="m",
        inputs=(TensorSpec("a", datatype, (-1, 3)), TensorSpec("b", "FP32", (-1, 2, 2))),
        outputs=(TensorSpec("x", "FP32", (-1, 4)), TensorSpec("y", "INT64", (-1, 1))),
    )
    library = synthetic_library(model, {}, samples=samples, seed=0)
    asked = [library.sample(index) for index in range(samples)]
    arrays = {tensor.name: np.stack([sample[tensor.name] for sample in asked]) for tensor in model.inputs}
    message = grpc_message(asked, model, "7")

    assert service_pb2.ModelInferRequest.FromString(message) == sent_by_tritonclient(monkeypatch, model, arrays, "7")
    assert message == sent_by_tritonclient(monkeypatch, model, arrays, "7").SerializeToString()
