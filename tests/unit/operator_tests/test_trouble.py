"""Each shape of a pod that is in trouble, as a real cluster showed it, has its reason, its remedy and its grace."""

from typing import Any

import pytest

from inferometer_operator.objects.labels import Role
from inferometer_operator.pods import Running, Terminated, Waiting
from inferometer_operator.reconcile.trouble import trouble_of

from .builders import T0, a_run
from .worlds import a_pending_pod, a_pod

SERVER_IMAGE = "localhost/triton-cpu:2.51"
MODEL_IMAGE = "localhost/magika-model:1.0.3"


def pull_error(image: str, cause: str) -> str:
    return f'failed to pull and unpack image "{image}": {cause}'


REFUSED = "failed to resolve image: failed to do request: Head https://x: dial tcp 1.2.3.4:443: connect: "
NOT_HELPFUL = "preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
LOAD_LOG = "\n".join(
    [
        'I1125 03:21:20.000001 1 server.cc:1] "starting"',
        (
            "E1125 03:21:21.123456 1 model_lifecycle.cc:654] \"failed to load 'magika' version 1: Internal: "
            'ValueError: boom\\n\\nAt:\\n  /models/magika/1/model.py(3): initialize\\n"'
        ),
        "+----------------+",
        "| server_id      |",
        "+----------------+",
        "error: creating server: Internal - failed to load all models",
    ]
)
CONFIG_LOG = "\n".join(
    [
        "[libprotobuf ERROR x.cc:335] Error parsing text-format inference.ModelConfig: 3:20: Expected identifier.",
        (
            "E1125 03:21:21.1 1 model_repository_manager.cc:1460] \"Poll failed for model directory 'magika': failed "
            'to read text proto from /models/magika/config.pbtxt"'
        ),
        "error: creating server: Internal - failed to load all models",
    ]
)

