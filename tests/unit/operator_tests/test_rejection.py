"""Each refusal of a real API server becomes a reason with what to do about it."""

import pytest

from inferometer_operator.reconcile.observed import Refused
from inferometer_operator.reconcile.rejection import rejection

from .builders import a_run

SERVER, WORKER = "quickstart-server-0", "quickstart-worker-0"
FORBIDDEN = 'pods "x" is forbidden: '

# Words as Kubernetes 1.37 said them.
REFUSALS: dict[str, tuple[str, str, str, str]] = {
    "a quota that is full": (
        SERVER,
        FORBIDDEN + "exceeded quota: gpus, requested: requests.nvidia.com/gpu=1, used: requests.nvidia.com/gpu=4, "
        "limited: requests.nvidia.com/gpu=4",
        "QuotaExceeded",
        (
            "ResourceQuota gpus of namespace bench has no room for Pod quickstart-server-0, which asks for "
            "requests.nvidia.com/gpu=1: requests.nvidia.com/gpu=4 of requests.nvidia.com/gpu=4 are used; wait until "
            "others have ended and create the benchmark anew, lower spec.target.triton.resources, or raise the quota"
        ),
    ),
    "a quota that asks for limits": (
        WORKER,
        FORBIDDEN + "failed quota: rq: must specify limits.memory for: loadgen",
        "PodRejected",
        "set limits.memory for: loadgen in spec.load.resources: ResourceQuota rq asks for it",
    ),
    "pod security": (
        SERVER,
        FORBIDDEN + 'violates PodSecurity "restricted:latest": hostPort',
        "PodRejected",
        "run it in a namespace whose pod security admits this, since the pods of bench may not",
    ),
    "a limit range": (
        SERVER,
        FORBIDDEN + "maximum memory usage per Container is 1Gi, but limit is 2Gi",
        "PodRejected",
        "choose spec.target.triton.resources within the namespace's LimitRange",
    ),
    "a webhook": (
        WORKER,
        'admission webhook "policy.example.test" denied the request: no',
        "PodRejected",
        "what policy.example.test asks for is up to who runs it",
    ),
    "a class that is not there": (
        SERVER,
        FORBIDDEN + 'pod rejected: RuntimeClass "nope" not found',
        "PodRejected",
        "create it, or have the namespace's defaults corrected",
    ),
    "requests over limits": (
        SERVER,
        (
            'Pod "x" is invalid: spec.containers[0].resources.requests: Invalid value: "3": must be less than or equal '
            "to cpu limit of 2"
        ),
        "PodRejected",
        "raise the limits in spec.target.triton.resources or lower the requests",
    ),
    "what nobody foresaw": (
        WORKER,
        "no, because.",
        "PodRejected",
        "correct what it names, in spec.load.resources or elsewhere, and create the benchmark anew",
    ),
}


@pytest.mark.parametrize(("pod", "words", "reason", "remedy"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refusal_by(pod: str, words: str, reason: str, remedy: str) -> None:
    found, message = rejection(a_run(), Refused("Pod", pod, words))

    assert found == reason
    if reason == "QuotaExceeded":
        assert message == remedy
    else:
        assert message == f"the API server refuses Pod {pod}: {words.rstrip('.')}; {remedy}"
