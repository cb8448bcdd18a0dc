"""Answers zeros of the shapes that the model's configuration declares, for each sample of the request's batch."""

import json

import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    """The class that Triton's Python backend looks for."""

    def initialize(self, args):
        """Reads which outputs there are, and which input says how large a batch is."""
        config = json.loads(args["model_config"])
        self.input = config["input"][0]["name"]
        self.outputs = [
            (each["name"], pb_utils.triton_string_to_numpy(each["data_type"]), [int(dim) for dim in each["dims"]])
            for each in config["output"]
        ]

    def execute(self, requests):
        """Answer each request; Triton may hand over several at once."""
        return [self._answer(request) for request in requests]

    def _answer(self, request):
        samples = pb_utils.get_input_tensor_by_name(request, self.input).shape()[0]
        tensors = [pb_utils.Tensor(name, np.zeros([samples, *dims], dtype)) for name, dtype, dims in self.outputs]
        return pb_utils.InferenceResponse(tensors)
