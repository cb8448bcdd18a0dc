"""The conditions of a benchmark and the reasons of its failures: each says what it means and what a user does next."""

from enum import StrEnum


class ConditionType(StrEnum):
    """What can be said of a run; the order is that in which a run comes to it."""

    ACCEPTED = "Accepted"
    """True: the spec can be run and its plan is stored. False: it can't; correct it and create it anew. Unknown: it is
    suspended."""
    SERVERS_READY = "ServersReady"
    """True: the model was ready on every replica. Of spec.target.endpoint, whose servers run already: they are given;
    the workers ask each of them for the model before the load, and the run fails where one does not serve it."""
    LOADERS_READY = "LoadersReady"
    """True: every worker holds its samples and the start may be given."""
    MEASURED = "Measured"
    """True: the load has ended and servers that were launched are released."""
    REPORT_STORED = "ReportStored"
    """True: the report is in the ConfigMap that status.report names. False: it was lost with its coordinator, and what
    is in the status is all that is left."""
    FINISHED = "Finished"
    """True at every end: nothing more will happen. The one to wait for."""
    COMPLETE = "Complete"
    """True: there is a verdict on everything that was to be measured. False: the run failed, or is being stopped."""
    FAILED = "Failed"
    """True: the run ended without a result; its reason is a `FailureReason` or the coordinator's own."""
    VALID = "Valid"
    """True or False as the rules say; Unknown where nothing can be said (Inconclusive, or failed)."""


class ConditionStatus(StrEnum):
    """The three values that Kubernetes knows."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class FailureReason(StrEnum):
    """Why a run ended without a result; `docs/reasons.md` is made from what stands below each.

    What the coordinator itself gives up for is a `RunFailure`, and is a run's reason just as well.
    """

    SPEC_INVALID = "SpecInvalid"
    """The fields do not fit each other, or the sample library can't be read. Next: correct the spec or the ConfigMap
    that the message names, create the benchmark anew."""
    POD_REJECTED = "PodRejected"
    """The API server refused a pod: pod security, a limit range, a webhook, a missing class. Next: its words say which
    and what they ask for."""
    QUOTA_EXCEEDED = "QuotaExceeded"
    """The namespace's quota has no room for a pod. Next: the message names the quota; wait until others have ended and
    create the benchmark anew, ask for less, or have the quota raised."""
    IMAGE_PULL_FAILED = "ImagePullFailed"
    """An image isn't there, or isn't allowed to be pulled. Next: correct the image, or load it on the nodes."""
    MODEL_LOAD_FAILED = "ModelLoadFailed"
    """Triton exited while it loaded the model; the message holds its own words. Next: correct the model."""
    MODEL_NOT_READY = "ModelNotReady"
    """Triton serves, and says that it does not serve this model. Next: correct spec.model.name or version, or the model
    repository."""
    CREDENTIALS_MISSING = "CredentialsMissing"
    """A Secret or ConfigMap that spec.target.endpoint names is not there, or lacks a key, so that the load pods can't
    mount it. Next: create it in the benchmark's namespace, or correct the field that the message names, and create the
    benchmark anew."""
    UNSCHEDULABLE = "Unschedulable"
    """No node can hold a pod. Next: ask for less, or add such nodes."""
    CONTAINER_FAILED = "ContainerFailed"
    """A container could not be started, ended before the load began (for the second time, where another may take its
    place), or needed more memory than its limit. Next: the message says how; the end of its log is in
    status.evidence."""
    STARTUP_TIMEOUT = "StartupTimeout"
    """Not everything was ready in time. Next: look at the pods' events, or raise startupTimeout."""
    SERVER_LOST = "ServerLost"
    """A server ended or vanished while it was measured. Next: look at its node and its log; run again."""
    WORKER_LOST = "WorkerLost"
    """A worker ended or vanished while it sent load. Next: look at its node and its log; run again."""
    COORDINATOR_LOST = "CoordinatorLost"
    """The coordinator ended, vanished or did not answer for a minute. Next: look at its node and its log; run again."""
    REPORT_UNREADABLE = "ReportUnreadable"
    """The coordinator's report is not what its digest or its schema says. Next: see that operator and image are of one
    version, and run again."""
    CANCELLED = "Cancelled"
    """Somebody set spec.cancel. Next: the report, if there is one, holds what was measured; create it anew to run."""
    ACTIVE_DEADLINE_EXCEEDED = "ActiveDeadlineExceeded"
    """The run took longer than spec.runPolicy.activeDeadline. Next: a longer one, or see in the events what took the
    time."""
