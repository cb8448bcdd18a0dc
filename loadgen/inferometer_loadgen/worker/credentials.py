"""Whom a worker trusts and what it shows, read from mounted files before the run."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from inferometer_loadgen.wire import Field, FieldError, bearer, checked_field

MAX_TOKEN_BYTES = 8_192


class CredentialsError(Exception):
    """A file cannot be used; the message names it and never shows what it holds."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """`ca_bundle`: whom to trust instead of the system's authorities. `certificate` with `key`: who we are."""

    ca_bundle: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    verify: bool = True
    """False trusts anybody: for a test, never for a secret."""


NO_TLS_FILES = TlsFiles()
"""The system's authorities are trusted, and no certificate is shown."""


def client_context(files: TlsFiles, *, alpn: str) -> ssl.SSLContext:
    """The context of `wire.tls` for connections that offer `alpn`: "h2" for gRPC, "http/1.1" else."""
    if (files.certificate is None) != (files.key is None):
        raise CredentialsError("a client certificate needs its key, and a key its certificate: give both files")
    context = _trusting(files.ca_bundle)
    if not files.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if files.certificate is not None and files.key is not None:
        try:
            context.load_cert_chain(_readable(files.certificate), _readable(files.key))
        except ssl.SSLError as error:
            raise CredentialsError(
                f"{files.certificate} and {files.key} are no certificate with its key: {error.reason}. Give both as PEM"
            ) from error
    context.set_alpn_protocols([alpn])
    return context


def bearer_from(path: Path) -> Field:
    """The header field with the token that a file holds."""
    token = text_of(path, "the token")
    try:
        return checked_field(bearer(token))
    except FieldError as error:
        raise CredentialsError(f"the token {path} cannot be sent: {error}") from error


def text_of(path: Path, what: str) -> str:
    """What a file holds that is sent in a header field; `what` it is, for the message of the CredentialsError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CredentialsError(f"{what} {path} cannot be read: {error.strerror}") from error
    if not data.strip() or len(data) > MAX_TOKEN_BYTES:
        raise CredentialsError(f"{what} {path} has {len(data):,} bytes: give one of 1 to {MAX_TOKEN_BYTES:,}")
    return data.decode("latin-1")


def _trusting(ca_bundle: Path | None) -> ssl.SSLContext:
    if ca_bundle is None:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=_readable(ca_bundle))
    except ssl.SSLError as error:
        raise CredentialsError(f"{ca_bundle} holds no certificate of an authority: give one or more as PEM") from error


def _readable(path: Path) -> Path:
    try:
        with path.open("rb"):
            return path
    except OSError as error:
        raise CredentialsError(f"{path} cannot be read: {error.strerror}") from error
