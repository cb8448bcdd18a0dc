"""A key waits once, runs once at a time, and is not lost while it runs.

Pure: the caller passes `now` (seconds on any clock that only grows) and asks when to come back. Three places for a
key, and each key is in at most one of `_ready` and `_due`:

- `_ready`: may be taken now, in the order of arrival;
- `_due`: may be taken at a later time; adding a key anew can only move it forward;
- `_running`: taken and not given back; a key added meanwhile runs again afterwards (`_again`).
"""

FIRST_RETRY_S = 0.25
LONGEST_RETRY_S = 30.0


class WorkQueue[K]:
    """Keys to look at."""

    def __init__(self) -> None:
        self._ready: dict[K, None] = {}
        self._due: dict[K, float] = {}
        self._running: set[K] = set()
        self._again: set[K] = set()
        self._failures: dict[K, int] = {}
        self._retry_at: dict[K, float] = {}

    def add(self, key: K) -> None:
        """Look at `key` as soon as possible."""
        if key in self._running:
            self._again.add(key)
            return
        self._due.pop(key, None)
        self._ready.setdefault(key)

    def add_at(self, key: K, due: float) -> None:
        """Look at `key` at `due`, or earlier if it is to be looked at earlier anyway."""
        if key in self._ready or key in self._again:
            return
        self._due[key] = min(due, self._due.get(key, due))

    def take(self, now: float) -> K | None:
        """The next key to look at, or None; whoever takes it must give it back by `done` or `failed`."""
        for key in [key for key, due in self._due.items() if due <= now and key not in self._running]:
            del self._due[key]
            self._ready.setdefault(key)
        first = next(iter(self._ready), None)
        if first is not None:
            del self._ready[first]
            self._running.add(first)
        return first

    def done(self, key: K) -> None:
        """`key` was looked at; its failures are forgotten."""
        self._failures.pop(key, None)
        self._retry_at.pop(key, None)
        self._give_back(key)

    def failed(self, key: K, now: float) -> float:
        """Looking at `key` went wrong: it is looked at again, later each time. Returns in how many seconds.

        A look that news brought on before its time counts as the same failure: a burst of news must not make a key
        wait for half a minute.
        """
        failures = self._failures.get(key, 0)
        if now >= self._retry_at.get(key, now):
            failures += 1
        self._failures[key] = failures
        delay: float = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** min(failures - 1, 16))
        self._retry_at[key] = now + delay
        # News that came meanwhile do not cut the delay short: they are what it may have failed on.
        self._again.discard(key)
        self._give_back(key)
        self.add_at(key, now + delay)
        return delay

    def next_due(self) -> float | None:
        """When the earliest key is due that waits for its time; None when none waits."""
        return min((due for key, due in self._due.items() if key not in self._running), default=None)

    def __len__(self) -> int:
        """Keys that wait or run."""
        return len({*self._ready, *self._due, *self._running})

    def ready(self) -> int:
        """Keys that may be taken now, as of the last look at the clock."""
        return len(self._ready)

    def _give_back(self, key: K) -> None:
        self._running.discard(key)
        if key in self._again:
            self._again.discard(key)
            self.add(key)
