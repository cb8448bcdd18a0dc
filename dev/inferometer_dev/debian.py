"""Debian's side: the packages that the machine must have, and minimal root file systems for the images.

The mirror comes from the machine's own apt settings and is never written down here, so that a build works behind
whatever proxy or mirror the machine uses. A root file system is made once a release and package list.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from inferometer_dev.commands import find_program, run, succeeds
from inferometer_dev.errors import Missing, StepFailed
from inferometer_dev.keys import content_key
from inferometer_dev.locks import locked
from inferometer_dev.paths import cache
from inferometer_dev.progress import Step

if TYPE_CHECKING:
    from pathlib import Path

HOST_PACKAGES = (
    "containernetworking-plugins",  # bridge, host-local, portmap
    "iptables",  # kube-proxy
    "iproute2",
    "conntrack",
    "debootstrap",
    "libseccomp-dev",  # runc is the one binary that needs cgo
    "pkg-config",
    "gcc",  # runc and pause
    "libc6-dev",
    "openssl",
    "procps",  # sysctl
    "python3-pip",
)
# Never needed at run time, and 40 % of a minbase root: documentation, translations, package lists and downloads.
PRUNED = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/lintian",
    "var/cache",
    "var/lib/apt/lists",
    "var/log",
    "debootstrap",
)
_RECIPE = "3"


def install_host_packages() -> None:
    """Installs those of HOST_PACKAGES that are missing; quick when none is."""
    missing = missing_packages()
    if not missing:
        return
    hint = f"run apt-get update and apt-get install {' '.join(missing)} by hand and read what it says"
    with Step("Debian packages", ", ".join(missing)):
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        run("apt-get update", ["apt-get", "update", "-q"], hint, env=quiet)
        install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *missing]
        run("apt-get install", install, hint, env=quiet)


def missing_packages() -> list[str]:
    """Those of HOST_PACKAGES that are not installed; one that was removed leaves a status behind and counts too."""
    asked = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *HOST_PACKAGES]
    # It ends with 1 as soon as one of them is unknown, and lists the others all the same.
    answer = subprocess.run(asked, capture_output=True, text=True, check=False)
    present = {line.split()[0] for line in answer.stdout.splitlines() if line.endswith(" installed")}
    return [name for name in HOST_PACKAGES if name not in present]


def mirror() -> str:
    """The mirror that this machine's apt uses for Debian itself (not for security updates)."""
    targets = run(
        "find the Debian mirror",
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
        "root file systems are made by debootstrap, which needs a Debian machine with a configured apt",
    )
    for line in targets.splitlines():
        if line.rstrip("/").endswith("/debian"):
            return line
    raise Missing("a Debian mirror in apt's settings", "run apt-get update, then see apt-get indextargets")


def root_file_system(release: str, packages: tuple[str, ...]) -> Path:
    """A pruned minbase root of `release` with `packages`, compiled so that Python starts quickly in a pod."""
    key = content_key(_RECIPE, release, *packages, *PRUNED)
    root = cache("roots") / f"{release}-{key}"
    if root.exists():
        return root
    with locked(f"root-{release}"):
        if root.exists():
            return root
        install_host_packages()
        part = root.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        with Step(f"debootstrap {release}", "the base layer of the images"):
            _debootstrap(release, packages, part)
            for pruned in PRUNED:
                shutil.rmtree(part / pruned, ignore_errors=True)
            for folder in ("var/cache", "var/log", "var/lib/apt/lists"):
                (part / folder).mkdir(parents=True)
            compile_python(part, "/usr/lib")
        part.rename(root)
    return root


def compile_python(root: Path, folder: str, strip: str = "") -> None:
    """Compiles a folder with the root's own Python; `strip` is cut from the paths that tracebacks will show.

    Unchecked hashes: layers carry fixed times, so a check by time would call every file stale and compile it again at
    each start of a pod with a read-only root (1.6 to 3 s for the kubernetes client).
    """
    flags = ["-q", "-f", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    if strip:
        flags += ["-s", strip, "-p", "/"]
    # Debian ships files that are templates for other versions: a syntax error there is no failure of ours.
    chroot = find_program("chroot", "install coreutils")
    succeeds([chroot, str(root), "python3", "-m", "compileall", *flags, folder])


def _debootstrap(release: str, packages: tuple[str, ...], target: Path) -> None:
    program = find_program("debootstrap", "apt-get install debootstrap")
    argv: list[str | Path] = [
        program,
        "--variant=minbase",
        f"--include={','.join(packages)}",
        release,
        str(target),
        mirror(),
    ]
    try:
        run(f"debootstrap {release}", argv, "see the end of debootstrap/debootstrap.log in the target folder")
    except StepFailed as failed:
        log = target / "debootstrap" / "debootstrap.log"
        if log.exists():
            raise StepFailed(failed.step, log.read_text(errors="replace")[-2000:], failed.hint) from failed
        raise
