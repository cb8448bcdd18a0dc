"""What the bodies need is reckoned from the first one, before the others are made."""

import numpy as np
import pytest

from inferometer_loadgen.datasets.bodies import HttpBody, http_batch
from inferometer_loadgen.datasets.metadata import ModelMetadata, TensorSpec
from inferometer_loadgen.datasets.synthetic import synthetic_library
from inferometer_loadgen.plan import ReplicaAddress
from inferometer_loadgen.protocol.api import RunFailure
from inferometer_loadgen.worker.asking import PrepareError
from inferometer_loadgen.worker.prepare import Budget, _add_single_samples
from inferometer_loadgen.worker.requests import Body, Requests, http_requests
from unit.verdict.runs import PLAN

RESNET50 = ModelMetadata(
    name="resnet50",
    inputs=(TensorSpec("input", "FP32", (-1, 224, 224, 3)),),
    outputs=(TensorSpec("output", "FP32", (-1, 1000)),),
)
MIB = 2**20
REPLICAS = tuple(ReplicaAddress(name=str(k), url=f"http://198.18.0.{k}:8000", metrics_url="") for k in range(3))


class Made:
    """Requests about ResNet50's images, which count how many were made."""

    def __init__(self, budget: Budget) -> None:
        library = synthetic_library(RESNET50, {}, samples=1024, seed=0)
        self.count = 0

        def make(body: Body) -> HttpBody:
            self.count += 1
            made = http_batch([library.sample(index) for index in body], RESNET50)
            budget.take(made.data)
            return made

        self.requests: Requests[bytes | tuple[bytes, bytes]] = http_requests(PLAN.model, REPLICAS, make)


def test_1024_images_are_refused_with_the_figure_when_only_the_first_is_made() -> None:
    budget = Budget(1024 * MIB, 0.5)
    made = Made(budget)

    with pytest.raises(
        PrepareError, match=r"1,024 request bodies of 602,... bytes need 588 MiB; .* has 512 MiB .*50% of its 1,024 MiB"
    ) as it:
        _add_single_samples(PLAN, made.requests, 1024, budget)

    assert it.value.type is RunFailure.SAMPLES_EXCEED_MEMORY
    assert made.count == 1


def test_what_just_fits_is_made_once_for_all_replicas() -> None:
    size = len(http_batch([{"input": np.zeros((224, 224, 3), np.float32)}], RESNET50).data)
    budget = Budget(8 * size, 1.0)
    made = Made(budget)

    _add_single_samples(PLAN, made.requests, 8, budget)

    assert (made.count, budget.left) == (8, 0)
    for requests in made.requests.by_replica[1:]:
        for request, other in zip(requests, made.requests.by_replica[0], strict=True):
            assert request[1] is other[1]
    with pytest.raises(PrepareError, match="1 request bodies"):
        made.requests.add((8,))
