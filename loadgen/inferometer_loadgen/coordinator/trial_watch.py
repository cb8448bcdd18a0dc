"""Looks on while a trial is measured, and says when it cannot be valid any more."""

import numpy as np

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.protocol.frames import Records
from inferometer_loadgen.rounds import Round
from inferometer_loadgen.stream import Stream
from inferometer_loadgen.verdict.fate import Fate


class TrialWatch:
    """Of one round; of one that is measured in full it says nothing."""

    def __init__(self, of: Round, whole: Plan, stream: Stream) -> None:
        self._workers = whole.workers
        self._fate = Fate(of.plan(whole), stream.scheduled_ns) if of.may_end_early else None

    def add(self, worker: int, records: Records) -> str:
        """Takes records that fit the stream; why the round can't be valid any more, empty while it can."""
        if self._fate is None:
            return ""
        rows, sent_ns, done_ns = (
            np.frombuffer(column, dtype="<i8") for column in (records.rows, records.sent_ns, records.done_ns)
        )
        status = np.frombuffer(records.status, dtype=np.int8)
        return self._fate.note(worker + rows * self._workers, sent_ns, done_ns, status)
