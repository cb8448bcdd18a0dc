"""How a worker is let in: whom it trusts and what it shows to the replicas, from files that only their paths name.

Nothing of it stands in a plan, a report or an argument: two runs that differ in it alone are the same run.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from inferometer_loadgen.plan import ReplicaAddress
from inferometer_loadgen.wire import Field, FieldError, checked_field
from inferometer_loadgen.worker.connections import Tls
from inferometer_loadgen.worker.credentials import (
    NO_TLS_FILES,
    CredentialsError,
    TlsFiles,
    bearer_from,
    client_context,
    text_of,
)

REDACTED = "[redacted]"
LEAST_REDACTED = 8
"""Of a secret that was cut: fewer characters than these give nothing away, and other words end in them too."""
TLS_SCHEMES = frozenset({"https", "grpcs"})
REFUSED_REMEDY = "Give what it asks for: spec.target.endpoint.auth, or in a shell --token-file or --header-file"
CERTIFICATE_REMEDY = (
    ". If it asks for a certificate, give spec.target.endpoint.tls.clientCertificateSecret, or in a shell "
    "--client-cert and --client-key"
)


@dataclass(frozen=True, slots=True)
class AccessFiles:
    """Where the secrets are: `headers` are names of header fields, each with the file of its value."""

    tls: TlsFiles = NO_TLS_FILES
    token: Path | None = None
    headers: tuple[tuple[str, Path], ...] = ()

    def arguments(self) -> tuple[str, ...]:
        """Those that a process of ours is started with."""
        single = {
            "--ca-file": self.tls.ca_bundle,
            "--client-cert": self.tls.certificate,
            "--client-key": self.tls.key,
            "--token-file": self.token,
        }
        given = [word for flag, path in single.items() if path is not None for word in (flag, str(path))]
        return (*given, *(word for name, path in self.headers for word in ("--header-file", f"{name}={path}")))


OPEN = AccessFiles()
"""For servers that ask for nothing."""


@dataclass(frozen=True, slots=True)
class Access:
    """What the files hold, ready for use; `tls` is None where the replicas speak none."""

    tls: Tls | None = None
    files: TlsFiles = NO_TLS_FILES
    fields: tuple[Field, ...] = field(default=(), repr=False)

    def redacted(self, text: str) -> str:
        """What a server said, without the secrets that it may have repeated."""
        for _, value in self.fields:
            for secret in (value, value.removeprefix("Bearer ")):
                text = _without_what_was_cut(text.replace(secret, REDACTED), secret)
        return text

    @property
    def certificate_remedy(self) -> str:
        """What to do about a server that hangs up, where it may be for want of a certificate."""
        return CERTIFICATE_REMEDY if self.tls is not None and self.files.certificate is None else ""


def read_access(files: AccessFiles, replicas: Sequence[ReplicaAddress], protocol: Literal["http", "grpc"]) -> Access:
    """Reads all files. Raises CredentialsError, which names the file and never shows what it holds."""
    fields = [_header_from(name, path) for name, path in files.headers]
    if files.token is not None:
        fields.append(bearer_from(files.token))
    names = [name.lower() for name, _ in fields]
    for name in names:
        if names.count(name) > 1:
            raise CredentialsError(f"the header field `{name}` is given twice (--header-file, --token-file): leave one")
    if not speaks_tls(replicas):
        return Access(None, files.tls, tuple(fields))
    context = client_context(files.tls, alpn="h2" if protocol == "grpc" else "http/1.1")
    # HTTP/1.1 is what a server speaks that agrees to nothing.
    return Access(Tls(context, "h2" if protocol == "grpc" else None), files.tls, tuple(fields))


def speaks_tls(replicas: Sequence[ReplicaAddress]) -> bool:
    """Whether these replicas are spoken to by TLS; all are, or none."""
    return any(urlsplit(replica.url).scheme in TLS_SCHEMES for replica in replicas)


def _without_what_was_cut(text: str, secret: str) -> str:
    """A long answer is kept to its beginning, so that a secret in it may have been cut: a token is longer than that."""
    for length in range(min(len(text), len(secret) - 1), LEAST_REDACTED - 1, -1):
        if text.endswith(secret[:length]):
            return text[:-length] + REDACTED
    return text


def _header_from(name: str, path: Path) -> Field:
    value = text_of(path, f"the value of header field `{name}`,").strip()
    try:
        return checked_field((name, value))
    except FieldError as error:
        raise CredentialsError(f"{path} cannot be sent: {error}") from error
