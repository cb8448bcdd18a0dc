"""The sample library (LoadGen's QSL) as a value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # not at run time: a command that only words a DataError need not wait for numpy
    import numpy as np
    from numpy.typing import NDArray

type Sample = Mapping[str, NDArray[np.generic]]
"""One array for each input of the model, without a batch dimension."""


class DataError(Exception):
    """The samples, or what the model says of its inputs, cannot be used; says what to change.

    Raised for what a user has given: the caller shows it and stops.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}. hint: {self.hint}"


@dataclass(frozen=True, slots=True)
class SampleLibrary:
    """A number of samples, each the same whenever and wherever it is asked for.

    Equal libraries are not detected: two of them compare equal only where they are one object's copies.
    """

    total: int
    make: Callable[[int], Sample]
    """Makes the sample at an index; called through `sample`, which knows the bounds."""

    def sample(self, index: int) -> Sample:
        """The sample at `index`, counted from 0. Raises IndexError beyond the library's end."""
        if not 0 <= index < self.total:
            raise IndexError(f"sample {index} is not one of {self.total} samples, which are counted from 0")
        return self.make(index)
