"""Which servers a run in the shell asks: those of --endpoint, or those of spec.target.endpoint."""

import argparse
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, UnsetType

from inferometer_loadgen.commands.inputs import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from inferometer_loadgen.plan import ReplicaAddress
    from inferometer_loadgen.spec import BenchmarkSpec
    from inferometer_loadgen.spec.decode import Decoded
    from inferometer_loadgen.spec.endpoint import EndpointTarget

SCHEMES = frozenset({"http", "https", "grpc", "grpcs"})


def servers_of(args: argparse.Namespace, decoded: "Decoded") -> "tuple[ReplicaAddress, ...]":
    """The servers of a run. Raises InputError where none is named, or where the spec's are let in by Secrets only."""
    if args.endpoint:
        return replicas_of(args.endpoint, args.metrics_url)
    endpoint = decoded.spec.target.endpoint
    if isinstance(endpoint, UnsetType):
        raise InputError(
            "--endpoint: is missing, and the servers of spec.target.triton are launched in a cluster only",
            "give it: the URL of a server that runs, such as http://HOST:8000",
        )
    for field, flag in _in_the_cluster(args, endpoint):
        raise InputError(f"spec.target.endpoint.{field}: is in the cluster, where this shell does not read it", flag)
    if args.metrics_url:
        return replicas_of(list(endpoint.urls), args.metrics_url)
    from inferometer_loadgen.spec.endpoint import replica_addresses

    return replica_addresses(endpoint)


def with_servers(spec: "BenchmarkSpec", replicas: "Sequence[ReplicaAddress]") -> "BenchmarkSpec":
    """The spec of a run on these servers. Where they are is none of the plan's business; how many they are is."""
    from inferometer_loadgen.spec.endpoint import EndpointTarget
    from inferometer_loadgen.spec.target import Target

    given = EndpointTarget(urls=tuple(replica.url for replica in replicas))
    return msgspec.structs.replace(spec, target=Target(endpoint=given))


def _in_the_cluster(args: argparse.Namespace, endpoint: "EndpointTarget") -> "Iterator[tuple[str, str]]":
    """What the servers ask for and no flag gives: the field, and what to give."""
    tls, auth = endpoint.tls, endpoint.auth
    if not isinstance(tls, UnsetType):
        if tls.ca_bundle is not UNSET and args.ca_file is None:
            yield "tls.caBundle", "give the certificates with --ca-file PEM"
        if tls.client_certificate_secret is not UNSET and args.client_cert is None:
            yield "tls.clientCertificateSecret", "give it with --client-cert PEM and --client-key PEM"
    if isinstance(auth, UnsetType):
        return
    if auth.secret_ref is not UNSET and args.token_file is None:
        yield "auth.secretRef", "give the token with --token-file FILE"
    given = {name.partition("=")[0].lower() for name in args.header_file}
    for position, header in enumerate(auth.headers):
        if header.name.lower() not in given:
            yield f"auth.headers[{position}]", f"give it with --header-file {header.name}=FILE"


def replicas_of(endpoints: list[str], metrics_urls: list[str]) -> "tuple[ReplicaAddress, ...]":
    """The servers that were named on the command line. Raises InputError for what is no URL of one."""
    from inferometer_loadgen.plan import ReplicaAddress

    if metrics_urls and len(metrics_urls) != len(endpoints):
        raise InputError(
            f"--metrics-url: given {len(metrics_urls)} times for {len(endpoints)} endpoints",
            "give it once for each, in the same order, or not at all",
        )
    replicas = []
    for position, endpoint in enumerate(endpoints):
        scheme, netloc, host = _parts(endpoint)
        metrics_url = metrics_urls[position] if metrics_urls else f"http://{host}:8002/metrics"
        replicas.append(ReplicaAddress(name=netloc, url=f"{scheme}://{netloc}", metrics_url=metrics_url))
    return tuple(replicas)


def _parts(endpoint: str) -> tuple[str, str, str]:
    """An endpoint's scheme, its host with its port, and without; in brackets where the host is an address of IPv6."""
    try:
        parts = urlsplit(endpoint)
        is_server = parts.scheme in SCHEMES and parts.hostname and parts.port != 0 and parts.path in {"", "/"}
    except ValueError:  # a port that is none, brackets that do not close
        is_server = False
    if not is_server:
        raise InputError(
            f"--endpoint: `{endpoint}` is no server's URL",
            "write http://HOST:8000, or grpc://HOST:8001; https:// or grpcs:// with TLS",
        )
    host = parts.hostname or ""
    return parts.scheme, parts.netloc, f"[{host}]" if ":" in host else host
