"""The system under test: servers that run already, and that the operator neither launches nor ends.

Addresses and the names of Secrets are where a run runs, not what it is: none of it goes into a plan. What a Secret
holds is read by nobody but the load pods that mount it.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from inferometer_loadgen.plan import ReplicaAddress
from inferometer_loadgen.spec.base import ObjectName, SpecStruct

TLS_SCHEMES = ("https://", "grpcs://")
METRICS_PORT = 8002
"""Where a Triton shows its counters unless it was told otherwise."""

_PORT = r"([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_HOST = r"([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"

ServerUrl = Annotated[
    str,
    Meta(
        max_length=253,
        pattern=rf"^(https?|grpcs?)://{_HOST}(:{_PORT})?$",
        extra={
            "form": "a server's URL, such as http://triton:8000 or grpc://triton:8001, without credentials, path or "
            "query; https:// or grpcs:// with TLS"
        },
    ),
]
MetricsUrl = Annotated[
    str,
    Meta(
        max_length=512,
        pattern=rf"^https?://{_HOST}(:{_PORT})?(/[A-Za-z0-9._~/-]*)?$",
        extra={
            "form": "a metrics page's URL, such as http://triton:8002/metrics, without credentials or query; https:// "
            "with TLS"
        },
    ),
]
DataKey = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=253,
        # Kubernetes takes no key that begins with two dots, and no `.`: a pod that mounts one is refused.
        pattern=r"^\.?[A-Za-z0-9_-][A-Za-z0-9_.-]*$",
        extra={"form": "a key of a Secret or ConfigMap: letters, digits and _ . -, not beginning with .."},
    ),
]
HeaderName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        # Beginning with -, the load pods would take it for a flag.
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$",
        extra={"form": "a header field's name: letters, digits and _ . -, beginning with a letter, a digit or _"},
    ),
]

RESERVED_HEADERS = (
    *("connection", "content-length", "content-type", "host", "keep-alive", "proxy-connection", "te"),
    *("inference-header-content-length", "trailer", "transfer-encoding", "upgrade"),
    *("grpc-encoding", "grpc-timeout"),
)
"""Header fields that belong to a request itself."""

AUTHORIZATION = "authorization"
"""The header field that a bearer token is sent in."""


class SecretKey(SpecStruct, frozen=True, kw_only=True):
    """One entry of a Secret."""

    name: Annotated[ObjectName, Meta(description="A Secret of the benchmark's namespace.")]
    key: Annotated[DataKey, Meta(description="Its key.")]


class ConfigMapKey(SpecStruct, frozen=True, kw_only=True):
    """One entry of a ConfigMap."""

    name: Annotated[ObjectName, Meta(description="A ConfigMap of the benchmark's namespace.")]
    key: Annotated[DataKey, Meta(description="Its key.")]


class CaBundle(SpecStruct, frozen=True, kw_only=True):
    """Certificates of authorities, as PEM: exactly one of its fields."""

    config_map: Annotated[ConfigMapKey, Meta(description="They are in a ConfigMap.")] | UnsetType = UNSET
    secret: Annotated[SecretKey, Meta(description="They are in a Secret.")] | UnsetType = UNSET


class EndpointTls(SpecStruct, frozen=True, kw_only=True):
    """Whom the load pods trust, and who they are."""

    ca_bundle: (
        Annotated[
            CaBundle,
            Meta(description="Trust these authorities, and no others; those of the load pods' image if left out."),
        ]
        | UnsetType
    ) = UNSET
    client_certificate_secret: (
        Annotated[
            ObjectName,
            Meta(
                description="A Secret of type kubernetes.io/tls in the benchmark's namespace, whose certificate is "
                "shown to servers that ask for one."
            ),
        ]
        | UnsetType
    ) = UNSET


class EndpointHeader(SpecStruct, frozen=True, kw_only=True):
    """A header field that is sent with every request."""

    name: Annotated[HeaderName, Meta(description="Its name, such as X-Api-Key.")]
    secret_ref: Annotated[SecretKey, Meta(description="Its value.")]


class EndpointAuth(SpecStruct, frozen=True, kw_only=True):
    """What the servers ask for before they answer."""

    secret_ref: Annotated[SecretKey, Meta(description="A bearer token, sent with every request.")] | UnsetType = UNSET
    headers: Annotated[
        tuple[EndpointHeader, ...], Meta(max_length=16, description="Header fields, sent with every request.")
    ] = ()


class EndpointTarget(SpecStruct, frozen=True, kw_only=True):
    """Servers that run already. Whoever else uses them is slowed down by the load, and falsifies what is measured."""

    urls: Annotated[
        tuple[ServerUrl, ...],
        Meta(
            min_length=1,
            max_length=256,
            description="Where they answer load.protocol, each a replica that receives its share of the queries. An "
            "address behind which several servers are balanced counts as one; then set metricsURLs to [].",
            extra_json_schema={"x-kubernetes-list-type": "set"},
        ),
    ]
    metrics_urls: (
        Annotated[
            tuple[MetricsUrl, ...],
            Meta(
                max_length=256,
                description="The metrics page of each of urls, in the same order, from which its answers are "
                "reconciled; port 8002 of its host, /metrics, if left out. [] reads none.",
            ),
        ]
        | UnsetType
    ) = field(default=UNSET, name="metricsURLs")
    tls: (
        Annotated[EndpointTls, Meta(description="For https:// and grpcs://: whom to trust, and who we are.")]
        | UnsetType
    ) = UNSET
    auth: (
        Annotated[
            EndpointAuth,
            Meta(description="What the servers ask for; it stays in its Secrets, which only load pods mount."),
        ]
        | UnsetType
    ) = UNSET


def metrics_urls_of(endpoint: EndpointTarget) -> tuple[str, ...]:
    """The metrics page of each server, in the order of its urls; empty text where none is to be read."""
    if isinstance(endpoint.metrics_urls, UnsetType):
        return tuple(f"http://{host_of(url)}:{METRICS_PORT}/metrics" for url in endpoint.urls)
    return endpoint.metrics_urls or ("",) * len(endpoint.urls)


def replica_addresses(endpoint: EndpointTarget) -> tuple[ReplicaAddress, ...]:
    """The servers as an assignment names them; nobody knows which pods they are, nor on which nodes."""
    pages = zip(endpoint.urls, metrics_urls_of(endpoint), strict=True)
    return tuple(ReplicaAddress(name=address_of(url), url=url, metrics_url=page) for url, page in pages)


def address_of(url: str) -> str:
    """A server's host with its port, which is the name of the replica."""
    return url.partition("://")[2]


