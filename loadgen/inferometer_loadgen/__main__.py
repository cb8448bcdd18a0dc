"""`python -m inferometer_loadgen` is `inferometer`."""

from inferometer_loadgen.cli import entry_point

entry_point()
