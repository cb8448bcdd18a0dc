"""What the bodies need is reckoned from the first one, before the others are made, and for all processes together."""

from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from inferometer_loadgen.datasets.bodies import http_batch
from inferometer_loadgen.datasets.metadata import ModelMetadata, TensorSpec
from inferometer_loadgen.datasets.synthetic import synthetic_library
from inferometer_loadgen.plan import Plan
from inferometer_loadgen.protocol.api import RunFailure
from inferometer_loadgen.worker.asking import PrepareError
from inferometer_loadgen.worker.budget import Budget, copies_of
from inferometer_loadgen.worker.prepare import _single_bodies
from inferometer_loadgen.worker.requests import JOIN_BYTES, Body, Encoded
from unit.verdict.runs import PLAN

if TYPE_CHECKING:
    from collections.abc import Iterator

RESNET50 = ModelMetadata(
    name="resnet50",
    inputs=(TensorSpec("input", "FP32", (-1, 224, 224, 3)),),
    outputs=(TensorSpec("output", "FP32", (-1, 1000)),),
)
IMAGE_BYTES = 4 * 224 * 224 * 3
MIB = 2**20


class Made:
    """ResNet50's images as bodies, and how many were made."""

    def __init__(self, samples: int, budget: Budget, plan: Plan = PLAN) -> None:
        library = synthetic_library(RESNET50, {}, samples=samples, seed=0)
        self.count = 0

        def make(_: object, body: Body) -> Encoded:
            self.count += 1
            made = http_batch([library.sample(index) for index in body], RESNET50)
            return Encoded(made.data, made.json_length)

        self.bodies: Iterator[Encoded] = _single_bodies(plan, library, make, budget)


@pytest.mark.parametrize(
    ("processes", "who"), [(1, "this worker has"), (4, "4 workers on this machine have")], ids=["one", "four"]
)
def test_1024_images_are_refused_with_the_figure_when_only_the_first_is_made(processes: int, who: str) -> None:
    made = Made(1024, Budget(1024 * MIB, 0.5, processes))

    with pytest.raises(
        PrepareError,
        match=rf"1,024 request bodies of 602,... bytes need 588 MiB; {who} 512 MiB .*50% of 1,024 MiB",
    ) as it:
        list(made.bodies)

    assert it.value.type is RunFailure.SAMPLES_EXCEED_MEMORY
    assert made.count == 1


@pytest.mark.parametrize("processes", [1, 64])
def test_images_need_the_memory_of_one_copy_whatever_the_processes(processes: int) -> None:
    size = len(next(Made(1, Budget(MIB, 1.0)).bodies).data)
    budget = Budget(8 * size, 1.0, processes)

    assert len(list(Made(8, budget).bodies)) == 8
    assert (size > IMAGE_BYTES, budget.left) == (True, 0)
    with pytest.raises(PrepareError, match="1 request bodies"):
        budget.take(size, shared=True, copies=0)


def test_a_batch_is_counted_for_each_process_that_may_make_it() -> None:
    budget = Budget(12 * MIB, 1.0, processes=4)

    budget.take(3 * MIB, shared=False, copies=1)

    assert budget.left == 0


@pytest.mark.parametrize(
    ("protocol", "size", "copies"),
    [("http", JOIN_BYTES, 2), ("grpc", JOIN_BYTES, 1), ("http", JOIN_BYTES + 1, 0), ("grpc", JOIN_BYTES + 1, 0)],
    ids=["small, joined to 2 heads", "small, copied once", "large over HTTP", "large over gRPC"],
)
def test_a_process_holds_copies_of_its_own_of_small_bodies_only(protocol: str, size: int, copies: int) -> None:
    plan = structs.replace(PLAN, protocol=protocol, replicas=2)

    assert copies_of(plan, size) == copies
