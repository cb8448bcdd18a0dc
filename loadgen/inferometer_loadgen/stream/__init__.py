"""Which sample is sent when: fixed by the plan's seeds before the first byte leaves.

The stream is that of one logical load generator, whatever the number of workers: each takes its shard of it.
Nothing here reads a clock, a file or a socket.
"""

from inferometer_loadgen.stream.lengths import interval_ns, least_rows
from inferometer_loadgen.stream.logged import LoggedRows, LoggedSamples
from inferometer_loadgen.stream.make import is_open_ended, issue_of, make_stream
from inferometer_loadgen.stream.model import Issue, Stream, first_rows, stream_digest, until
from inferometer_loadgen.stream.sharding import Shard, ShardRows, replica_of, replicas_asked, rows_of, shard

__all__ = [
    "Issue",
    "Stream",
    "LoggedRows",
    "LoggedSamples",
    "Shard",
    "ShardRows",
    "make_stream",
    "issue_of",
    "is_open_ended",
    "least_rows",
    "interval_ns",
    "shard",
    "rows_of",
    "replica_of",
    "replicas_asked",
    "first_rows",
    "until",
    "stream_digest",
]
