"""How load pods are let in by servers that run already: Secrets and ConfigMaps as files, which only their paths name.

The kubelet reads them, and the operator does not: it has no right to. A volume's name says which field of the spec it
comes from, so that what the kubelet tells of one that can't be mounted leads back to that field.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from msgspec import UnsetType

from inferometer_loadgen.spec.endpoint import EndpointTarget, EndpointTls, metrics_urls_of

Manifest = dict[str, Any]

FOLDER = "/etc/inferometer/endpoint"
FIELD = "spec.target.endpoint"
CERTIFICATE, PRIVATE_KEY = "tls.crt", "tls.key"
"""The keys of a Secret of type kubernetes.io/tls."""


@dataclass(frozen=True, slots=True)
class Mounted:
    """One object of the user's that load pods mount."""

    volume: str
    field: str
    """Which names it."""
    kind: str
    """Secret or ConfigMap."""
    name: str
    keys: tuple[str, ...]
    flags: tuple[tuple[str, str], ...]
    """Arguments of our processes, each with the key whose file it names, written with `{}`."""

    @property
    def path(self) -> str:
        """The folder of its files."""
        return f"{FOLDER}/{self.volume}"

    @property
    def arguments(self) -> list[str]:
        """What tells our processes of it."""
        pairs = ((flag, f"{self.path}/{key}") for flag, key in self.flags)
        return [word for flag, path in pairs for word in _flag(flag, path)]

    @property
    def source(self) -> Manifest:
        """The volume."""
        items = [{"key": key, "path": key} for key in self.keys]
        if self.kind == "Secret":
            return {"name": self.volume, "secret": {"secretName": self.name, "items": items}}
        return {"name": self.volume, "configMap": {"name": self.name, "items": items}}


def let_in(endpoint: EndpointTarget | UnsetType, container: Manifest, volumes: list[Manifest]) -> None:
    """Gives a worker's container all that the servers ask for."""
    for one in mounted(endpoint):
        _give(one, container, volumes)


def let_in_to_metrics(endpoint: EndpointTarget | UnsetType, container: Manifest, volumes: list[Manifest]) -> None:
    """Gives the coordinator's container what metrics pages ask for: TLS, and no secret that requests carry."""
    if isinstance(endpoint, UnsetType) or isinstance(endpoint.tls, UnsetType):
        return
    if any(page.startswith("https://") for page in metrics_urls_of(endpoint)):
        for one in _of_tls(endpoint.tls):
            _give(one, container, volumes)


def mounted(endpoint: EndpointTarget | UnsetType) -> tuple[Mounted, ...]:
    """What the workers mount."""
    if isinstance(endpoint, UnsetType):
        return ()
    tls, auth = endpoint.tls, endpoint.auth
    found = [] if isinstance(tls, UnsetType) else list(_of_tls(tls))
    if isinstance(auth, UnsetType):
        return tuple(found)
    if not isinstance(token := auth.secret_ref, UnsetType):
        flags = (("--token-file", token.key),)
        field = f"{FIELD}.auth.secretRef"
        found.append(Mounted("endpoint-token", field, "Secret", token.name, (token.key,), flags))
    for position, header in enumerate(auth.headers):
        value, field = header.secret_ref, f"{FIELD}.auth.headers[{position}].secretRef"
        flags = ((f"--header-file={header.name}", value.key),)
        found.append(Mounted(f"endpoint-header-{position}", field, "Secret", value.name, (value.key,), flags))
    return tuple(found)


def _of_tls(tls: EndpointTls) -> Iterator[Mounted]:
    if not isinstance(bundle := tls.ca_bundle, UnsetType):
        field = f"{FIELD}.tls.caBundle"
        if not isinstance(kept := bundle.config_map, UnsetType):
            flags = (("--ca-file", kept.key),)
            yield Mounted("endpoint-ca", f"{field}.configMap", "ConfigMap", kept.name, (kept.key,), flags)
        elif not isinstance(secret := bundle.secret, UnsetType):
            flags = (("--ca-file", secret.key),)
            yield Mounted("endpoint-ca", f"{field}.secret", "Secret", secret.name, (secret.key,), flags)
    if not isinstance(name := tls.client_certificate_secret, UnsetType):
        field = f"{FIELD}.tls.clientCertificateSecret"
        shown = (("--client-cert", CERTIFICATE), ("--client-key", PRIVATE_KEY))
        yield Mounted("endpoint-certificate", field, "Secret", name, (CERTIFICATE, PRIVATE_KEY), shown)


def _flag(flag: str, path: str) -> tuple[str, ...]:
    name, equals, value = flag.partition("=")
    return (name, f"{value}={path}") if equals else (name, path)


def _give(one: Mounted, container: Manifest, volumes: list[Manifest]) -> None:
    container["command"] += one.arguments
    container["volumeMounts"].append({"name": one.volume, "mountPath": one.path, "readOnly": True})
    volumes.append(one.source)