def host_of(url: str) -> str:
    """A server's host; in brackets where it is an address of IPv6."""
    host, colon, port = address_of(url).rpartition(":")
    return host if colon and port.isdigit() else address_of(url)


def faults(endpoint: EndpointTarget, protocol: Literal["http", "grpc"]) -> Iterator[tuple[str, str, str]]:
    """What does not fit together in it: the path below spec.target.endpoint, the message and the hint of each."""
    yield from _of_urls(endpoint, protocol)
    pages = endpoint.metrics_urls
    if not isinstance(pages, UnsetType) and len(pages) not in {0, len(endpoint.urls)}:
        yield (
            "metricsURLs",
            f"has {len(pages)} entries for {len(endpoint.urls)} urls",
            "write one for each, in the same order, or [] for none",
        )
    if isinstance(endpoint.tls, UnsetType):
        return
    if not any(url.startswith(TLS_SCHEMES) for url in (*endpoint.urls, *metrics_urls_of(endpoint))):
        yield "tls", "means nothing where no URL speaks TLS", f"write {protocol}s:// in urls, or leave it out"
    bundle = endpoint.tls.ca_bundle
    if not isinstance(bundle, UnsetType) and (bundle.config_map is UNSET) == (bundle.secret is UNSET):
        found = "none of configMap, secret is set" if bundle.secret is UNSET else "both configMap and secret are set"
        yield "tls.caBundle", found, "set exactly one of configMap, secret"


def faults_of_auth(auth: EndpointAuth) -> Iterator[tuple[str, str, str]]:
    """What does not fit together in what is sent with every request, in the same form."""
    if isinstance(auth.secret_ref, UnsetType) and not auth.headers:
        yield "auth", "names nothing that is sent", "set secretRef or headers, or leave it out"
    seen = set() if isinstance(auth.secret_ref, UnsetType) else {AUTHORIZATION}
    for position, header in enumerate(auth.headers):
        path, name = f"auth.headers[{position}].name", header.name.lower()
        if name in RESERVED_HEADERS:
            yield path, f"`{header.name}` belongs to the request itself", "leave it out"
        if name in seen:
            yield path, f"`{header.name}` is sent already", "leave one of them out"
        seen.add(name)


def _of_urls(endpoint: EndpointTarget, protocol: Literal["http", "grpc"]) -> Iterator[tuple[str, str, str]]:
    secured = [url.startswith(TLS_SCHEMES) for url in endpoint.urls]
    for position, url in enumerate(endpoint.urls):
        path = f"urls[{position}]"
        if not url.startswith(protocol):
            yield (
                path,
                f"`{url}` does not fit spec.load.protocol `{protocol}`",
                f"write {protocol}:// or {protocol}s://, or set protocol to {'grpc' if protocol == 'http' else 'http'}",
            )
        if url in endpoint.urls[:position]:
            yield path, f"`{url}` is there twice", "leave one of them out"
    if len(set(secured)) > 1:
        yield "urls", "some speak TLS and some do not", "write https:// or grpcs:// for all, or for none"


__all__ = [
    "AUTHORIZATION",
    "METRICS_PORT",
    "RESERVED_HEADERS",
    "TLS_SCHEMES",
    "CaBundle",
    "ConfigMapKey",
    "EndpointAuth",
    "EndpointHeader",
    "EndpointTarget",
    "EndpointTls",
    "SecretKey",
    "address_of",
    "faults",
    "faults_of_auth",
    "host_of",
    "metrics_urls_of",
    "replica_addresses",
]
