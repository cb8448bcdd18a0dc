"""Adds up the numbers of each sequence, in the memory of the instance that has it."""

import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    """The class that Triton's Python backend looks for."""

    def initialize(self, args):
        """Knows no sequence yet."""
        self.sums = {}

    def execute(self, requests):
        """One answer a request; each is told in the log, since a load generator throws answers away."""
        return [self._answer(request) for request in requests]

    def _answer(self, request):
        number, start, end, sequence = (
            int(pb_utils.get_input_tensor_by_name(request, name).as_numpy().flat[0])
            for name in ("number", "START", "END", "CORRID")
        )
        if not start and sequence not in self.sums:
            error = pb_utils.TritonError(f"no state of sequence {sequence} in this instance")
            return pb_utils.InferenceResponse(output_tensors=[], error=error)
        total = number + (0 if start else self.sums[sequence])
        self.sums[sequence] = total
        if end:
            del self.sums[sequence]
        pb_utils.Logger.log_info(f"sum of sequence {sequence}: {total}")
        output = pb_utils.Tensor("sum", np.array([[total]], dtype=np.int64))
        return pb_utils.InferenceResponse(output_tensors=[output])
