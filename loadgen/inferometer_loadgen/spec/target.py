"""The system under test: Triton servers that the operator launches, owns and releases, or servers that run already."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from inferometer_loadgen.spec.base import (
    ImageReference,
    NodeSelector,
    ObjectName,
    QualifiedName,
    Resources,
    SpecStruct,
    Tolerations,
)
from inferometer_loadgen.spec.endpoint import EndpointTarget
from inferometer_loadgen.spec.units import Duration

EnvName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$",
        max_length=128,
        extra={"form": "a variable's name: letters, digits and _ . -, no digit at the beginning"},
    ),
]
EnvValue = Annotated[str, Meta(max_length=4096)]
Argument = Annotated[str, Meta(max_length=1024)]


class Gpu(SpecStruct, frozen=True, kw_only=True):
    """The GPUs of one replica."""

    count: Annotated[int, Meta(ge=0, le=64, description="GPUs that each replica holds; 0 runs on the CPU.")] = 1
    resource: Annotated[
        QualifiedName,
        Meta(
            description="The name under which nodes offer them: another vendor's, or a MIG slice such as "
            "nvidia.com/mig-1g.5gb.",
        ),
    ] = "nvidia.com/gpu"


class ClaimRepository(SpecStruct, frozen=True, kw_only=True):
    """A model repository on a volume."""

    claim_name: Annotated[ObjectName, Meta(description="A PersistentVolumeClaim of the benchmark's namespace.")]
    path: Annotated[
        str,
        Meta(
            max_length=512,
            pattern=r"^[^/].*$|^$",
            description="The repository's folder inside the volume.",
            extra={"form": "a path inside the volume, without a / at its beginning"},
        ),
    ] = ""


class ModelRepository(SpecStruct, frozen=True, kw_only=True):
    """Where the models come from: exactly one of its fields."""

    image: (
        Annotated[
            ImageReference,
            Meta(description="An image whose root is a Triton model repository; mounted read-only as a volume."),
        ]
        | UnsetType
    ) = UNSET
    persistent_volume_claim: (
        Annotated[ClaimRepository, Meta(description="A volume with a Triton model repository; mounted read-only.")]
        | UnsetType
    ) = UNSET


class TritonTarget(SpecStruct, frozen=True, kw_only=True):
    """Triton Inference Server, launched for this run and released when its load ends."""

    image: Annotated[ImageReference, Meta(description="The server's image; it must have `tritonserver` on its PATH.")]
    model_repository: Annotated[ModelRepository, Meta(description="Where the models come from.")]
    replicas: Annotated[int, Meta(ge=1, le=256, description="Server pods; each receives its share of the queries.")] = 1
    gpu: Annotated[Gpu, Meta(description="The GPUs of one replica.")] = Gpu()
    resources: Annotated[Resources, Meta(description="CPU and memory of one replica; GPUs are set by `gpu`.")] = (
        Resources()
    )
    args: Annotated[
        tuple[Argument, ...],
        Meta(
            max_length=64,
            description="More arguments of tritonserver, such as --cache-config=local,size=1048576.",
        ),
    ] = ()
    env: Annotated[
        dict[EnvName, EnvValue], Meta(max_length=64, description="Environment variables of the server.")
    ] = {}
    node_selector: Annotated[NodeSelector, Meta(description="Labels that a server's node must have.")] = {}
    tolerations: Annotated[Tolerations, Meta(description="Taints that do not keep servers away.")] = ()
    startup_timeout: Annotated[
        Duration, Meta(description="How long the servers may take until the model is ready on each.")
    ] = "10m"


class Target(SpecStruct, frozen=True, kw_only=True):
    """The system under test: exactly one of its fields."""

    triton: Annotated[TritonTarget, Meta(description="Triton servers, launched for this run.")] | UnsetType = UNSET
    endpoint: (
        Annotated[
            EndpointTarget,
            Meta(
                description="Servers that run already: of an inference service of your own, over KServe v2. They are "
                "neither launched nor ended."
            ),
        ]
        | UnsetType
    ) = UNSET

    @property
    def launched(self) -> TritonTarget:
        """The servers of a run that launches its own."""
        if isinstance(self.triton, UnsetType):
            raise TypeError("the servers of spec.target.endpoint are not launched")
        return self.triton

    @property
    def replicas(self) -> int:
        """How many servers share the queries; 1 where neither field is set, so that the rest can be checked."""
        if not isinstance(self.triton, UnsetType):
            return self.triton.replicas
        return 1 if isinstance(self.endpoint, UnsetType) else len(self.endpoint.urls)
