"""Writes MLPerf's log files of a report into a folder, with the answers that its run has left beside it."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen import mlperf_logs

LOGGED = "TEST01"
"""Below the folder of a run, where the answers are that were logged while its performance was measured."""

if TYPE_CHECKING:
    from inferometer_loadgen.coordinator.spool import OutputsSpool
    from inferometer_loadgen.report.schema import Report


def write_logs(report: "Report", folder: Path, answers: Path) -> str:
    """Writes the files of a report that has some, a folder for each mode where a run had two.

    `answers` is the folder where the answers of an accuracy round are. Returns why there is no log of them, empty where
    there is one. Raises OSError for a folder that cannot be written.
    """
    missing = [_write_part(part, folder / name, answers) for name, part in mlperf_logs.parts_of(report)]
    return next(filter(None, missing), "")


def _write_part(report: "Report", folder: Path, answers: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    if official := mlperf_logs.official_logs(report):
        for name, text in official.items():
            (folder / name).write_text(text, encoding="utf-8")
        return ""
    (folder / mlperf_logs.SUMMARY).write_text(mlperf_logs.summary_text(report), encoding="utf-8")
    (folder / mlperf_logs.DETAIL).write_text(mlperf_logs.detail_text(report), encoding="utf-8")
    if report.plan.stream.accuracy_log is not None:
        # In a submission the logged answers of TEST01 stand beside its performance.
        beside = folder.parent.parent / "accuracy"
        beside.mkdir(parents=True, exist_ok=True)
        return _log_kept(report, beside, answers / LOGGED)
    if report.plan.stream.mode == "Performance":
        _write_answers(folder, ())
        return ""
    return _log_kept(report, folder, answers)


def _write_answers(folder: Path, answers: Iterable[mlperf_logs.RawAnswer]) -> None:
    with (folder / mlperf_logs.ACCURACY).open("w") as file:
        file.writelines(mlperf_logs.accuracy_lines(answers))


def _log_kept(report: "Report", folder: Path, answers: Path) -> str:
    from inferometer_loadgen.coordinator.spool import DATA, INDEX, OutputsError, OutputsSpool
    from inferometer_loadgen.datasets.library import DataError

    (folder / mlperf_logs.ACCURACY).unlink(missing_ok=True)
    if not all((answers / name).is_file() for name in (DATA, INDEX)):
        return (
            f"{answers} holds no answers ({DATA}, {INDEX}); they are kept in the folder that `inferometer run` writes"
        )
    try:
        with closing(OutputsSpool.stored(answers)) as spool:
            _write_answers(folder, _kept(report, spool))
    except (OutputsError, DataError) as error:
        (folder / mlperf_logs.ACCURACY).unlink(missing_ok=True)
        return str(error)
    return ""


def _kept(report: "Report", spool: "OutputsSpool") -> "Iterator[mlperf_logs.RawAnswer]":
    from inferometer_loadgen.datasets.outputs import of_sample, outputs_of
    from inferometer_loadgen.stream import is_open_ended, make_stream

    plan = report.plan.stream
    stream = make_stream(plan, report.result.queries if is_open_ended(plan) else None)
    log = plan.accuracy_log
    for kept in spool.answers(stream) if log is None else spool.logged(stream, log):
        outputs = outputs_of(report.plan.protocol, kept.data, kept.json_length)
        # An answer for one sample has the same bytes with and without a batch dimension.
        own = of_sample(outputs, kept.position, kept.samples, is_batched=kept.samples > 1)
        yield mlperf_logs.RawAnswer(
            seq_id=kept.row * stream.samples_per_row + kept.position,
            qsl_idx=kept.sample,
            data=b"".join(map(output_bytes, own.values())),
        )


def output_bytes(array: NDArray[np.generic]) -> bytes:
    """An output as KServe v2 has it in binary: row by row, little-endian, each text with its length before it."""
    if array.dtype != np.object_:
        return array.astype(array.dtype.newbyteorder("<")).tobytes()
    return b"".join(len(text).to_bytes(4, "little") + text for text in array.ravel().tolist())
