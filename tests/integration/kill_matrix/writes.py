"""A write of the operator, in words that a reader of the matrix understands."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Write:
    """One POST, PATCH, PUT or DELETE, to the API server or to the coordinator."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes

    @property
    def is_to_the_coordinator(self) -> bool:
        return self.path.startswith("/v1/")

    @property
    def is_a_status(self) -> bool:
        return self.path.endswith("/status")

    @property
    def is_a_trial(self) -> bool:
        """A dry run: nothing is stored."""
        return "dryRun" in self.query

    @property
    def content(self) -> dict[str, Any]:
        return json.loads(self.body or b"{}")

    def __str__(self) -> str:
        if self.is_to_the_coordinator:
            return f"coordinator: {self.path.rsplit('/', 1)[-1]}"
        if self.is_a_status:
            return f"status: {_news(self.content['status'])}"
        name = self.path.rsplit("/", 1)[-1]
        if self.method == "DELETE":
            return f"delete pod {name}"
        return f"{'try' if self.is_a_trial else 'create'} {_object(self.content)}"


def _object(manifest: dict[str, Any]) -> str:
    kind = manifest["kind"]
    if kind == "Event":
        return f"event {manifest['reason']}"
    # A token's name ends in chance.
    name = manifest["metadata"]["name"]
    return f"{kind.lower()} {name.rpartition('-')[0] + '-…' if kind == 'Secret' else name}"


def _news(status: dict[str, Any]) -> str:
    said = [one["type"] for one in status.get("conditions", ()) if one["status"] == "True"]
    if "Finished" in said:
        return "Finished"
    if said[-1:] == ["LoadersReady"]:
        return "progress" if "progress" in status else "startTime"
    return said[-1] if said else "nothing"
