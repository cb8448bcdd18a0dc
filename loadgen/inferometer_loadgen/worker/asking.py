"""What a worker asks of each replica before the run, and how that fails."""

from dataclasses import dataclass

from inferometer_loadgen.datasets.metadata import ModelMetadata
from inferometer_loadgen.protocol.api import RunFailure

ANSWER_TIMEOUT_S = 10.0


class PrepareError(Exception):
    """The run cannot be prepared: `type` for programs, the message for people."""

    def __init__(self, type_: RunFailure, message: str) -> None:
        super().__init__(message)
        self.type = type_


@dataclass(frozen=True, slots=True)
class Asked:
    """What one replica says of its model and of itself."""

    model: ModelMetadata
    server_version: str
