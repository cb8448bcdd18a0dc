"""Queries that belong together: a model behind Triton's sequence batcher keeps a state from one to the next."""

from typing import Annotated

from msgspec import Meta

from inferometer_loadgen.spec.base import SpecStruct


class Sequences(SpecStruct, frozen=True, kw_only=True):
    """Each query carries a sequence's id and whether it is its first or last; its next one goes when it is answered."""

    count: Annotated[
        int,
        Meta(
            ge=1,
            le=100_000,
            description="Sequences that are open at a time, each with one query open: equal to concurrency, and 1 in "
            "SingleStream. A multiple of workers and of replicas, so that each sequence stays with one of both.",
        ),
    ]
    length: Annotated[int, Meta(ge=1, le=1_000_000_000, description="Queries in a sequence.")]
