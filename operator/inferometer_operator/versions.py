"""Which of several tellings of an object is the newest, and which objects are gone."""

from collections.abc import Mapping
from typing import Any

REMEMBERED_DEAD = 4096
"""Uids of deleted objects; only the last moments matter."""


class Versions:
    """Of the objects of one cache. An older version never replaces a newer one: watches and answers cross."""

    def __init__(self) -> None:
        self._newest: dict[str, int] = {}
        self._gone: dict[str, None] = {}

    def are_advanced_by(self, stored: Mapping[str, Any]) -> bool:
        """Whether the object is newer than all that was told of it; it is the newest from then on."""
        uid, version = stored["metadata"]["uid"], int(stored["metadata"]["resourceVersion"])
        if uid in self._gone or version <= self._newest.get(uid, -1):
            return False
        self._newest[uid] = version
        return True

    def bury(self, uid: str) -> None:
        """It is gone. The answer to our own write may come after the watch has said so."""
        self._newest.pop(uid, None)
        self._gone[uid] = None
        while len(self._gone) > REMEMBERED_DEAD:
            del self._gone[next(iter(self._gone))]
