"""The coordinator's HTTP API on port 9180, as values.

| request | answer |
|-|-|
| `GET /v1/status` | `RunStatus` |
| `POST /v1/start` with `StartRequest` | 200 for the first nonce and for the same one again, 409 for another |
| `POST /v1/abort`, the reason as text | 200; what was measured is reported, else the run ends as Failed, type Aborted |
| `GET /v1/report` | the report's JSON, gzipped; 404 before there is one |
| `POST /v1/ack` | 200; the report is stored, the coordinator may leave |
| `GET /healthz` | 200, unsigned |

Every other request and answer is signed (`protocol.signing`).
"""

from enum import StrEnum
from typing import Literal

import msgspec

from inferometer_loadgen.plan import Assignment

API_PORT = 9180
LINK_PORT = 9182
"""Where workers dial the coordinator."""


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
    """Queries answered in the measured run."""


type Step = Literal[
    "waiting for workers", "ready", "preparing", "warming up", "measuring", "draining", "scoring", "finished"
]


class RunProgress(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How far the run is: completed queries against the plan's."""

    step: Step
    percent: int = 0
    completed: int = 0
    planned: int = 0
    errors: int = 0
    eta_ns: int = 0
    """Time until the last query is due; 0 when not known."""
    p99_ns: int | None = None
    """Of the answers so far; for display only."""


class FailureReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Why a run ended without a result: a type for programs, a sentence for people."""

    type: str
    message: str


class RunStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer to GET /v1/status."""

    v: Literal[1] = 1
    state: RunState
    workers: tuple[WorkerStatus, ...]
    progress: RunProgress
    starts_accepted: int
    """0 or 1."""
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
