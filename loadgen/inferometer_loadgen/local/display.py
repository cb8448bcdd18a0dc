"""What a person sees while a run goes on in the shell: one line of what is run, one bar of how far it is."""

from collections.abc import Iterator
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from inferometer_loadgen.plan import FindPeakPlan, Plan
from inferometer_loadgen.protocol.api import RunProgress, RunStatus
from inferometer_loadgen.spec.units import format_duration_ns
from inferometer_loadgen.verdict.wording import percentile_name


def headline(plan: Plan, endpoints: tuple[str, ...]) -> str:
    """What is run, against what."""
    workers = "1 worker" if plan.workers == 1 else f"{plan.workers} workers"
    facts = [plan.model.name, plan.stream.scenario, *_load_facts(plan), workers]
    return f"{'  '.join(facts)}   {' '.join(endpoints)}"


def _load_facts(plan: Plan) -> Iterator[str]:
    if plan.repeat is not None:
        yield f"{plan.repeat.count} rounds"
    if plan.find_peak is not None:
        yield f"peak from {peak_bounds(plan.find_peak)}"
    elif plan.stream.target_qps and plan.stream.scenario != "Offline":
        yield f"{plan.stream.target_qps:,.1f}/s"
    if plan.concurrency_steps:
        yield f"{', '.join(f'{step:,}' for step in plan.concurrency_steps)} in flight, one after another"
    elif plan.in_flight:
        yield f"{plan.in_flight:,} in flight"
    if plan.sequences is not None:
        yield f"sequences of {plan.sequences.length:,}"
    if plan.stream.samples_per_query > 1 and plan.find_peak is None:
        yield f"{plan.stream.samples_per_query} samples a query"
    if plan.judge.latency_bound_ns:
        percentile = percentile_name(plan.judge.latency_percentile)
        yield f"{percentile} <= {format_duration_ns(plan.judge.latency_bound_ns)}"


def peak_bounds(search: FindPeakPlan) -> str:
    """Between what the peak is looked for."""
    if search.max_samples_per_query:
        return f"{search.min_samples_per_query:,} to {search.max_samples_per_query:,} samples a query"
    return f"{search.min_qps:,g}/s to {search.max_qps:,g}/s"


class Display:
    """A live bar on a terminal; elsewhere a line a step, so that a log stays readable."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._step = ""
        self._progress = Progress(
            TextColumn(" {task.description:<20}"),
            BarColumn(bar_width=34),
            TextColumn("{task.percentage:>4.0f}%  {task.fields[facts]}"),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> "Display":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(self, status: RunStatus) -> None:
        """Shows where the run stands."""
        progress = status.progress
        if self._console.is_terminal:
            if self._task is None:
                self._task = self._progress.add_task(progress.step, total=100, facts="")
            self._progress.update(
                self._task, description=progress.step, completed=progress.percent, facts=facts_of(progress)
            )
        elif progress.step != self._step:
            self._console.print(f" {progress.step}", highlight=False)
        self._step = progress.step


def facts_of(progress: RunProgress) -> str:
    """The figures beside the bar: queries, p99, errors, ETA; each only once it is known."""
    if not progress.completed:
        return ""
    facts = [f"{progress.completed:,}/{progress.planned:,} queries"]
    if progress.p99_ns is not None:
        facts.append(f"p99 {format_duration_ns(progress.p99_ns)}")
    facts.append(f"{progress.errors:,} errors")
    if progress.eta_ns:
        facts.append(f"eta {progress.eta_ns / 1e9:.0f} s")
    return "   ".join(facts)
