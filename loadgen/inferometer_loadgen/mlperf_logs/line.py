"""One line of mlperf_log_detail.txt, as LoadGen 6.0.17 writes it."""

import json

type LogValue = str | int | float | bool | list[int]

PREFIX = ":::MLLOG "
"""The submission checker takes a file for a detail log if its first line begins so."""


def detail_line(key: str, value: LogValue, *, time_ms: float, is_error: bool = False, is_warning: bool = False) -> str:
    """A key and its value, `time_ms` milliseconds after the start of the log; without a line end.

    LoadGen's `file`, `line_no`, `pid` and `tid` name a place in its source and a thread: there is none such here, so
    that they name Inferometer and are 0.
    """
    metadata = {
        "is_error": is_error, "is_warning": is_warning, "file": "inferometer", "line_no": 0, "pid": 0, "tid": 0,
    }  # fmt: skip
    return PREFIX + json.dumps(
        {
            "key": key,
            "value": value,
            "time_ms": time_ms,
            "namespace": "mlperf::logging",
            "event_type": "POINT_IN_TIME",
            "metadata": metadata,
        }
    )
