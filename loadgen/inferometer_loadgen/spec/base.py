"""What every block of a spec has in common."""

from typing import Annotated

import msgspec
from msgspec import Meta

# `form` says in words what a pattern means: `spec.words` puts it into the message for a value that does not match.
AMOUNT = "an amount, such as 500m, 2 or 4Gi"
type AmountText = Annotated[
    str, Meta(pattern=r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$", max_length=20, extra={"form": AMOUNT})
]
type AmountNumber = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Quantity = Annotated[AmountNumber | AmountText, Meta(extra={"form": AMOUNT})]
"""As people write them: `cpu: 2` and `cpu: "2"` are one amount."""
ObjectName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
        max_length=253,
        extra={"form": "a Kubernetes name: lower-case letters, digits, - and ., a letter or digit at both ends"},
    ),
]
ImageReference = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=512,
        pattern=r"^\S+$",
        extra={"form": "an image's name without white space, such as localhost/triton-cpu:2.51"},
    ),
]
QualifiedName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=317,
        pattern=r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$",
        extra={"form": "a name, with or without its domain, such as cpu or nvidia.com/gpu"},
    ),
]
"""A label's key or a resource's name, with or without its domain: cpu, nvidia.com/gpu."""
LabelValue = Annotated[str, Meta(max_length=63)]
NodeSelector = Annotated[dict[QualifiedName, LabelValue], Meta(max_length=16)]


class SpecStruct(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A block of the spec: immutable, keys in camelCase, unknown keys left to `spec.decode` to judge."""


class Resources(SpecStruct, frozen=True, kw_only=True):
    """What a container asks of its node, as in a pod's `resources`."""

    requests: Annotated[
        dict[QualifiedName, Quantity],
        Meta(max_length=16, description="Set aside on the node, for example cpu: 200m."),
    ] = {}
    limits: Annotated[
        dict[QualifiedName, Quantity],
        Meta(max_length=16, description="Never exceeded, for example memory: 4Gi."),
    ] = {}


class Toleration(SpecStruct, frozen=True, kw_only=True):
    """A taint that does not keep the pod away, as in a pod's `tolerations`."""

    key: Annotated[
        str,
        Meta(max_length=317, description="The taint's key; empty with operator Exists means every taint."),
    ] = ""
    operator: Annotated[
        str,
        Meta(
            max_length=6,
            pattern="^(Exists|Equal)$",
            description="Exists or Equal.",
            extra={"form": "Exists or Equal"},
        ),
    ] = "Equal"
    value: Annotated[str, Meta(max_length=63, description="The taint's value, for operator Equal.")] = ""
    effect: Annotated[
        str,
        Meta(
            max_length=16,
            pattern="^(|NoSchedule|PreferNoSchedule|NoExecute)$",
            description="The effect that is tolerated; empty means all of them.",
            extra={"form": "NoSchedule, PreferNoSchedule or NoExecute"},
        ),
    ] = ""


Tolerations = Annotated[tuple[Toleration, ...], Meta(max_length=16)]
