"""The name, the model and the samples."""

from collections.abc import Iterator

from msgspec import UNSET

from inferometer_loadgen.spec.benchmark import BenchmarkSpec
from inferometer_loadgen.spec.checks.error import SpecError

MAX_NAME_LENGTH = 40
"""Pods are named after the benchmark, with up to 12 characters more (-worker-63, -coordinator)."""


RESERVED_PARAMETERS = frozenset(
    ("sequence_id", "sequence_start", "sequence_end", "priority", "timeout", "headers", "binary_data_output")
)
"""Names of request parameters, beside those that begin with triton_."""


def name_leaves_room(name: str, _spec: BenchmarkSpec) -> Iterator[SpecError]:
    """A name of more than 40 characters. Next: a shorter one; pods are named after the benchmark."""
    if len(name) > MAX_NAME_LENGTH:
        yield SpecError(
            "metadata.name",
            f"`{name}` has {len(name)} characters, and the names of its pods need room",
            f"use at most {MAX_NAME_LENGTH} characters",
        )


def one_library(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """Samples that are both synthetic and in a ConfigMap, or neither. Next: exactly one of them."""
    data = spec.load.data
    yield from exactly_one("spec.load.data", {"synthetic": data.synthetic, "configMap": data.config_map})


def parameters_are_the_models_own(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """A parameter of the model that has a meaning for Triton itself. Next: leave it out."""
    for name in spec.model.parameters:
        if name in RESERVED_PARAMETERS or name.startswith("triton_"):
            yield SpecError(
                f"spec.model.parameters.{name}", "is reserved: it has a meaning for Triton itself", "leave it out"
            )


def exactly_one(path: str, fields: dict[str, object]) -> Iterator[SpecError]:
    """An error unless one of the fields of `path` is set."""
    given = [name for name, value in fields.items() if value is not UNSET]
    if len(given) == 1:
        return
    found = f"both {' and '.join(given)} are set" if given else f"none of {', '.join(fields)} is set"
    yield SpecError(path, found, f"set exactly one of {', '.join(fields)}")
