"""Images as the OCI image layout wants them: a config, a manifest, and layers, each named by its digest.

An image in the cache is only a small record; its tar is streamed when it is loaded, so base layers lie on disk once.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import asdict, dataclass, field
from typing import IO, TYPE_CHECKING, Any

from inferometer_dev.layers import Layer
from inferometer_dev.paths import cache

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a container of the image gets when its pod says nothing."""

    env: Mapping[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    user: str = ""
    folder: str = "/"


@dataclass(frozen=True, slots=True)
class Image:
    """One single-platform image under one reference."""

    reference: str
    layers: tuple[Layer, ...]
    settings: Settings = field(default_factory=Settings)

    @property
    def config(self) -> bytes:
        """The image's config, byte for byte."""
        inner: dict[str, Any] = {"WorkingDir": self.settings.folder}
        if self.settings.env:
            inner["Env"] = [f"{name}={value}" for name, value in self.settings.env.items()]
        if self.settings.entrypoint:
            inner["Entrypoint"] = list(self.settings.entrypoint)
        if self.settings.command:
            inner["Cmd"] = list(self.settings.command)
        if self.settings.user:
            inner["User"] = self.settings.user
        return _json(
            {
                "architecture": "amd64",
                "os": "linux",
                "config": inner,
                "rootfs": {"type": "layers", "diff_ids": [layer.digest for layer in self.layers]},
                # One entry a layer: some tools refuse a config without a history.
                "history": [{"created_by": "inferometer dev/images"} for _ in self.layers],
            }
        )

    @property
    def manifest(self) -> bytes:
        """The image's manifest, byte for byte."""
        return _json(
            {
                "schemaVersion": 2,
                "mediaType": _MANIFEST,
                "config": _descriptor(_CONFIG, digest_of(self.config), len(self.config)),
                "layers": [_descriptor(_LAYER, layer.digest, layer.size) for layer in self.layers],
            }
        )

    @property
    def digest(self) -> str:
        """By this name a registry or a store would know the image."""
        return digest_of(self.manifest)


def write_archive(images: Sequence[Image], out: IO[bytes], without: Collection[str] = ()) -> None:
    """Streams an OCI archive with these images, less the layers in `without`: the receiver has them."""
    index = {
        "schemaVersion": 2,
        "mediaType": _INDEX,
        "manifests": [
            {
                **_descriptor(_MANIFEST, image.digest, len(image.manifest)),
                "platform": {"architecture": "amd64", "os": "linux"},
                "annotations": {"io.containerd.image.name": image.reference},
            }
            for image in images
        ],
    }
    written: set[str] = set(without)
    with tarfile.open(fileobj=out, mode="w|") as tar:
        _add_bytes(tar, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
        for image in images:
            for layer in image.layers:
                if layer.digest not in written:
                    written.add(layer.digest)
                    entry = tarfile.TarInfo(_blob(layer.digest))
                    entry.size = layer.size
                    with layer.path.open("rb") as content:
                        tar.addfile(entry, content)
            _add_bytes(tar, _blob(digest_of(image.config)), image.config)
            _add_bytes(tar, _blob(image.digest), image.manifest)
        _add_bytes(tar, "index.json", _json(index))


def save_record(image: Image) -> Image:
    """Notes the image in the cache, so that a cluster or another clone can load it without building."""
    _record(image.reference).write_text(json.dumps(asdict(image), indent=1))
    return image


def load_record(reference: str) -> Image | None:
    """The image last built under this reference, if all its layers are still in the cache."""
    record = _record(reference)
    if not record.exists():
        return None
    stored = json.loads(record.read_text())
    settings = stored["settings"]
    for name in ("entrypoint", "command"):
        settings[name] = tuple(settings[name])
    layers = tuple(Layer(**layer) for layer in stored["layers"])
    if not all(layer.path.exists() for layer in layers):
        return None
    return Image(stored["reference"], layers, Settings(**settings))


def digest_of(data: bytes) -> str:
    """How OCI names bytes."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _record(reference: str) -> Any:
    return cache("images") / f"{reference.replace('/', '_').replace(':', '@')}.json"


def _descriptor(media_type: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest, "size": size}


def _json(value: Any) -> bytes:
    # Sorted and without spaces: the digest of an image must not depend on the order in which we wrote its parts.
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _blob(digest: str) -> str:
    return f"blobs/sha256/{digest.removeprefix('sha256:')}"


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))
