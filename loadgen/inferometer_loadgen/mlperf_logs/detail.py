"""mlperf_log_detail.txt from a report: what the submission checker reads, and what else the report knows.

Never LoadGen's version, build, git and sha1 keys, which would pass our log off as the official package's.
"""

from datetime import datetime

import msgspec

from inferometer_loadgen.mlperf_logs.line import LogValue, detail_line
from inferometer_loadgen.mlperf_logs.results import results_of
from inferometer_loadgen.mlperf_logs.scenarios import has_logs, why_none
from inferometer_loadgen.mlperf_logs.settings import settings_of
from inferometer_loadgen.mlperf_logs.trouble import errors_of
from inferometer_loadgen.report.schema import Report


def detail_text(report: Report) -> str:
    """The file's text. Raises ValueError for a scenario that MLPerf does not have."""
    if not has_logs(report):
        raise ValueError(why_none(report))
    values = _origin(report) | settings_of(report) | results_of(report)
    lines = [detail_line(key, value, time_ms=0.0) for key, value in values.items()]
    # By these the checker finds that a run had errors.
    errors = errors_of(report)
    lines += [detail_line("warning_runtime", item.message, time_ms=0.0, is_warning=True) for item in report.warnings]
    lines += [detail_line("error_runtime", message, time_ms=0.0, is_error=True) for message in errors]
    lines.append(detail_line("num_errors", len(errors), time_ms=0.0))
    return "".join(f"{line}\n" for line in lines)


def sut_name(report: Report) -> str:
    """What was measured, as far as the report knows it."""
    return f"{report.plan.model.name} on {report.versions.server or 'an unnamed server'}"


def _origin(report: Report) -> dict[str, LogValue]:
    stream = report.plan.stream
    return {
        "inferometer_version": report.versions.inferometer,
        "test_datetime": f"{datetime.fromisoformat(report.start_time):%Y-%m-%dT%H:%M:%SZ}",
        "sut_name": sut_name(report),
        "qsl_name": str(msgspec.to_builtins(report.plan.data)["kind"]),
        "qsl_reported_total_count": stream.total_samples,
        "qsl_reported_performance_count": stream.performance_samples,
    }
