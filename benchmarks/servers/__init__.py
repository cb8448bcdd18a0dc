"""Servers that cost nothing, in C: what is measured is the client."""
