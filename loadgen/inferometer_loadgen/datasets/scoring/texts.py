"""Text in arrays: of outputs, where it is bytes, and of labels."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.datasets.scoring.model import ScoringError


def text_of(value: object, of: str) -> str:
    """One element as text. Raises ScoringError where it is none in UTF-8."""
    if isinstance(value, str):
        return value
    if not isinstance(value, bytes):
        raise ScoringError(f"{of} is of {type(value).__name__}: it must be text, BYTES in UTF-8")
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise ScoringError(f"{of} is no UTF-8: {error.reason} at byte {error.start}") from error


def the_output(name: str, outputs: Mapping[str, NDArray[np.generic]]) -> NDArray[np.generic]:
    """The output of that name, or the only one. Raises ScoringError where that says none."""
    names = ", ".join(outputs)
    if name:
        if name not in outputs:
            raise ScoringError(f"the answers have no output `{name}`: write one of {names} as spec.accuracy.output")
        return outputs[name]
    if len(outputs) != 1:
        raise ScoringError(f"the answers have the outputs {names}: write one of them as spec.accuracy.output")
    return next(iter(outputs.values()))
