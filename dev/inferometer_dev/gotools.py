"""Kubernetes and its neighbours, built from Go modules that dev/gomods pins, once a version into the cache.

There is no download of a finished binary and none in the repository: the module's checksums in go.sum are what makes
two machines build the same thing.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inferometer_dev.commands import find_program, run
from inferometer_dev.gomod import required_versions, version_of
from inferometer_dev.locks import locked
from inferometer_dev.paths import DEV, cache
from inferometer_dev.progress import Step

if TYPE_CHECKING:
    from pathlib import Path

GOMODS = DEV / "gomods"


@dataclass(frozen=True, slots=True)
class GoTool:
    """One binary. `stamp` names the variables that carry the version, as the projects' own builds set them."""

    name: str
    module: str
    package: str
    stamp: tuple[str, ...] = ()
    cgo_tags: str | None = None
    """Build tags of a tool that needs cgo; None: a static binary without cgo."""
    tags: str = ""
    """Build tags of a tool that does without cgo."""


_K8S = ("k8s.io/component-base/version.gitVersion",)


def _kubernetes(name: str) -> GoTool:
    return GoTool(name, "kubernetes", f"k8s.io/kubernetes/cmd/{name}", _K8S)


def _containerd(name: str) -> GoTool:
    stamp = ("github.com/containerd/containerd/v2/version.Version",)
    return GoTool(name, "containerd", f"github.com/containerd/containerd/v2/cmd/{name}", stamp)


def _prometheus(name: str) -> GoTool:
    # Of its many ways to find targets, the one for Kubernetes: the others bring the clients of twenty clouds along.
    stamp = ("github.com/prometheus/common/version.Version",)
    tags = "remove_all_sd,enable_kubernetes_sd,netgo"
    return GoTool(name, "prometheus", f"github.com/prometheus/prometheus/cmd/{name}", stamp, tags=tags)


TOOLS = {
    tool.name: tool
    for tool in (
        GoTool("etcd", "kubernetes", "go.etcd.io/etcd/server/v3"),
        _kubernetes("kube-apiserver"),
        _kubernetes("kubectl"),
        _containerd("containerd"),
        _containerd("ctr"),
        _containerd("containerd-shim-runc-v2"),
        GoTool("runc", "runc", "github.com/opencontainers/runc", cgo_tags="seccomp"),
        _kubernetes("kubelet"),
        _kubernetes("kube-controller-manager"),
        _kubernetes("kube-scheduler"),
        _kubernetes("kube-proxy"),
        GoTool("helm", "helm", "helm.sh/helm/v4/cmd/helm", ("helm.sh/helm/v4/internal/version.version",)),
        _prometheus("promtool"),
        _prometheus("prometheus"),
    )
}
# What a cold build costs on two cores, so that the wait is announced rather than endured.
_COLD = {
    "kube-apiserver": "the longest: about 5 min when nothing is compiled yet",
    "containerd": "about 1 min when nothing is compiled yet",
    "kubelet": "about 1 min when nothing is compiled yet",
    "helm": "about 1 min when nothing is compiled yet",
    "promtool": "about 3 min when nothing is compiled yet",
}


def binary(name: str) -> Path:
    """The path of one tool, built if it is missing."""
    tool = TOOLS[name]
    version = pinned_version(tool)
    path = cache("bin") / f"{name}-{version}" / name
    if path.exists():
        return path
    with locked(f"go-{tool.module}"):
        if not path.exists():
            with Step(f"build {name} {version}", _COLD.get(name, "")):
                _build(tool, version, path)
    return path


def build_all() -> dict[str, Path]:
    """Every tool's path, by name; builds what is missing."""
    return {name: binary(name) for name in TOOLS}


def pinned_version(tool: GoTool) -> str:
    """The version that dev/gomods pins for the tool."""
    return version_of(tool.package, required_versions((GOMODS / tool.module / "go.mod").read_text()))


def stamped(tool: GoTool, version: str) -> dict[str, str]:
    """The version variables. Kubernetes also wants major and minor apart: clients compare them."""
    values = dict.fromkeys(tool.stamp, version)
    if tool.stamp == _K8S:
        major, minor, _ = version.removeprefix("v").split(".", 2)
        prefix = "k8s.io/component-base/version"
        values |= {f"{prefix}.gitMajor": major, f"{prefix}.gitMinor": minor}
    return values


def _build(tool: GoTool, version: str, path: Path) -> None:
    go = find_program("go", "install Go 1.26 or newer and put it on PATH")
    part = path.parent.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    flags = ["-trimpath", "-mod=readonly", "-buildvcs=false"]
    if tags := tool.cgo_tags or tool.tags:
        flags += ["-tags", tags]
    stamps = " ".join(f"-X {variable}={value}" for variable, value in stamped(tool, version).items())
    run(
        f"build {tool.name} {version}",
        ["nice", go, "build", *flags, "-ldflags", f"-s -w {stamps}", "-o", part / tool.name, tool.package],
        f"run it by hand: cd dev/gomods/{tool.module} && go build {tool.package}; the cold build needs 6 GB of disk",
        cwd=GOMODS / tool.module,
        env={"CGO_ENABLED": "1" if tool.cgo_tags else "0", "GOWORK": "off"},
    )
    part.rename(path.parent)
