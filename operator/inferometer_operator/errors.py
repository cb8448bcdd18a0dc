"""What the API server may answer that a caller acts on.

KubeError             any answer that is not a success, and no answer in time
├── BusyError         429, 5xx, a connection that broke: the same call again may do
├── NotFoundError     404: the object is gone
├── TakenError        409 AlreadyExists: the name is in use
├── ConflictError     409: the object was changed since it was read
└── RefusedError      403, 413, 422: the object as it stands will never be let in
"""


class KubeError(Exception):
    """The API server did not do what was asked; `message` is in its own words."""

    def __init__(self, what: str, status: int, message: str) -> None:
        super().__init__(f"{what}: {status} {message}")
        self.what = what
        self.status = status
        self.message = message


class BusyError(KubeError):
    """The API server could not do it now, and may have done it all the same; every call may be made again."""


class NotFoundError(KubeError):
    """The object is gone."""


class TakenError(KubeError):
    """The name is in use."""


class ConflictError(KubeError):
    """The object was changed since it was read: read again, decide again."""


class RefusedError(KubeError):
    """Admission or validation refused the object."""


NOT_YET = ("error looking up service account", "status unknown for quota")
"""Refusals that pass by themselves: a namespace that was made together with its benchmark is not complete yet."""


def kube_error(what: str, status: int, reason: str, message: str) -> KubeError:
    """The error of an answer, by its status and the reason in its body."""
    if status == 409:
        kind: type[KubeError] = TakenError if reason == "AlreadyExists" else ConflictError
    elif status == 403 and any(words in message for words in NOT_YET):
        kind = KubeError
    else:
        kind = {404: NotFoundError, 403: RefusedError, 413: RefusedError, 422: RefusedError}.get(status, KubeError)
        if status == 429 or status >= 500:
            kind = BusyError
    return kind(what, status, message)
