"""Real files whose types are known, as the model magika sees them: what its accuracy is measured on.

A file's true type is what magika's own table of types says of its suffix, where it names one type only; the model has
never seen the suffix. The files are those of the wheels that dev/images_lock pins.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inferometer_dev.images import models, triton
from inferometer_dev.wheels import installed

HALF, PADDING = 1024, 256
PER_TYPE = 6


@dataclass(frozen=True)
class Labelled:
    """Samples, and the class of each."""

    samples: NDArray[np.int32]
    classes: NDArray[np.int64]

    def write(self, path: Path, *, with_labels: bool = True) -> Path:
        arrays: dict[str, NDArray[Any]] = {"bytes": self.samples}
        if with_labels:
            arrays["label:class"] = self.classes
        np.savez(path, allow_pickle=False, **arrays)
        return path


def labelled_files() -> Labelled:
    """Up to PER_TYPE files of each type."""
    magika = installed(models.LOCK, "3.13") / "magika"
    kinds = json.loads((magika / "config/content_types_kb.min.json").read_text())
    classes = json.loads((magika / "models/standard_v3_3/config.min.json").read_text())["target_labels_space"]
    by_suffix: dict[str, set[str]] = {}
    for kind, known in kinds.items():
        for suffix in known["extensions"]:
            by_suffix.setdefault(f".{suffix}", set()).add(kind)
    found: dict[str, list[Path]] = {}
    for root in (magika, installed(triton.LOCK, "3.11") / "numpy"):
        for path in sorted(root.rglob("*")):
            kind = next(iter(by_suffix.get(path.suffix, ())), "")
            if len(by_suffix.get(path.suffix, ())) == 1 and kind in classes and path.is_file() and path.stat().st_size:
                found.setdefault(kind, []).append(path)
    chosen = [(path, classes.index(kind)) for kind in sorted(found) for path in found[kind][:PER_TYPE]]
    return Labelled(
        np.stack([_features(path.read_bytes()) for path, _ in chosen]),
        np.array([label for _, label in chosen], dtype=np.int64),
    )


def _features(content: bytes) -> NDArray[np.int32]:
    sample = np.full(2 * HALF, PADDING, dtype=np.int32)
    first, last = content[:HALF], content[-HALF:]
    sample[: len(first)] = np.frombuffer(first, dtype=np.uint8)
    sample[2 * HALF - len(last) :] = np.frombuffer(last, dtype=np.uint8)
    return sample
