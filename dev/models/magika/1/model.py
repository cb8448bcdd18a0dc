"""Serves magika's ONNX model in Triton's Python backend: real inference on a CPU, without Triton's ONNX backend.

One intra-op thread: an instance must not spread over cores that the load generator measures with.
"""

from pathlib import Path

import onnxruntime
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    """The class that Triton's Python backend looks for."""

    def initialize(self, args):
        """Load the network that lies beside this file."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        folder = Path(args["model_repository"]) / args["model_version"]
        self.session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def execute(self, requests):
        """Answer each request; Triton may hand over several at once."""
        return [self._answer(request) for request in requests]

    def _answer(self, request):
        sample = pb_utils.get_input_tensor_by_name(request, "bytes").as_numpy()
        (label,) = self.session.run(["target_label"], {"bytes": sample})
        return pb_utils.InferenceResponse([pb_utils.Tensor("target_label", label)])
