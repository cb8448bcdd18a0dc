"""ConfigMaps of samples or times outside of a cluster: in the spec's own file, or in one named after them beside it.

So that a spec which runs in a cluster runs in the shell as it stands. The only part of `spec` that opens a file.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from pathlib import Path

from inferometer_loadgen.spec.checks import SpecError
from inferometer_loadgen.spec.decode import Decoded
from inferometer_loadgen.spec.documents import Document, YamlError, read_documents
from inferometer_loadgen.spec.errors import LocatedError, SpecErrors, alone

type Entries = Mapping[str, bytes]


class ConfigMapMissing(SpecErrors):
    """A ConfigMap that is neither in the spec's file nor beside it; it may still be in the cluster."""

    def __init__(self, source: str, name: str, key: str, path: str) -> None:
        missing = SpecError(
            path,
            f"there is no ConfigMap `{name}` in this file, nor in a file {name}.yaml beside it",
            f"put it there: kubectl create configmap {name} --from-file={key} --dry-run=client -o yaml > {name}.yaml",
        )
        super().__init__((LocatedError(source, None, missing),))
        self.name = name


def find_config_map(
    spec_path: Path, decoded: Decoded, name: str, key: str, field: str = "spec.load.data.configMap.name"
) -> Entries:
    """The entries of ConfigMap `name`, from the spec's file or from `<name>.yaml` beside it.

    `key` is what is looked for there, `field` where the spec names it. Raises ConfigMapMissing where it is in neither,
    SpecErrors where it cannot be read.
    """
    beside = spec_path.with_name(f"{name}.yaml")
    for path, documents in ((spec_path, decoded.documents), (beside, _documents(beside))):
        for document in documents:
            if _is_config_map(document.value, name, decoded.namespace):
                return _entries(document, str(path))
    raise ConfigMapMissing(str(spec_path), name, key, field)


def _documents(path: Path) -> tuple[Document, ...]:
    if not path.is_file():
        return ()
    try:
        return read_documents(path.read_text(encoding="utf-8"))
    except YamlError as error:
        raise alone(str(path), error.line, "YAML", error.message, error.hint) from error
    except UnicodeDecodeError as error:
        raise alone(str(path), None, "YAML", "is no UTF-8 text", "save it as YAML") from error


def _is_config_map(value: object, name: str, namespace: str) -> bool:
    if not isinstance(value, dict) or value.get("kind") != "ConfigMap":
        return False
    metadata = value.get("metadata")
    return (
        isinstance(metadata, dict)
        and metadata.get("name") == name
        and metadata.get("namespace", namespace) == namespace
    )


def _entries(document: Document, source: str) -> Entries:
    entries: dict[str, bytes] = {}
    errors: list[LocatedError] = []
    for path, key, value in _values(document.value):
        try:
            entries[key] = _bytes(value, encoded=path.startswith("binaryData"))
        except (TypeError, ValueError) as error:
            wrong = SpecError(path, *error.args)
            errors.append(LocatedError(source, document.line_of(path), wrong))
    if errors:
        raise SpecErrors(tuple(errors))
    return entries


def _values(config_map: object) -> Iterator[tuple[str, str, object]]:
    for block in ("data", "binaryData"):
        values = config_map.get(block) if isinstance(config_map, dict) else None
        for key, value in values.items() if isinstance(values, dict) else ():
            yield f"{block}.{key}", key, value


def _bytes(value: object, *, encoded: bool) -> bytes:
    if not isinstance(value, str):
        raise TypeError("is no text", "write it in quotes")
    if not encoded:
        return value.encode()
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("is no base64", "make it with `base64 -w0 FILE`") from error
