"""Performance and then accuracy on the same servers: the rounds that measure the load, and one that is scored."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import structs

from inferometer_loadgen.plan import Plan, as_accuracy, digest
from inferometer_loadgen.report.schema import Reason, Report
from inferometer_loadgen.rounds.programme import Programme, Round
from inferometer_loadgen.rounds.together import Word, is_called_off, named, round_report, worst
from inferometer_loadgen.verdict.reasons import ReasonType


@dataclass(frozen=True, slots=True)
class PerformanceAndAccuracy:
    """What `measured` measures, whatever its rounds, and then each sample of the library once.

    The accuracy round follows whatever became of those before it: a slow server's answers may be right.
    """

    plan: Plan
    measured: Programme

    @property
    def at_most(self) -> int:
        """One more than are measured."""
        return self.measured.at_most + 1

    @property
    def is_open(self) -> bool:
        """As the measured ones are."""
        return self.measured.is_open

    @property
    def cooldown_ns(self) -> int:
        """That of the measured ones."""
        return self.measured.cooldown_ns

    def after(self, reports: Sequence[Report]) -> Round | None:
        """A measured round while there is one, then the accuracy round."""
        performance, accuracy = _parted(reports)
        if accuracy is not None:
            return None
        following = self.measured.after(performance)
        if following is not None:
            return following
        # At the load that was measured last: of a search the plan's own is the highest that was to be tried.
        scored = as_accuracy(structs.replace(self.plan, stream=performance[-1].plan.stream))
        return Round(len(reports), scored.stream, scored.judge)

    def report(self, reports: Sequence[Report], cut_short: str) -> Report:
        """The measured rounds' result with the accuracy round's score; the word is the worse of both."""
        performance, accuracy = _parted(reports)
        is_whole = self.measured.after(performance) is None
        first = self.measured.report(performance, "" if is_whole else cut_short)
        rounds = first.rounds or (round_report(first, 1, "Measured"),)
        words: list[Word] = [first.verdict]
        reasons, warnings = named("performance", first.reasons), named("performance", first.warnings)
        if accuracy is not None:
            words.append(accuracy.verdict)
            reasons += named("accuracy", accuracy.reasons)
            warnings += named("accuracy", accuracy.warnings)
            rounds += (round_report(accuracy, len(reports), "Accuracy"),)
        elif is_whole and not is_called_off(performance[-1]):
            words.append("Inconclusive")
            said = f"accuracy: {cut_short or 'the run was ended'} before any answer was scored. Run again to its end"
            reasons += (Reason(type=ReasonType.CALLED_OFF, message=said),)
        return structs.replace(
            first,
            plan=self.plan,
            plan_hash=digest(self.plan),
            verdict=worst(words),
            reasons=reasons,
            warnings=warnings,
            accuracy=None if accuracy is None else accuracy.accuracy,
            rounds=rounds,
        )


def _parted(reports: Sequence[Report]) -> tuple[list[Report], Report | None]:
    """The measured rounds, and the accuracy round where there is one."""
    performance = [report for report in reports if report.plan.stream.mode == "Performance"]
    return performance, next((report for report in reports if report.plan.stream.mode == "Accuracy"), None)
