"""Tables: what Grafana's transformations `merge` and `organize` make of several queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from inferometer_dev.dashboards.pictures.asking import Series

type Row = dict[str, Any]


def merged(frames: Sequence[Sequence[Series]]) -> list[Row]:
    """Rows of all frames; those that agree on the labels which all frames have become one."""
    names = ["Value"] if len(frames) == 1 else [f"Value #{chr(ord('A') + index)}" for index in range(len(frames))]
    labels = [{label for one in frame for label in one.labels} for frame in frames if frame]
    key_labels = sorted(set.intersection(*labels)) if labels else []
    rows: list[tuple[tuple[str, ...], Row]] = []
    for name, frame in zip(names, frames, strict=True):
        for one in frame:
            key = tuple(one.labels.get(label, "") for label in key_labels)
            new = {**one.labels, name: one.last}
            fitting = (row for known, row in rows if known == key and all(row.get(k, v) == v for k, v in new.items()))
            if (row := next(fitting, None)) is None:
                rows.append((key, new))
            else:
                row.update(new)
    return [row for _, row in rows]


def organized(rows: Sequence[Row], panel: Mapping[str, Any]) -> tuple[list[str], list[Row]]:
    """Titles in their order, and the rows by them."""
    options = next(one["options"] for one in panel["transformations"] if one["id"] == "organize")
    order = sorted(options["indexByName"], key=options["indexByName"].__getitem__)
    kept = [name for name in order if not options["excludeByName"].get(name)]
    titles = options["renameByName"]
    shown = [{titles.get(name, name): row.get(name) for name in kept} for row in rows]
    for by in reversed(panel["options"].get("sortBy", [])):
        shown.sort(key=_by(by["displayName"]), reverse=by.get("desc", False))
    return [titles.get(name, name) for name in kept], shown


def _by(title: str) -> Callable[[Row], tuple[bool, Any]]:
    return lambda row: (row.get(title) is None, row.get(title))
