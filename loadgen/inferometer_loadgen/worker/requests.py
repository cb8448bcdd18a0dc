"""The bytes of every request, made before the run: nothing is serialised while it is measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from inferometer_loadgen.datasets.bodies import HttpBody
from inferometer_loadgen.plan import ModelPlan, ReplicaAddress
from inferometer_loadgen.wire import infer_head, infer_path


@dataclass(frozen=True, slots=True)
class Requests:
    """`heads[replica][sample]` and `bodies[sample]`: the two buffers of a request."""

    heads: Sequence[Sequence[bytes]]
    bodies: Sequence[bytes]


def make_requests(model: ModelPlan, replicas: Sequence[ReplicaAddress], bodies: Sequence[HttpBody]) -> Requests:
    """The requests of every sample to every replica. Heads that are equal are one object: most samples share a size."""
    path = infer_path(model.name, model.version)
    heads = []
    for replica in replicas:
        host = urlsplit(replica.url).netloc
        made: dict[tuple[int, int], bytes] = {}
        row = []
        for body in bodies:
            size = (body.json_length, len(body.data))
            if size not in made:
                made[size] = infer_head(host, path, *size)
            row.append(made[size])
        heads.append(row)
    return Requests(heads=heads, bodies=[body.data for body in bodies])
