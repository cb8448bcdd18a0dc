"""One benchmark as the API server holds it: its identity, what it asks, what is known of it.

Decoding is lenient: fields that this version does not know are ignored, or a rollback would break every stored run.
A spec that cannot be decoded at all is a value here (`spec_problem`), since the run must end with that reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from inferometer_loadgen.spec.benchmark import BenchmarkSpec
from inferometer_loadgen.spec.decode import API_VERSION, KIND, decode_object
from inferometer_operator.api.conditions import ConditionType
from inferometer_operator.api.schedule_crd import SCHEDULE_KIND
from inferometer_operator.api.status import BenchmarkStatus


@dataclass(frozen=True, slots=True)
class Key:
    """Which benchmark: what the queue and the cache know it by."""

    namespace: str
    name: str

    def __str__(self) -> str:
        """As kubectl users write it."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Run:
    """One benchmark; `spec` is None only where `spec_problem` says why."""

    key: Key
    uid: str
    created: datetime
    generation: int
    resource_version: str
    spec: BenchmarkSpec | None
    status: BenchmarkStatus
    spec_problem: str = ""
    deleting: bool = False
    schedule: str = ""
    """Whose run it is; empty where it belongs to none."""

    @property
    def name(self) -> str:
        """Of the object, and the stem of its pods' names."""
        return self.key.name

    @property
    def namespace(self) -> str:
        """Of the object and of all that is made for it."""
        return self.key.namespace

    @property
    def wanted(self) -> BenchmarkSpec:
        """The spec of a run that was accepted."""
        if self.spec is None:
            raise ValueError(f"the spec of {self.key} can't be read: {self.spec_problem}")
        return self.spec

    @property
    def has_started(self) -> bool:
        """Whether the point of no return is behind it: from here on no pod is replaced."""
        return isinstance(self.status.start_nonce, str)

    @property
    def is_finished(self) -> bool:
        """Whether the end state is written."""
        return self.status.is_true(ConditionType.FINISHED)


def decode_run(stored: Mapping[str, Any]) -> Run:
    """The run behind a stored object."""
    metadata = stored["metadata"]
    spec, problem = _decode_spec(stored)
    return Run(
        key=Key(metadata["namespace"], metadata["name"]),
        uid=metadata["uid"],
        created=parse_time(metadata["creationTimestamp"]),
        generation=metadata.get("generation", 1),
        resource_version=metadata["resourceVersion"],
        spec=spec,
        spec_problem=problem,
        status=msgspec.convert(stored.get("status") or {}, BenchmarkStatus),
        deleting="deletionTimestamp" in metadata,
        schedule=next((one["name"] for one in metadata.get("ownerReferences", ()) if one["kind"] == SCHEDULE_KIND), ""),
    )


def format_time(moment: datetime) -> str:
    """RFC 3339 in UTC, with microseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_time(text: str) -> datetime:
    """The moment behind a time as Kubernetes or `format_time` writes it."""
    return datetime.fromisoformat(text)


def _decode_spec(stored: Mapping[str, Any]) -> tuple[BenchmarkSpec | None, str]:
    # What kind it is we know; a list of objects does not say it of each.
    named = {"apiVersion": API_VERSION, "kind": KIND, "metadata": stored["metadata"], "spec": stored.get("spec", {})}
    spec, errors = decode_object(named)
    return spec, "" if spec is not None else "; ".join(map(str, errors))
