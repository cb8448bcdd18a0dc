"""Fails to load, as a model does whose weights do not fit its config."""


class TritonPythonModel:
    def initialize(self, args):
        raise ValueError("input shape [3,224,224] expected")

    def execute(self, requests):
        raise AssertionError("a model that failed to load gets no requests")
