"""The load generator: a library and a command line of its own, which knows nothing of Kubernetes."""

__version__ = "0.1.0"
