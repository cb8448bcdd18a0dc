"""The ordinary spec that tests change in one place."""

import copy

QUICKSTART = """\
apiVersion: inferometer.dev/v1alpha1
kind: InferenceBenchmark
metadata: {name: quickstart, namespace: bench}
spec:
  scenario: Server
  model: {name: magika}
  target:
    triton:
      image: localhost/triton-cpu:2.51
      replicas: 2
      gpu: {count: 0}
      modelRepository: {image: localhost/magika-model:1.0.3}
  load:
    protocol: http
    workers: 2
    targetQPS: 40
    latencyBound: 250ms          # at the 99th percentile unless latencyPercentile says otherwise
    minDuration: 20s
    data: {configMap: {name: quickstart-samples}}
"""

_OBJECT = {
    "apiVersion": "inferometer.dev/v1alpha1",
    "kind": "InferenceBenchmark",
    "metadata": {"name": "ordinary", "namespace": "bench", "uid": "1"},
    "spec": {
        "scenario": "Server",
        "model": {"name": "m"},
        "target": {"triton": {"image": "triton", "modelRepository": {"image": "models"}}},
        "load": {"targetQPS": 10, "latencyBound": "100ms", "data": {"synthetic": {}}},
    },
}


def an_object():
    return copy.deepcopy(_OBJECT)


def with_value(path, value):
    """The ordinary object with one value set; `path` is spec.load.workers and the like."""
    changed = an_object()
    block = changed
    *blocks, last = path.split(".")
    for name in blocks:
        block = block.setdefault(name, {})
    block[last] = value
    return changed


def without(path):
    changed = an_object()
    block = changed
    *blocks, last = path.split(".")
    for name in blocks:
        block = block[name]
    del block[last]
    return changed
