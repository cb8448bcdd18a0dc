"""The clients that are compared, one module each; each run of one is a process of its own."""
