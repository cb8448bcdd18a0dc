"""Which sample is sent when: fixed by the plan's seeds before the first byte leaves.

The stream is that of one logical load generator, whatever the number of workers: each takes its shard of it.
Nothing here reads a clock, a file or a socket.
"""

from inferometer_loadgen.stream.make import make_stream
from inferometer_loadgen.stream.model import Issue, Stream, first_rows, stream_digest, until
from inferometer_loadgen.stream.sharding import Shard, replica_of, shard

__all__ = ["Issue", "Stream", "Shard", "make_stream", "shard", "replica_of", "first_rows", "until", "stream_digest"]
