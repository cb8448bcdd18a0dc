"""One file a kind: arguments in, manifest out. Nothing here reads a clock, a file or a cluster."""
