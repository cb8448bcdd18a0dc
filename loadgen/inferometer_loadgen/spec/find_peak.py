"""A search for the highest load that is valid: Server's rate, or the samples of a query by the rules of 2019."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from inferometer_loadgen.spec.base import SpecStruct
from inferometer_loadgen.spec.units import Duration

Rate = Annotated[float, Meta(gt=0, le=1_000_000)]
Samples = Annotated[int, Meta(ge=1, le=65_536)]
TOLERANCE = 0.02


class FindPeak(SpecStruct, frozen=True, kw_only=True):
    """Short trials bracket and narrow it; then it is measured in full, and lower where that fails."""

    min: (
        Annotated[Rate, Meta(description="Server: the lowest rate that is tried, in queries per second.")] | UnsetType
    ) = UNSET
    max: (
        Annotated[Rate, Meta(description="Server: the highest one; workers and connections are prepared for it.")]
        | UnsetType
    ) = UNSET
    min_samples_per_query: (
        Annotated[
            Samples,
            Meta(description="MultiStream by the rules of 2019: the fewest samples of a query; 1 if left out."),
        ]
        | UnsetType
    ) = UNSET
    max_samples_per_query: (
        Annotated[
            Samples,
            Meta(description="MultiStream by the rules of 2019: the most samples of a query."),
        ]
        | UnsetType
    ) = UNSET
    tolerance: Annotated[
        float,
        Meta(ge=0.001, le=1, description="Server: how close to the peak, as a fraction: rates lie no further apart."),
    ] = TOLERANCE
    trial_duration: Annotated[Duration, Meta(description="How long queries are sent in a trial.")] = "10s"
    max_trials: Annotated[int, Meta(ge=1, le=100, description="No more trials than this.")] = 24

    @property
    def rates(self) -> tuple[float, float] | None:
        """The lowest and the highest rate; None where no rate is looked for."""
        return None if isinstance(self.min, UnsetType) or isinstance(self.max, UnsetType) else (self.min, self.max)

    @property
    def sample_counts(self) -> tuple[int, int] | None:
        """The fewest and the most samples of a query; None where a rate is looked for."""
        if isinstance(self.max_samples_per_query, UnsetType):
            return None
        least = self.min_samples_per_query
        return (1 if isinstance(least, UnsetType) else least, self.max_samples_per_query)


def bounds_words(search: FindPeak) -> str:
    """Between what the peak is looked for, for people."""
    if search.rates is not None:
        return f"{search.rates[0]:,g}/s to {search.rates[1]:,g}/s"
    fewest, most = search.sample_counts or (0, 0)
    return f"{fewest:,} to {most:,} samples a query"
