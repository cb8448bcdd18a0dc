"""A real Kubernetes, real Triton and their images for development: real binaries as children, ready when they answer.

Standard library only, so that it runs before any virtual environment exists. It needs root, Go, a C compiler and
Debian's tools; it never needs Docker. Nothing here is shipped to users of Inferometer.
"""
