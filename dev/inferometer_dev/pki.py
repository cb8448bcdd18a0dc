"""A certificate authority for one cluster, by openssl: keys on P-256 (the whole set takes a third of a second).

Python 3.13 verifies strictly, so the authority states its key usage and each leaf states that it is none, who signed
it and what it is for.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inferometer_dev.commands import run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# A development cluster outlives a long project, not more.
_DAYS = "3650"
_CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
_HINT = "apt-get install openssl"


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate (or public key) and its private key."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates into one folder. What is there already is kept, so a cluster that runs keeps its trust."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.pair = Pair(folder / "ca.crt", folder / "ca.key")
        if not self.pair.certificate.exists():
            extensions = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]
            subject = ["-subj", "/CN=inferometer-dev", "-days", _DAYS, *extensions]
            out: list[str | Path] = ["-keyout", self.pair.key, "-out", self.pair.certificate]
            run("make the certificate authority", ["openssl", "req", "-x509", *_CURVE, *subject, *out], _HINT)

    def sign(self, name: str, subject: str, alternatives: Sequence[str] = ()) -> Pair:
        """A certificate NAME.crt for `subject` ("/O=…/CN=…"); it serves and calls alike."""
        pair = Pair(self.folder / f"{name}.crt", self.folder / f"{name}.key")
        if pair.certificate.exists():
            return pair
        request = self.folder / f"{name}.csr"
        step = f"sign {name}"
        run(step, ["openssl", "req", "-new", *_CURVE, "-subj", subject, "-keyout", pair.key, "-out", request], _HINT)
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(leaf_extensions(alternatives))
        ca: list[str | Path] = [
            "-CA",
            self.pair.certificate,
            "-CAkey",
            self.pair.key,
            "-CAcreateserial",
            "-days",
            _DAYS,
        ]
        out = self.folder / f"{name}.crt.part"
        run(step, ["openssl", "x509", "-req", "-in", request, *ca, "-extfile", extensions, "-out", out], _HINT)
        out.rename(pair.certificate)
        return pair

    def service_account_keys(self) -> Pair:
        """The key that signs service account tokens, and the public one that checks them."""
        pair = Pair(self.folder / "sa.pub", self.folder / "sa.key")
        if not pair.certificate.exists():
            run("make the token key", ["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-out", pair.key], _HINT)
            run("make the token key", ["openssl", "ec", "-in", pair.key, "-pubout", "-out", pair.certificate], _HINT)
        return pair

    def kubeconfig(self, name: str, subject: str, server: str, alternatives: Sequence[str] = ()) -> Path:
        """A kubeconfig NAME.kubeconfig that carries its certificates inside, so it can be copied anywhere."""
        pair = self.sign(name, subject, alternatives)
        path = self.folder / f"{name}.kubeconfig"
        text = json.dumps(kubeconfig(server, self.pair.certificate, pair), indent=1)
        if not path.exists() or path.read_text() != text:
            path.touch(mode=0o600)
            path.write_text(text)
        return path


def leaf_extensions(alternatives: Sequence[str]) -> str:
    """The extensions of a leaf certificate, as openssl's -extfile wants them. Pure."""
    lines = [
        "basicConstraints=critical,CA:FALSE",
        "keyUsage=critical,digitalSignature",
        "extendedKeyUsage=serverAuth,clientAuth",
        "authorityKeyIdentifier=keyid",
    ]
    if alternatives:
        lines.append(f"subjectAltName={','.join(alternatives)}")
    return "\n".join(lines) + "\n"


def kubeconfig(server: str, authority: Path, pair: Pair) -> dict[str, object]:
    """A kubeconfig as a value (JSON is YAML)."""

    def inline(path: Path) -> str:
        return base64.b64encode(path.read_bytes()).decode()

    cluster = {"server": server, "certificate-authority-data": inline(authority)}
    user = {"client-certificate-data": inline(pair.certificate), "client-key-data": inline(pair.key)}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "inferometer-dev", "cluster": cluster}],
        "users": [{"name": "user", "user": user}],
        "contexts": [{"name": "dev", "context": {"cluster": "inferometer-dev", "user": "user"}}],
        "current-context": "dev",
    }
