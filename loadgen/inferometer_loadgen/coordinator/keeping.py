"""What is kept of the answers of a run, round by round: scored, or compared with what an earlier round has logged."""

import threading
from pathlib import Path

from msgspec import structs

from inferometer_loadgen.coordinator.comparing import Kept, Logged, compare_outputs
from inferometer_loadgen.coordinator.scoring import accuracy_of
from inferometer_loadgen.coordinator.spool import LOGGED, OutputsSpool
from inferometer_loadgen.plan import Plan
from inferometer_loadgen.protocol.frames import Outputs
from inferometer_loadgen.report.schema import Report
from inferometer_loadgen.rounds import keeps_answers
from inferometer_loadgen.stream import Stream, is_open_ended, make_stream
from inferometer_loadgen.verdict.accuracy import Accuracy


class AnswersKept:
    """`data` is the file of the samples, for their labels; answers are left in `folder`, or have no name."""

    def __init__(self, plan: Plan, data: Path | None, folder: Path | None) -> None:
        self._plan, self._data, self._folder = plan, data, folder
        self._round: Kept | None = None
        """None of a round whose answers are not kept."""
        self._logged: Logged | None = None
        """Of an earlier round, some of whose answers were."""
        self._stop = threading.Event()

    def begin(self, plan: Plan, stream: Stream) -> None:
        """Another round, by its own plan. Raises OSError where nothing can be written."""
        self._close_round()
        self._round = None
        if not keeps_answers(plan.stream):
            return
        folder = self._folder
        if folder is not None and plan.stream.accuracy_log is not None:
            folder = folder / LOGGED
        is_open = is_open_ended(plan.stream)
        self._round = Kept(stream, OutputsSpool(len(stream), plan.workers, folder, is_open_ended=is_open))

    def add(self, worker: int, frame: Outputs) -> None:
        """Takes a worker's frame. Raises OutputsError for what does not belong to the round."""
        if self._round is not None:
            self._round.spool.add(worker, frame)

    def accuracy(self, plan: Plan, *, is_batched: bool) -> Accuracy | None:
        """Of an accuracy round whose queries were all answered. Raises OutputsError where an answer is not there."""
        if self._round is None or plan.stream.mode != "Accuracy":
            return None
        self._round.spool.store()
        if plan.scorer is None:
            return None
        return accuracy_of(
            plan, self._round.stream, self._round.spool, self._data, is_batched=is_batched, stop=self._stop
        )

    def compared(self, report: Report, *, is_batched: bool) -> Report:
        """The round's report; of an accuracy round after one of which answers were logged, with what differs.

        Raises OutputsError where an answer is not there, DataError where one cannot be read.
        """
        own, plan = self._round, report.plan
        if own is None:
            return report
        if plan.stream.accuracy_log is not None:
            own.spool.store()
            stream = make_stream(plan.stream, report.result.queries) if is_open_ended(plan.stream) else own.stream
            self._logged = Logged(stream, own.spool, plan.stream.accuracy_log)
        elif self._logged is not None and report.verdict == "Valid":
            found = compare_outputs(self._plan, self._logged, own, self._data, is_batched=is_batched, stop=self._stop)
            return structs.replace(report, outputs=found)
        return report

    def stop_scoring(self) -> None:
        """Nobody waits for a score any more: ends a command, also from another thread."""
        self._stop.set()

    def close(self) -> None:
        """Gives the disk back."""
        self._close_round()
        if self._logged is not None:
            self._logged.spool.close()

    def _close_round(self) -> None:
        if self._round is not None and (self._logged is None or self._round.spool is not self._logged.spool):
            self._round.spool.close()
