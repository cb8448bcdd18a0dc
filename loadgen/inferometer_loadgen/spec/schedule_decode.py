"""From what a user wrote to a schedule, or to all that is wrong with it: as `spec.decode` does for a benchmark."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

from inferometer_loadgen.spec.base import ObjectName
from inferometer_loadgen.spec.checks import SpecError
from inferometer_loadgen.spec.decode import DEFAULT_NAMESPACE, KIND
from inferometer_loadgen.spec.documents import Document, YamlError, read_documents
from inferometer_loadgen.spec.errors import LocatedError, SpecErrors, alone
from inferometer_loadgen.spec.schedule import ScheduleSpec
from inferometer_loadgen.spec.schedule_checks import check_schedule
from inferometer_loadgen.spec.walk import misfits

SCHEDULE_KIND: Literal["InferenceBenchmarkSchedule"] = "InferenceBenchmarkSchedule"


@dataclass(frozen=True, slots=True)
class DecodedSchedule:
    """A schedule that can be followed, and what else stands in its file."""

    name: str
    namespace: str
    spec: ScheduleSpec
    documents: tuple[Document, ...]


class _Metadata(msgspec.Struct, frozen=True):
    name: Annotated[ObjectName, Meta(description="The schedule's name; its runs are named after it.")]
    namespace: ObjectName = DEFAULT_NAMESPACE


class _Schedule(msgspec.Struct, frozen=True, rename="camel"):
    api_version: Literal["inferometer.dev/v1alpha1"]
    kind: Literal["InferenceBenchmarkSchedule"]
    metadata: Annotated[Any, Meta(description="The schedule's name and namespace.")]
    spec: Annotated[ScheduleSpec, Meta(description="When what is to be measured.")]
    status: Any = None


def decode_schedule_object(stored: Mapping[str, object]) -> tuple[ScheduleSpec | None, tuple[SpecError, ...]]:
    """The spec as the API server has it and what keeps it from being read; leaves its checks to the caller."""
    errors = misfits(ScheduleSpec, stored.get("spec", {}), "spec", strict=False)
    if errors:
        return None, errors
    try:
        return msgspec.convert(stored.get("spec", {}), ScheduleSpec), ()
    except msgspec.ValidationError as error:
        # The walk and msgspec should agree; where they do not, msgspec is believed.
        return None, (SpecError("spec", str(error), "correct the value"),)


def holds_a_schedule(text: str) -> bool:
    """Whether a YAML text holds a schedule, or what was surely meant to be one."""
    try:
        documents = read_documents(text)
    except YamlError:
        # Whoever reads it as a benchmark says so.
        return False
    return _the_schedule(documents) is not None


def decode_schedule_file(text: str, source: str) -> DecodedSchedule:
    """The one schedule in a YAML text; `source` names it in messages. Raises SpecErrors with all that is wrong."""
    try:
        documents = read_documents(text)
    except YamlError as error:
        raise alone(source, error.line, "YAML", error.message, error.hint) from error
    document = _the_schedule(documents)
    if document is None:
        raise alone(source, None, "kind", f"there is no {SCHEDULE_KIND} here", "add one")
    found = cast("Mapping[str, object]", document.value)
    errors = (*document.slips, *_misfits(found))
    if not errors:
        name = str(cast("Mapping[str, object]", found["metadata"])["name"])
        errors = check_schedule(name, msgspec.convert(found["spec"], ScheduleSpec))
    if errors:
        raise SpecErrors(tuple(LocatedError(source, document.line_of(error.path), error) for error in errors))
    metadata = msgspec.convert(found["metadata"], _Metadata)
    spec = msgspec.convert(found["spec"], ScheduleSpec)
    return DecodedSchedule(name=metadata.name, namespace=metadata.namespace, spec=spec, documents=documents)


def _misfits(found: Mapping[str, object]) -> tuple[SpecError, ...]:
    errors = misfits(_Schedule, found, "", strict=True)
    if "metadata" in found:
        errors = (*misfits(_Metadata, found["metadata"], "metadata", strict=False), *errors)
    return errors


def _the_schedule(documents: tuple[Document, ...]) -> Document | None:
    for document in documents:
        kind = str(document.value.get("kind", "")) if isinstance(document.value, Mapping) else ""
        if difflib.get_close_matches(kind, (SCHEDULE_KIND, KIND), n=1, cutoff=0.8) == [SCHEDULE_KIND]:
            return document
    return None
