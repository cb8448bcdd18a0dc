"""Reads what a go.mod pins: the version of the module that a package belongs to. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def required_versions(text: str) -> dict[str, str]:
    """Module path -> version, from `require` lines in both their forms; replacements and comments are not looked at."""
    versions: dict[str, str] = {}
    block = ""
    for raw in text.splitlines():
        words = raw.partition("//")[0].split()
        if not words:
            continue
        if words == [")"]:
            block = ""
        elif len(words) == 2 and words[1] == "(":
            block = words[0]
        elif words[0] == "require" and len(words) == 3:
            versions[words[1]] = words[2]
        elif block == "require" and len(words) == 2:
            versions[words[0]] = words[1]
    return versions


def version_of(package: str, versions: Mapping[str, str]) -> str:
    """The version of the module with the longest path that the package lies in."""
    modules = [module for module in versions if package == module or package.startswith(f"{module}/")]
    if not modules:
        raise KeyError(package)
    return versions[max(modules, key=len)]
