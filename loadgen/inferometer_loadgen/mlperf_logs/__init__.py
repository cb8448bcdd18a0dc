"""The log files of MLPerf's LoadGen, as text, from a report."""
