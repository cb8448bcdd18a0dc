"""A search for the highest rate at which a run is valid."""

from typing import Annotated

from msgspec import Meta

from inferometer_loadgen.spec.base import SpecStruct
from inferometer_loadgen.spec.units import Duration

Rate = Annotated[float, Meta(gt=0, le=1_000_000)]


class FindPeak(SpecStruct, frozen=True, kw_only=True):
    """Short trials bracket and narrow the rate; then it is measured in full, and lower ones where that fails."""

    min: Annotated[Rate, Meta(description="The lowest rate that is tried, in queries per second.")]
    max: Annotated[Rate, Meta(description="The highest one; workers and connections are prepared for it.")]
    tolerance: Annotated[
        float, Meta(ge=0.001, le=1, description="How close to the peak, as a fraction: rates lie no further apart.")
    ] = 0.02
    trial_duration: Annotated[Duration, Meta(description="How long queries are sent in a trial.")] = "10s"
    max_trials: Annotated[int, Meta(ge=1, le=100, description="No more trials than this.")] = 24
