"""What is scored, and what comes of it."""

from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

type Labels = Mapping[str, NDArray[np.generic]]
"""The samples' right answers by name; the first dimension is the sample."""


class Answer(msgspec.Struct, frozen=True):
    """One sample's outputs, without the batch dimension."""

    sample: int
    outputs: Mapping[str, NDArray[np.generic]]


class Score(msgspec.Struct, frozen=True):
    """How good the answers are."""

    metric: str
    value: float
    samples: int
    details: dict[str, float] = {}


class ScoringError(Exception):
    """The answers cannot be scored; the message says why, and what to do."""
