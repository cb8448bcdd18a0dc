"""The system under test."""

from collections.abc import Iterator

from msgspec import UnsetType

from inferometer_loadgen.spec.benchmark import BenchmarkSpec
from inferometer_loadgen.spec.checks.basics import exactly_one
from inferometer_loadgen.spec.checks.error import SpecError
from inferometer_loadgen.spec.endpoint import faults, faults_of_auth

OWNED_ARGUMENTS = (
    "--model-repository",
    "--http-port",
    "--grpc-port",
    "--metrics-port",
    "--allow-http",
    "--allow-grpc",
    "--allow-metrics",
    "--exit-on-error",
)
"""Arguments of tritonserver that the operator sets, since probes, load and scrapes depend on them."""


def one_target(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """A target that is both triton and endpoint, or neither. Next: exactly one of them."""
    yield from exactly_one("spec.target", {"triton": spec.target.triton, "endpoint": spec.target.endpoint})


def one_repository(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """A model repository that is both an image and a claim, or neither. Next: exactly one of them."""
    if isinstance(triton := spec.target.triton, UnsetType):
        return
    repository = triton.model_repository
    yield from exactly_one(
        "spec.target.triton.modelRepository",
        {"image": repository.image, "persistentVolumeClaim": repository.persistent_volume_claim},
    )


def endpoint_fits(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """URLs of an endpoint that are there twice, or of another protocol than load.protocol, or of which only some speak
    TLS; metricsURLs that are not one for each; tls where nobody speaks it. Next: what the message says."""
    if not isinstance(endpoint := spec.target.endpoint, UnsetType):
        for path, message, hint in faults(endpoint, spec.load.protocol):
            yield SpecError(f"spec.target.endpoint.{path}", message, hint)


def header_fields_are_free(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """A header field of an endpoint that is sent twice or belongs to the request itself, or an auth without any. Next:
    leave it out."""
    if not isinstance(endpoint := spec.target.endpoint, UnsetType) and not isinstance(endpoint.auth, UnsetType):
        for path, message, hint in faults_of_auth(endpoint.auth):
            yield SpecError(f"spec.target.endpoint.{path}", message, hint)


def arguments_are_free(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """An argument of tritonserver that the operator sets itself. Next: leave it out."""
    triton = spec.target.triton
    for position, argument in enumerate(() if isinstance(triton, UnsetType) else triton.args):
        option = argument.split("=", 1)[0]
        if option in OWNED_ARGUMENTS:
            yield SpecError(
                f"spec.target.triton.args[{position}]",
                f"`{option}` is set by the operator",
                "leave it out",
            )


def gpus_are_asked_once(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """GPUs among a server's requests or limits. Next: set spec.target.triton.gpu.count instead."""
    if isinstance(triton := spec.target.triton, UnsetType):
        return
    for block, quantities in (("requests", triton.resources.requests), ("limits", triton.resources.limits)):
        if triton.gpu.resource in quantities:
            yield SpecError(
                f"spec.target.triton.resources.{block}",
                f"`{triton.gpu.resource}` is set by spec.target.triton.gpu",
                "set spec.target.triton.gpu.count instead",
            )
