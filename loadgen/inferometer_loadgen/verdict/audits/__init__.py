"""MLPerf's compliance tests as functions of figures: what was measured and logged, and how far that may be apart."""

from inferometer_loadgen.verdict.audits.limits import Limits, limits_of
from inferometer_loadgen.verdict.audits.outputs import OutputsFound, outputs_finding
from inferometer_loadgen.verdict.audits.performance import performance_finding
from inferometer_loadgen.verdict.audits.rounds import not_valid

__all__ = ["Limits", "OutputsFound", "limits_of", "not_valid", "outputs_finding", "performance_finding"]
