"""Fails to load, as a model does whose weights do not fit its config."""


class TritonPythonModel:
    """The class that Triton's Python backend looks for."""

    def initialize(self, args):
        """Fail as a model does whose first layer has another shape."""
        raise ValueError("input shape [3,224,224] expected")

    def execute(self, requests):
        """Never called."""
        raise AssertionError("a model that failed to load gets no requests")
