"""The packs that this package brings: each YAML file beside this one.

The thin shell around `rules.pack`. The files are read once; they are part of the program, as its modules are.
"""

import functools
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType

import msgspec.yaml

from inferometer_loadgen.rules.pack import RulePack


@functools.cache
def installed_packs() -> Mapping[str, RulePack]:
    """All packs by name, the oldest edition first. Raises ValueError where a file does not fit its form or name."""
    files = [file for file in resources.files("inferometer_loadgen.rules").iterdir() if file.name.endswith(".yaml")]
    return MappingProxyType(
        {name: _read(name, data) for name, data in sorted((file.name[:-5], file.read_bytes()) for file in files)}
    )


def installed_pack(name: str) -> RulePack | None:
    """The pack of that name; None for custom and for a name that there is not."""
    return installed_packs().get(name)


def _read(name: str, data: bytes) -> RulePack:
    try:
        pack = msgspec.yaml.decode(data, type=RulePack)
    except msgspec.ValidationError as error:
        raise ValueError(f"rules/{name}.yaml: {error}; correct the value") from error
    if pack.name != name:
        raise ValueError(f"rules/{name}.yaml: its name is `{pack.name}`; write {name}")
    return pack
