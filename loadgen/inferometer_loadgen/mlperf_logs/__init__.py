"""The log files of MLPerf's LoadGen (6.0.17), as text, from a report.

Of a run of several rounds they tell what the report's result tells: of repeats the median round, of a search for the
peak the round that was measured in full. The verdict is that of the whole run.
"""

from inferometer_loadgen.mlperf_logs.accuracy import RawAnswer, accuracy_lines
from inferometer_loadgen.mlperf_logs.detail import detail_text
from inferometer_loadgen.mlperf_logs.parts import parts_of
from inferometer_loadgen.mlperf_logs.scenarios import has_logs, official_logs, why_none
from inferometer_loadgen.mlperf_logs.summary import summary_text

ACCURACY, DETAIL, SUMMARY = "mlperf_log_accuracy.json", "mlperf_log_detail.txt", "mlperf_log_summary.txt"

__all__ = [
    "ACCURACY",
    "DETAIL",
    "SUMMARY",
    "RawAnswer",
    "accuracy_lines",
    "detail_text",
    "has_logs",
    "official_logs",
    "parts_of",
    "summary_text",
    "why_none",
]
