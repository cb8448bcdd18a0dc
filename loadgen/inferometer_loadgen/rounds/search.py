"""The search for the peak as rounds: trials, then the measured run, and lower ones where it fails."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import structs

from inferometer_loadgen.plan import FindPeakPlan, Plan, StreamPlan, digest
from inferometer_loadgen.report.schema import Peak, Reason, Report
from inferometer_loadgen.rounds.peak import Grid, SampleCounts, Tried, bracket, next_trial
from inferometer_loadgen.rounds.programme import Round
from inferometer_loadgen.rounds.together import is_called_off, round_report
from inferometer_loadgen.verdict.reasons import ReasonType

MAX_STEPS_DOWN = 3
"""A trial is shorter than the measured run, and may have been luckier: so many lower rates are measured then."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What reports say: the trials, and the measured runs by the number of their rate."""

    tried: tuple[Tried, ...]
    measured: tuple[Tried, ...]
    trial: int | None
    """The number to try next; None when trials are over."""


@dataclass(frozen=True, slots=True)
class PeakSearch:
    """Each rate follows from the verdicts before it, so that a report alone says which round was which."""

    plan: Plan
    search: FindPeakPlan

    @property
    def at_most(self) -> int:
        """Trials, the measured run and the steps down."""
        return self.search.max_trials + 1 + MAX_STEPS_DOWN

    @property
    def is_open(self) -> bool:
        """Nobody knows how many it takes."""
        return True

    @property
    def cooldown_ns(self) -> int:
        """None is needed: the drain lies between two rounds."""
        return 0

    def after(self, reports: Sequence[Report]) -> Round | None:
        """A trial while there is something to narrow, then the peak in full, then lower rates until one is Valid."""
        known = self._known(reports)
        if known.trial is not None:
            return self._round(len(reports), known.trial, is_trial=True)
        number = self._to_measure(known)
        return None if number is None else self._round(len(reports), number, is_trial=False)

    def report(self, reports: Sequence[Report], cut_short: str) -> Report:
        """That of the measured run at the peak, with all rounds and how close they came."""
        known = self._known(reports)
        trials = len(known.tried)
        chosen = reports[-1]
        reasons, word = chosen.reasons, chosen.verdict
        if cut_short and not is_called_off(chosen):
            word = "Inconclusive"
            rounds = f"{len(reports)} rounds of a search"
            said = f"{cut_short} after {rounds}; the figures are of the last. Run again to its end"
            reasons = (*reasons, Reason(type=ReasonType.CALLED_OFF, message=said))
        return structs.replace(
            chosen,
            plan=self.plan,
            plan_hash=digest(self.plan),
            start_time=reports[0].start_time,
            verdict=word,
            reasons=reasons,
            rounds=tuple(
                round_report(report, number, "Trial" if number <= trials else "Measured")
                for number, report in enumerate(reports, 1)
            ),
            peak=self._peak(known, reports),
        )

    def _peak(self, known: _Known, reports: Sequence[Report]) -> Peak:
        valid = next((one.number for one in known.measured if one.valid), None)
        rounds = list(zip((*known.tried, *known.measured), reports, strict=True))
        failed = [
            (one, report)
            for one, report in rounds
            if not one.valid and not is_called_off(report) and (valid is None or one.number >= valid)
        ]
        least = min(failed, key=lambda pair: pair[0].number, default=None)
        not_valid = None if least is None else least[0].number
        found = Peak(
            valid_qps=None,
            not_valid_qps=None,
            trials=len(known.tried),
            client_limited=least is not None and least[1].verdict == "Inconclusive",
        )
        if isinstance(grid := self._grid, Grid):
            return structs.replace(
                found,
                valid_qps=None if valid is None else grid.rate(valid),
                not_valid_qps=None if not_valid is None else grid.rate(not_valid),
            )
        return structs.replace(
            found,
            valid_samples_per_query=None if valid is None else grid.samples(valid),
            not_valid_samples_per_query=None if not_valid is None else grid.samples(not_valid),
        )

    @property
    def _grid(self) -> Grid | SampleCounts:
        search = self.search
        if search.max_samples_per_query:
            return SampleCounts(search.min_samples_per_query, search.max_samples_per_query)
        return Grid(search.min_qps, search.max_qps, search.tolerance)

    def _stream(self, number: int) -> StreamPlan:
        if isinstance(grid := self._grid, Grid):
            return structs.replace(self.plan.stream, target_qps=grid.rate(number))
        return structs.replace(self.plan.stream, samples_per_query=grid.samples(number))

    def _known(self, reports: Sequence[Report]) -> _Known:
        tried: list[Tried] = []
        measured: list[Tried] = []
        last = self._grid.last
        for report in reports:
            number = next_trial(tried, last, self.search.max_trials)
            is_valid = report.verdict == "Valid"
            if number is not None:
                tried.append(Tried(number, is_valid))
            else:
                start = max(0, bracket(tried, last).valid)
                measured.append(Tried(start - len(measured), is_valid))
        return _Known(tuple(tried), tuple(measured), next_trial(tried, last, self.search.max_trials))

    def _to_measure(self, known: _Known) -> int | None:
        if not known.measured:
            return max(0, bracket(known.tried, self._grid.last).valid)
        before = known.measured[-1]
        is_over = before.valid or before.number == 0 or len(known.measured) > MAX_STEPS_DOWN
        return None if is_over else before.number - 1

    def _round(self, number: int, load: int, *, is_trial: bool) -> Round:
        stream = self._stream(load)
        if not is_trial:
            return Round(number, stream, self.plan.judge)
        lasts_ns = self.search.trial_duration_ns
        return Round(
            number,
            structs.replace(stream, min_duration_ns=lasts_ns, min_queries=1),
            # A trial says where to look. To be sure takes the queries of the measured run, so it alone is asked to be.
            structs.replace(self.plan.judge, min_duration_ns=lasts_ns, min_queries=1, early_stopping=False),
            may_end_early=True,
        )
