"""The conditions of a benchmark and the reasons of its failures: each says what it means and what a user does next."""

from enum import StrEnum


class ConditionType(StrEnum):
    """What can be said of a run; the order is that in which a run comes to it."""

    ACCEPTED = "Accepted"
    """True: the spec can be run and its plan is stored. False: it can't; correct it and create it anew."""
    SERVERS_READY = "ServersReady"
    """True: the model was ready on every replica."""
    LOADERS_READY = "LoadersReady"
    """True: every worker holds its samples and the start may be given."""
    MEASURED = "Measured"
    """True: the load has ended and the servers are released."""
    REPORT_STORED = "ReportStored"
    """True: the report is in the ConfigMap that status.report names."""
    FINISHED = "Finished"
    """True at every end: nothing more will happen. The one to wait for."""
    COMPLETE = "Complete"
    """True: there is a verdict on everything that was to be measured. False: the run failed."""
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
    """Why a run ended without a result."""

    SPEC_INVALID = "SpecInvalid"
    """The fields do not fit each other, or the sample library can't be read. Correct the spec, create it anew."""
    POD_REJECTED = "PodRejected"
    """The API server refused a pod: pod security, quota, limit ranges, a missing class. Its words say which."""
    IMAGE_PULL_FAILED = "ImagePullFailed"
    """An image isn't there, or isn't allowed to be pulled. Correct the image, or load it on the nodes."""
    MODEL_LOAD_FAILED = "ModelLoadFailed"
    """Triton exited while it loaded the model; the message holds its own words. Correct the model."""
    UNSCHEDULABLE = "Unschedulable"
    """No node can hold a pod. Ask for less, or add such nodes."""
    CONTAINER_FAILED = "ContainerFailed"
    """A container could not be started, or ended before the load began. The message says how."""
    STARTUP_TIMEOUT = "StartupTimeout"
    """Not everything was ready in time. Look at the pods' events, or raise startupTimeout."""
    SERVER_LOST = "ServerLost"
    """A server ended or vanished while it was measured. Look at its node and its log; run again."""
    WORKER_LOST = "WorkerLost"
    """A worker ended or vanished while it sent load. Look at its node and its log; run again."""
    COORDINATOR_LOST = "CoordinatorLost"
    """The coordinator ended, vanished or did not answer for a minute. Look at its node and its log; run again."""
    REPORT_UNREADABLE = "ReportUnreadable"
    """The coordinator's report is not what its digest or its schema says. Operator and image differ in version?"""