# id: (what differs from an ordinary server, the end of its log, reason, words of the message, grace)
SHAPES: dict[str, tuple[dict[str, Any], str, str, str, float | None]] = {
    "a: an image that its registry does not have": (
        {"container": Waiting("ErrImagePull", pull_error(SERVER_IMAGE, "failed to resolve image: not found"))},
        "",
        "ImagePullFailed",
        f"replica 1 can't pull {SERVER_IMAGE} (not found); correct spec.target.triton.image",
        15.0,
    ),
    "a: an image whose registry refuses connections": (
        {"container": Waiting("ErrImagePull", pull_error(SERVER_IMAGE, REFUSED + "connection refused"))},
        "",
        "ImagePullFailed",
        (
            f"replica 1 can't pull {SERVER_IMAGE} (not on the node, and its registry can't be reached); correct "
            "spec.target.triton.image"
        ),
        15.0,
    ),
    "a: the same while the kubelet holds back": (
        {
            "container": Waiting(
                "ImagePullBackOff",
                f'Back-off pulling image "{SERVER_IMAGE}": ErrImagePull: '
                + pull_error(SERVER_IMAGE, "failed to resolve image: lookup example.test: i/o timeout"),
            )
        },
        "",
        "ImagePullFailed",
        "its registry can't be reached",
        15.0,
    ),
    "a: an image that the node may not pull": (
        {"container": Waiting("ErrImagePull", pull_error(SERVER_IMAGE, "pull access denied, authorization failed"))},
        "",
        "ImagePullFailed",
        "(its registry does not let the node pull it)",
        15.0,
    ),
    "a: a pull that broke off is tried again as long as the start may take": (
        {"container": Waiting("ErrImagePull", pull_error(SERVER_IMAGE, "failed to copy: unexpected EOF"))},
        "",
        "ImagePullFailed",
        "unexpected EOF",
        None,
    ),
    "a: a back-off whose cause is not told is waited for": (
        {"container": Waiting("ImagePullBackOff", f'Back-off pulling image "{SERVER_IMAGE}"')},
        "",
        "ImagePullFailed",
        "Back-off pulling image",
        None,
    ),
    "b: an image that may not be pulled and is not on the node": (
        {
            "container": Waiting(
                "ErrImageNeverPull", f'Container image "{SERVER_IMAGE}" is not present with pull policy of Never'
            )
        },
        "",
        "ImagePullFailed",
        f"replica 1 can't pull {SERVER_IMAGE} (not on the node, and its pull policy is Never)",
        15.0,
    ),
    "c: an image whose name is none": (
        {"container": Waiting("InvalidImageName", "Failed to apply default image tag: invalid reference format")},
        "",
        "ImagePullFailed",
        "(no valid name); correct spec.target.triton.image",
        15.0,
    ),
    "a model image that is not there is told from the server's": (
        {"container": Waiting("ErrImagePull", pull_error(MODEL_IMAGE, "failed to resolve image: not found"))},
        "",
        "ImagePullFailed",
        f"replica 1 can't pull {MODEL_IMAGE} (not found); correct spec.target.triton.modelRepository.image",
        15.0,
    ),
    "d1: a config.pbtxt that can't be parsed": (
        {"container": Terminated(1, "Error")},
        CONFIG_LOG,
        "ModelLoadFailed",
        "Error parsing text-format inference.ModelConfig: 3:20: Expected identifier.",
        0.0,
    ),
    "d2: a model that raises while it is initialized": (
        {"container": Terminated(1, "Error")},
        LOAD_LOG,
        "ModelLoadFailed",
        (
            "while loading `magika`: `failed to load 'magika' version 1: Internal: ValueError: boom At: "
            "/models/magika/1/model.py(3): initialize`; correct the model repository"
        ),
        0.0,
    ),
    "d4: a repository that is not there": (
        {"container": Terminated(1, "Error")},
        "error: creating server: Internal - failed to stat file /models",
        "ModelLoadFailed",
        "failed to stat file /models",
        0.0,
    ),
    "e: a server that needed more memory than it may have": (
        {"container": Terminated(137, "OOMKilled")},
        "",
        "ContainerFailed",
        "replica 1 needed more memory than its limit; raise memory in spec.target.triton.resources.limits",
        0.0,
    ),
    "e: a child of it that was killed, under the server's own exit code": (
        {"container": Terminated(1, "OOMKilled")},
        LOAD_LOG,
        "ContainerFailed",
        "needed more memory than its limit",
        0.0,
    ),
    "f: a server that exits for a reason of its own": (
        {"container": Terminated(3, "Error")},
        "something\nunknown option --frobnicate\n",
        "ContainerFailed",
        "replica 1 exited with code 3 before the load began: `unknown option --frobnicate`",
        0.0,
    ),
    "f: one whose log is gone": (
        {"container": Terminated(3, "Error")},
        "",
        "ContainerFailed",
        "replica 1 exited with code 3 before the load began, and its log is gone",
        0.0,
    ),
    "g: more GPUs than any node has": (
        {"unschedulable": f"0/2 nodes are available: 2 Insufficient nvidia.com/gpu. {NOT_HELPFUL}"},
        "",
        "Unschedulable",
        (
            "replica 1 fits on no node: 0/2 nodes are available: 2 Insufficient nvidia.com/gpu; lower "
            "spec.target.triton.gpu.count, or add nodes that have as many"
        ),
        15.0,
    ),
    "g: more CPU than any node has": (
        {"unschedulable": f"0/2 nodes are available: 2 Insufficient cpu. {NOT_HELPFUL}"},
        "",
        "Unschedulable",
        "lower spec.target.triton.resources, or add larger nodes",
        15.0,
    ),
    "g: GPUs that others hold for now": (
        {
            "unschedulable": "0/2 nodes are available: 2 Insufficient nvidia.com/gpu. preemption: 0/2 nodes are "
            "available: 2 No preemption victims found for incoming pod."
        },
        "",
        "Unschedulable",
        "2 Insufficient nvidia.com/gpu",
        None,
    ),
    "g: a node that has no room for it after all": (
        {"phase": "Failed", "reason": "OutOfcpu", "message": "Pod was rejected: Node didn't have enough resource: cpu"},
        "",
        "Unschedulable",
        "replica 1 was refused by its node: Pod was rejected: Node didn't have enough resource: cpu; run again",
        0.0,
    ),
    "h: a node selector that no node fits": (
        {
            "unschedulable": "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. "
            + NOT_HELPFUL
        },
        "",
        "Unschedulable",
        "correct spec.target.triton.nodeSelector and tolerations, or add such nodes",
        None,
    ),
    "i: a taint that is not tolerated": (
        {"unschedulable": f"0/2 nodes are available: 2 node(s) had untolerated taint(s). {NOT_HELPFUL}"},
        "",
        "Unschedulable",
        "2 node(s) had untolerated taint(s); correct spec.target.triton.nodeSelector and tolerations",
        None,
    ),
    "m: a deadline that passed": (
        {
            "phase": "Failed",
            "reason": "DeadlineExceeded",
            "message": "Pod was active on the node longer than the specified deadline",
            "container": Terminated(7, "Error"),
        },
        "",
        "ContainerFailed",
        "replica 1 ended (DeadlineExceeded): Pod was active on the node longer than the specified deadline",
        0.0,
    ),
    "r: a claim that is not there": (
        {"unschedulable": 'persistentvolumeclaim "models" not found. preemption: not eligible'},
        "",
        "Unschedulable",
        "replica 1 waits for the PersistentVolumeClaim models, which is not there; create it",
        15.0,
    ),
    "s: a container whose configuration does not hold": (
        {"container": Waiting("CreateContainerConfigError", "container has runAsNonRoot and image will run as root")},
        "",
        "ContainerFailed",
        "replica 1 can't be started: container has runAsNonRoot and image will run as root; correct spec.target.triton",
        15.0,
    ),
    "t: an image without tritonserver": (
        {"container": Terminated(128, "StartError", 'exec: "tritonserver": executable file not found in $PATH')},
        "",
        "ContainerFailed",
        "executable file not found in $PATH; spec.target.triton.image must have `tritonserver` on its PATH",
        0.0,
    ),
    "v: a pod that filled its disk": (
        {
            "phase": "Failed",
            "reason": "Evicted",
            "message": 'Usage of EmptyDir volume "tmp" exceeds the limit "5Mi". ',
            "container": Terminated(137, "Error"),
        },
        "",
        "ContainerFailed",
        'replica 1 ended (Evicted): Usage of EmptyDir volume "tmp" exceeds the limit "5Mi"; look at its node',
        0.0,
    ),
}


