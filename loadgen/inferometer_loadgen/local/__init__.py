"""A run without a cluster: the same coordinator and worker processes, over loopback."""
