"""How often a benchmark measures the same load, in one run."""

from typing import Annotated

from msgspec import Meta

from inferometer_loadgen.spec.base import SpecStruct
from inferometer_loadgen.spec.units import Duration


class Repeat(SpecStruct, frozen=True, kw_only=True):
    """Several rounds on the same servers and connections, each with the same seeds."""

    count: Annotated[
        int,
        Meta(
            ge=1,
            le=20,
            description="How often the load is measured, warm-up included. The result is the median round's, with an "
            "interval; the run is Valid only if every round is.",
        ),
    ]
    cooldown: Annotated[Duration, Meta(description="Without any load, between two rounds.")] = "0s"
