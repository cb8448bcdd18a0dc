"""MLPerf's compliance tests as rounds: the reference, the audited round, and TEST01's accuracy round."""

from inferometer_loadgen.rounds.audits.programme import Audit

__all__ = ["Audit"]
