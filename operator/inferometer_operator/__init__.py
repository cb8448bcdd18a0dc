"""The operator: runs benchmarks on a cluster, and keeps all its state in the API server."""
