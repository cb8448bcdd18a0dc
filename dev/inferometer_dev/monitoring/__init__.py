"""A real Prometheus in the embedded cluster, which finds what it scrapes as a user's would."""
