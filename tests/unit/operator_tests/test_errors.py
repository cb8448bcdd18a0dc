"""What an answer of the API server means to who asked."""

import pytest

from inferometer_operator.errors import (
    BusyError,
    ConflictError,
    KubeError,
    NotFoundError,
    RefusedError,
    TakenError,
    kube_error,
)

ANSWERS: dict[str, tuple[int, str, str, type[KubeError]]] = {
    "a name in use": (409, "AlreadyExists", 'pods "x" already exists', TakenError),
    "an object that was changed meanwhile": (409, "Conflict", "the object has been modified", ConflictError),
    "an object that is gone": (404, "NotFound", 'pods "x" not found', NotFoundError),
    "a quota that is used up": (403, "Forbidden", "exceeded quota: q", RefusedError),
    "a pod that pod security refuses": (403, "Forbidden", 'violates PodSecurity "restricted:latest"', RefusedError),
    "a field that does not hold": (422, "Invalid", "spec.containers[0].image: Required value", RefusedError),
    "a report that is too long": (413, "RequestEntityTooLarge", "limit is 3145728", RefusedError),
    "a namespace that has no account yet": (
        403,
        "Forbidden",
        'pods "x" is forbidden: error looking up service account bench/default: serviceaccount "default" not found',
        KubeError,
    ),
    "a quota that was just made": (403, "Forbidden", "status unknown for quota: q", KubeError),
    "a server that is overrun": (429, "TooManyRequests", "storage is (re)initializing", BusyError),
    "a server that has lost its storage": (500, "InternalError", "etcdserver: request timed out", BusyError),
    "no answer at all": (0, "", "no answer: timed out", KubeError),
}


@pytest.mark.parametrize(("status", "reason", "message", "kind"), ANSWERS.values(), ids=ANSWERS.keys())
def test_an_answer_means(status: int, reason: str, message: str, kind: type[KubeError]) -> None:
    error = kube_error("POST /api/v1/pods", status, reason, message)

    assert type(error) is kind
    assert str(error) == f"POST /api/v1/pods: {status} {message}"