@pytest.mark.parametrize(("pod", "log", "reason", "words", "grace_s"), SHAPES.values(), ids=SHAPES.keys())
def test_a_server_is_in_trouble_with(
    pod: dict[str, Any], log: str, reason: str, words: str, grace_s: float | None
) -> None:
    trouble = trouble_of(a_run(), a_pending_pod(Role.SERVER, 1, **pod), log)

    assert trouble is not None
    assert trouble.reason == reason
    assert words in trouble.message
    assert trouble.grace_s == grace_s


PATIENCE: dict[str, dict[str, Any]] = {
    "a pod that was just created": {},
    "a container that is being created": {"container": Waiting("ContainerCreating")},
    "q: a server that is not ready yet": {"container": Running(), "phase": "Running"},
}


@pytest.mark.parametrize("pod", PATIENCE.values(), ids=PATIENCE.keys())
def test_no_trouble_is(pod: dict[str, Any]) -> None:
    assert trouble_of(a_run(), a_pending_pod(Role.SERVER, 1, **pod), "") is None


def test_the_load_generators_image_is_the_charts() -> None:
    pod = a_pending_pod(Role.COORDINATOR, container=Waiting("ErrImageNeverPull", "is not present"))

    trouble = trouble_of(a_run(), pod, "")
    assert trouble is not None
    assert trouble.message == (
        "the coordinator can't pull the load generator's image (not on the node, and its pull policy is Never); "
        "correct image.repository and image.tag of the operator's chart"
    )


def test_a_worker_that_ends_too_early_is_told_with_its_own_message() -> None:
    pod = a_pod(Role.WORKER, 0, ready=False, container=Terminated(1, "Error", "samples.npz has no array `bytes`"))

    trouble = trouble_of(a_run(), pod, "Traceback")
    assert trouble is not None
    assert trouble.message == ("worker 0 exited with code 1 before the load began: `samples.npz has no array `bytes``")


def test_the_grace_of_a_pull_begins_when_the_pod_has_its_node() -> None:
    pod = a_pending_pod(Role.SERVER, container=Waiting("ErrImageNeverPull"), scheduled_at=T0.replace(second=9))

    trouble = trouble_of(a_run(), pod, "")
    assert trouble is not None
    assert trouble.since == T0.replace(second=9)
