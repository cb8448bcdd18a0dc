"""What a person sees while a library is made: a bar, how many, and how long it will still take."""

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

STEPS = 10
"""Lines of a log that is no terminal."""


class ImportDisplay:
    """A live bar on a terminal; elsewhere a line each tenth."""

    def __init__(self, samples: int, about: str, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._samples = samples
        self._done = 0
        self._progress = Progress(
            TextColumn(" {task.description}"),
            BarColumn(bar_width=34),
            MofNCompleteColumn(),
            TextColumn("eta"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
            transient=True,
        )
        self._task = self._progress.add_task(about, total=samples)

    def __enter__(self) -> "ImportDisplay":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def done(self, samples: int) -> None:
        """So many more are written."""
        before = self._done * STEPS // self._samples
        self._done += samples
        self._progress.advance(self._task, samples)
        if not self._console.is_terminal and self._done * STEPS // self._samples > before:
            self._console.print(f" {self._done:,} of {self._samples:,}", highlight=False)
