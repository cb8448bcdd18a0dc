"""Makes many workers one load generator: one start, one clock, one set of records."""
