"""The coordinator's HTTP API on port 9180, as values.

| request | answer |
|-|-|
| `GET /v1/status` | `RunStatus` |
| `POST /v1/start` with `StartRequest` | 200 for the first nonce and for the same one again, 409 for another |
| `POST /v1/abort`, the reason as text | 200; what was measured is reported, else the run ends as Failed, type Aborted |
| `GET /v1/report` | the report's JSON, gzipped; 404 before there is one |
| `POST /v1/ack` | 200; the report is stored, the coordinator may leave |
| `GET /healthz` | 200, unsigned |

Every other request and answer is signed; 425 answers one whose counter does not grow (`protocol.signing`).
"""

from enum import StrEnum
from typing import Literal

import msgspec

from inferometer_loadgen.plan import Assignment

API_PORT = 9180
LINK_PORT = 9182
"""Where workers dial the coordinator."""
REPLAYED = 425
"""HTTP's status for a request whose counter does not grow: it was seen before, and may be asked anew."""


class RunState(StrEnum):
    """Where a run stands, as its coordinator sees it."""

    WAITING = "Waiting"
    """Not all workers are there and hold their samples."""
    READY = "Ready"
    """All workers are ready; the start may be given."""
    RUNNING = "Running"
    """The start was accepted: samples are made, connections opened, warm-up and measured run."""
    DRAINING = "Draining"
    """Everything is sent; the last answers are awaited."""
    SCORING = "Scoring"
    """The load has ended: the servers are no longer needed. Records are merged and judged."""
    DONE = "Done"
    """The report is there."""
    FAILED = "Failed"
    """The run has ended without a result; `failure` says why. The load has ended too."""

    @property
    def load_has_ended(self) -> bool:
        """Whether the servers may be released."""
        return self in {RunState.SCORING, RunState.DONE, RunState.FAILED}


class WorkerStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One worker as the coordinator sees it."""

    index: int
    pod_uid: str
    connected: bool
    ready: bool
    completed: int = 0
    """Queries answered in the measured run, of all its rounds."""


type Step = Literal[
    "waiting for workers",
    "ready",
    "preparing",
    "warming up",
    "measuring",
    "draining",
    "cooling down",
    "scoring",
    "finished",
]


class RunProgress(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How far the run is: completed queries against the plan's."""

    step: str
    """A `Step`; in a run of several rounds followed by which one it is: `measuring, round 2 of 5`."""
    percent: int = 0
    completed: int = 0
    planned: int = 0
    errors: int = 0
    eta_ns: int = 0
    """Time until the last query is due; 0 when not known."""
    p99_ns: int | None = None
    """Of the answers so far; for display only."""


class RunFailure(StrEnum):
    """Why a coordinator gave a run up, or what a worker told it: an interface, so a name never changes its meaning.

    Each member says what happened and, after `Next:`, what its reader does; `docs/reasons.md` is made from that.
    """

    SAMPLE_LIBRARY_MISSING = "SampleLibraryMissing"
    """A worker was not given the samples that the plan speaks of. Next: give them (`--data` in the shell); in a
    cluster, look at the worker's pod."""
    SAMPLE_LIBRARY_CHANGED = "SampleLibraryChanged"
    """The samples were changed after the benchmark was accepted. Next: create the benchmark again."""
    SAMPLES_DO_NOT_FIT = "SamplesDoNotFit"
    """The samples lack an input of the model, or have another shape or type than it takes. Next: correct the sample
    library, or spec.model.inputs for synthetic samples."""
    SAMPLES_EXCEED_MEMORY = "SamplesExceedMemory"
    """The samples need more memory than a worker may use. Next: fewer samples, more workers, or more memory in
    spec.load.resources."""
    MODEL_NOT_FOUND = "ModelNotFound"
    """A server does not know the model. Next: correct spec.model.name and version, or the model repository."""
    REPLICAS_DIFFER = "ReplicasDiffer"
    """The replicas serve models of one name whose inputs or outputs differ. Next: give all of them one repository."""
    SERVER_UNREACHABLE = "ServerUnreachable"
    """A server does not take connections, is not trusted, does not let the load in, or does not say what it serves; or
    what it is to be shown can't be used. Next: check that it runs at its address, and what spec.target.endpoint has in
    tls and auth."""
    PLAN_DIFFERS = "PlanDiffers"
    """A worker was given another plan than its coordinator. Next: run again; in a cluster, nothing but the operator
    may write what it mounts."""
    WARM_UP_FAILED = "WarmUpFailed"
    """The servers are ready, and answered the warm-up with errors. Next: the message holds the first error; correct
    the samples or the model, and look at the servers' logs."""
    WORKER_LOST = "WorkerLost"
    """A worker hung up after the start. Next: the end of its log in status.evidence, its node; then run again."""
    WORKER_SILENT = "WorkerSilent"
    """A worker did not get through a phase of the run in the time that this can take. Next: its node; then run
    again."""
    RECORDS_LOST = "RecordsLost"
    """The workers' records do not make up the stream: some are missing, or there twice. Next: run again, and report
    it with the coordinator's log: this should not happen."""
    OUTPUTS_LOST = "OutputsLost"
    """The outputs of an accuracy run are not those of its answers: some are missing or there twice, or one is too long
    to be handed over. Next: run again; where one is too long, fewer samples a request or a smaller output."""
    OFFICIAL_ENGINE_MISSING = "OfficialEngineMissing"
    """spec.load.engine asks for MLPerf's official LoadGen, and it is not installed beside the worker. Next: install
    inferometer[official] (the package mlcommons-loadgen), or set spec.load.engine to Own."""
    OFFICIAL_ENGINE_ENDED = "OfficialEngineEnded"
    """The process of the official LoadGen ended before its test did. Next: the message holds its last words; where they
    speak of memory, more of it in spec.load.resources; else report it, or set spec.load.engine to Own."""
    OFFICIAL_STREAM_DIFFERS = "OfficialStreamDiffers"
    """The official LoadGen asked for other samples than the plan's stream. Next: report it with the plan: this should
    not happen."""
    COORDINATOR_ERROR = "CoordinatorError"
    """The coordinator met what it does not know. Next: report it with its log: this should not happen."""
    ABORTED = "Aborted"
    """The run was called off before anything was measured. Next: run again to its end."""


class FailureReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Why a run ended without a result: a type for programs, a sentence for people."""

    type: str
    """A `RunFailure`, but read as text: load pods and operator may be of two versions."""
    message: str


class RunStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer to GET /v1/status."""

    v: Literal[1] = 1
    state: RunState
    workers: tuple[WorkerStatus, ...]
    progress: RunProgress
    starts_accepted: int
    """How often the load was set off: 0 or 1, unless something is wrong. A repetition of the start does not count."""
    nonce: str
    """Of the accepted start; empty before it."""
    plan_hash: str
    report_sha256: str = ""
    """Of the report's JSON before compression; empty until there is one."""
    failure: FailureReport | None = None

    @property
    def ready(self) -> bool:
        """Whether the start may be given."""
        return self.state is RunState.READY


class StartRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The body of POST /v1/start: the point of no return."""

    run_uid: str
    nonce: str
    assignment: Assignment


class Refusal(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The body of an answer that is not 200."""

    message: str
    last_counter: int | None = None
    """Of a request whose counter does not grow: above which it must be."""
