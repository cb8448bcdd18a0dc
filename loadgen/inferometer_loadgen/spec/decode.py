"""From what a user wrote to a spec, or to everything that is wrong with it, each with its line.

`decode_file` judges a text by itself and is strict: an unknown field is a typo. `decode_object` is for what the API
server has already accepted, and passes unknown fields over: a newer client may have written them. Neither opens a
file; `spec.config_maps` finds those that stand beside one.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

from inferometer_loadgen.spec.base import ObjectName
from inferometer_loadgen.spec.benchmark import BenchmarkSpec
from inferometer_loadgen.spec.checks import RULES, RULES_OF_ANY_SCENARIO, SpecError, check
from inferometer_loadgen.spec.documents import Document, YamlError, read_documents
from inferometer_loadgen.spec.editions import filled
from inferometer_loadgen.spec.errors import LocatedError, SpecErrors, alone
from inferometer_loadgen.spec.walk import misfits

API_VERSION: Literal["inferometer.dev/v1alpha1"] = "inferometer.dev/v1alpha1"
KIND: Literal["InferenceBenchmark"] = "InferenceBenchmark"
DEFAULT_NAMESPACE = "default"


_STAND_INS: Mapping[str, Mapping[str, object]] = {
    "spec": {"scenario": "Server"},
    "spec.model": {"name": "model"},
    "spec.target.triton": {"image": "image"},
    "spec.target.endpoint": {"urls": ["http://server:8000"]},
    "spec.load": {"targetQPS": 1, "latencyBound": "1s"},
}
"""Values that no check finds fault with, for required ones that are wrong, so that the rest can be checked too."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A spec that can be run, and what else stands in its file."""

    name: str
    namespace: str
    spec: BenchmarkSpec
    documents: tuple[Document, ...]
    """All of the file's, ConfigMaps of samples among them: see `spec.config_maps`."""


class _Metadata(msgspec.Struct, frozen=True):
    name: Annotated[ObjectName, Meta(description="The benchmark's name; its pods are named after it.")]
    namespace: ObjectName = DEFAULT_NAMESPACE


class _Benchmark(msgspec.Struct, frozen=True, rename="camel"):
    """The whole object as it is walked. Metadata hold more than ours and are judged by themselves."""

    api_version: Literal["inferometer.dev/v1alpha1"]
    kind: Literal["InferenceBenchmark"]
    metadata: Annotated[Any, Meta(description="The benchmark's name and namespace.")]
    spec: Annotated[BenchmarkSpec, Meta(description="What is to be measured.")]
    status: Any = None


def decode_object(benchmark: Mapping[str, object]) -> tuple[BenchmarkSpec | None, tuple[SpecError, ...]]:
    """The spec of an InferenceBenchmark as the API server has it, and all that is wrong with it.

    What its edition of the rules fixes is filled in. The spec is None where it does not fit its classes; one that fits
    may still have errors between its fields, and is to be run only where there are none.
    """
    return _judge(benchmark, strict=False)


def decode_file(text: str, source: str) -> Decoded:
    """The one benchmark in a YAML text; `source` names it in messages. Raises SpecErrors with all that is wrong."""
    try:
        documents = read_documents(text)
    except YamlError as error:
        raise alone(source, error.line, "YAML", error.message, error.hint) from error
    document = _the_benchmark(documents, source)
    found = cast("Mapping[str, object]", document.value)
    spec, errors = _judge(found, strict=True)
    errors = (*document.slips, *errors)
    if spec is None or errors:
        raise SpecErrors(tuple(LocatedError(source, document.line_of(error.path), error) for error in errors))
    metadata = msgspec.convert(found["metadata"], _Metadata)
    return Decoded(name=metadata.name, namespace=metadata.namespace, spec=spec, documents=documents)


