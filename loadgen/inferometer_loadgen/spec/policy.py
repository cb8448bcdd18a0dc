"""How long a run may take, and what stays of it."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from inferometer_loadgen.spec.base import SpecStruct
from inferometer_loadgen.spec.units import Duration


class RunPolicy(SpecStruct, frozen=True, kw_only=True):
    """How long a run may take, and what stays of it."""

    active_deadline: (
        Annotated[
            Duration,
            Meta(
                description="How long the run may take in all, from its acceptance on; time for which it is suspended "
                "before that does not count. A run that takes longer is called off, and ends with the reason "
                "ActiveDeadlineExceeded and a report of what was measured."
            ),
        ]
        | UnsetType
    ) = UNSET
    ttl_after_finished: (
        Annotated[
            Duration,
            Meta(
                description="How long after its end the benchmark is deleted, with its report and all else of "
                "it. 0s deletes it at once; left out, it stays."
            ),
        ]
        | UnsetType
    ) = UNSET
    clean_pods: Annotated[
        Literal["Always", "OnSuccess", "Never"],
        Meta(
            description="Which pods are deleted at the end. Always: all. OnSuccess: all if the run has a verdict; of "
            "one that failed those stay whose containers have ended. Never: those stay in any case. A pod that still "
            "runs is deleted whatever is written here, so that no GPU is held: servers at once, load pods half a "
            "minute after the end, or at once if the run was called off."
        ),
    ] = "Always"
