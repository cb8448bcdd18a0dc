"""Sends one shard of the stream on time and writes one record a query."""
