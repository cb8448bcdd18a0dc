"""Reading the pinned versions out of a go.mod."""

from __future__ import annotations

import pytest

from inferometer_dev.gomod import required_versions, version_of
from inferometer_dev.gotools import GOMODS, TOOLS, pinned_version, stamped

TEXT = """module example.dev/tools

go 1.26.0

replace example.dev/a => example.dev/a v9.9.9

tool (
	example.dev/a/cmd/one
)

require example.dev/single/v2 v2.1.0

require (
	example.dev/a v1.2.3 // indirect
	// example.dev/commented v0.0.1
	example.dev/a/nested v0.5.0
)
"""


def test_requirements_are_read_in_both_forms_and_nothing_else_is() -> None:
    assert required_versions(TEXT) == {
        "example.dev/single/v2": "v2.1.0",
        "example.dev/a": "v1.2.3",
        "example.dev/a/nested": "v0.5.0",
    }


@pytest.mark.parametrize(
    ("package", "version"),
    [
        ("example.dev/a/cmd/one", "v1.2.3"),
        ("example.dev/a/nested/cmd", "v0.5.0"),
        ("example.dev/single/v2", "v2.1.0"),
    ],
)
def test_a_package_has_the_version_of_the_innermost_module_around_it(package: str, version: str) -> None:
    assert version_of(package, required_versions(TEXT)) == version


def test_a_module_whose_name_only_begins_alike_is_not_around_it() -> None:
    with pytest.raises(KeyError):
        version_of("example.dev/another", required_versions(TEXT))


def test_kubernetes_and_its_staging_modules_are_of_one_release() -> None:
    text = (GOMODS / "kubernetes" / "go.mod").read_text()
    replaced = [line.split()[-1] for line in text.splitlines() if line.startswith("replace ")]
    kubernetes = pinned_version(TOOLS["kubelet"])

    assert len(replaced) == 31
    assert set(replaced) == {kubernetes.replace("v1.", "v0.", 1)}


def test_every_tool_is_pinned_and_kubernetes_is_told_major_and_minor() -> None:
    versions = {name: pinned_version(tool) for name, tool in TOOLS.items()}
    stamps = stamped(TOOLS["kubectl"], "v1.37.2")

    assert all(version.startswith("v") for version in versions.values())
    assert sorted(stamps.values()) == ["1", "37", "v1.37.2"]