def _judge(benchmark: Mapping[str, object], *, strict: bool) -> tuple[BenchmarkSpec | None, tuple[SpecError, ...]]:
    metadata = benchmark.get("metadata")
    errors = misfits(_Benchmark, benchmark, "", strict=strict)
    if "metadata" in benchmark:
        errors = (*misfits(_Metadata, metadata, "metadata", strict=False), *errors)
    name = str(metadata.get("name", "")) if isinstance(metadata, Mapping) else ""
    if not any(_is_at(error.path, "spec") for error in errors):
        try:
            spec = msgspec.convert(benchmark["spec"], BenchmarkSpec)
        except msgspec.ValidationError as error:
            # The walk and msgspec should agree; where they do not, msgspec is believed.
            return None, (*errors, SpecError("spec", str(error), "correct the value"))
        return filled(spec), (*errors, *check(name, spec))
    return None, (*errors, *_checked_besides(name, benchmark.get("spec"), errors))


def _checked_besides(name: str, value: object, errors: tuple[SpecError, ...]) -> tuple[SpecError, ...]:
    """What `check` says of the fields that are right, so that a user sees all in one go."""
    wrong = {re.sub(r"\[\d+\].*$", "", error.path) for error in errors} | _meant(errors)
    while True:
        try:
            spec = msgspec.convert(_without(value, "spec", wrong), BenchmarkSpec)
            break
        except msgspec.ValidationError as error:
            # A block that lacks a required field, since that was wrong, is left out as a whole.
            block = re.search(r" - at `\$(\.[\w.]+)`$", str(error))
            if block is None or f"spec{block[1]}" in wrong:
                return ()
            wrong.add(f"spec{block[1]}")
    rules = RULES if "spec.scenario" not in wrong else RULES_OF_ANY_SCENARIO
    apart = (error for error in check(name, spec, rules) if not any(_touches(error.path, path) for path in wrong))
    return tuple(apart)


def _meant(errors: tuple[SpecError, ...]) -> set[str]:
    """The fields that slips of the pen were meant to be: they are not missing."""
    slips = (error for error in errors if error.message == "is an unknown field" and error.hint.startswith("write "))
    return {f"{error.path.rpartition('.')[0]}.{error.hint.removeprefix('write ')}" for error in slips}


def _without(value: object, path: str, wrong: set[str]) -> object:
    if not isinstance(value, Mapping):
        return value
    right = {key: _without(item, f"{path}.{key}", wrong) for key, item in value.items() if f"{path}.{key}" not in wrong}
    return {key: item for key, item in _STAND_INS.get(path, {}).items() if f"{path}.{key}" in wrong} | right


def _is_at(path: str, block: str) -> bool:
    """Whether a path is that of the block or of something inside of it."""
    return path == block or path.startswith((f"{block}.", f"{block}["))


def _touches(path: str, other: str) -> bool:
    return _is_at(path, other) or _is_at(other, path)


def _the_benchmark(documents: tuple[Document, ...], source: str) -> Document:
    """The document that is, or was surely meant to be, the benchmark."""
    if not documents:
        raise alone(source, None, "YAML", "holds nothing", f"write an object of kind {KIND}")
    kinds = [str(item.value.get("kind", "")) if isinstance(item.value, Mapping) else "" for item in documents]
    mine = [item for item, kind in zip(documents, kinds, strict=True) if kind == KIND]
    if len(mine) > 1:
        lines = ", ".join(str(item.line) for item in mine)
        raise alone(
            source, mine[1].line, "kind", f"there are {len(mine)} benchmarks here, at lines {lines}", "keep one a file"
        )
    if not mine:
        meant = difflib.get_close_matches(KIND, kinds, n=1)
        mine = [item for item, kind in zip(documents, kinds, strict=True) if kind in meant]
        if len(documents) == 1 and isinstance(documents[0].value, Mapping):
            mine = [documents[0]]
    if not mine:
        found = ", ".join(kind for kind in kinds if kind) or "no object at all"
        raise alone(source, documents[0].line, "kind", f"there is no {KIND} here, only {found}", "add one")
    return mine[0]
