"""Makes examples/quickstart-samples.yaml: 64 real files as magika sees them, in a ConfigMap.

Run it with the project's own Python (it needs numpy): .venv/bin/python dev/make_samples.py
The files come out of the wheels that dev/images_lock pins by hash, so everyone gets the same samples.
"""

from __future__ import annotations

import base64
import io
import sys
import textwrap
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from inferometer_dev.images import models, triton
from inferometer_dev.paths import REPO
from inferometer_dev.wheels import installed

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = 64
# The model's own numbers: it sees the first and the last 1,024 bytes, and 256 stands for "no byte here".
HALF = 1024
PADDING = 256
# Both may be passed on (Apache-2.0, BSD-3-Clause); the header of the manifest says whose files they are.
PACKAGES = (("magika", models.LOCK, "3.13"), ("numpy", triton.LOCK, "3.11"))
OUT = REPO / "examples" / "quickstart-samples.yaml"
HEADER = """\
# 64 real files (programs, texts, data), each as magika sees it: its first and last 1,024 bytes, padded with 256.
# Made by dev/make_samples.py out of the PyPI packages magika (Apache-2.0) and numpy (BSD-3-Clause).
apiVersion: v1
kind: ConfigMap
metadata:
  name: quickstart-samples
  namespace: bench
binaryData:
  samples.npz: |
"""


def features(content: bytes) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """One sample. A short file is padded at the end of its first half and at the start of its last."""
    sample = np.full(2 * HALF, PADDING, dtype=np.int32)
    first, last = content[:HALF], content[-HALF:]
    sample[: len(first)] = np.frombuffer(first, dtype=np.uint8)
    sample[2 * HALF - len(last) :] = np.frombuffer(last, dtype=np.uint8)
    return sample


def chosen_files(roots: list[Path]) -> list[Path]:
    """SAMPLES files of as many kinds as there are: one of each suffix in turn, in the order of their names."""
    by_suffix: defaultdict[str, list[Path]] = defaultdict(list)
    for root in roots:
        for path in sorted(root.rglob("*")):
            if path.is_file() and path.stat().st_size and "__pycache__" not in path.parts:
                by_suffix[path.suffix].append(path)
    chosen: list[Path] = []
    while len(chosen) < SAMPLES:
        for suffix in sorted(by_suffix):
            chosen += by_suffix[suffix][:1]
            del by_suffix[suffix][:1]
    return chosen[:SAMPLES]


def config_map(files: list[Path]) -> str:
    """The whole manifest. numpy writes no times into an npz, so the same files give the same bytes."""
    packed = io.BytesIO()
    np.savez_compressed(packed, bytes=np.stack([features(path.read_bytes()) for path in files]))
    text = "\n".join(textwrap.wrap(base64.b64encode(packed.getvalue()).decode(), 116))
    return HEADER + textwrap.indent(text, "    ") + "\n"


def main() -> int:
    """Write the file, and say what it holds."""
    files = chosen_files([installed(lock, python) / package for package, lock, python in PACKAGES])
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(config_map(files))
    kinds = len({path.suffix for path in files})
    print(f"{OUT.relative_to(REPO)}: {len(files)} files of {kinds} kinds, {OUT.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
