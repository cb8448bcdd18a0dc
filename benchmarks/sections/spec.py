"""A benchmark of the null model, as a user would write it."""

TEMPLATE = """\
apiVersion: inferometer.dev/v1alpha1
kind: InferenceBenchmark
metadata: {{name: null-model, namespace: bench}}
spec:
  scenario: Server
  model: {{name: "null", version: "1"}}
  target:
    triton:
      image: localhost/null
      replicas: 1
      gpu: {{count: 0}}
      modelRepository: {{image: localhost/null-model}}
  load:
    protocol: http
    workers: {workers}
    targetQPS: {rate}
    latencyBound: 100ms
    minDuration: 1s
    minQueries: {queries}
    warmup: 1s
    data: {{synthetic: {{samples: 64, seed: 1}}}}
"""


def spec(*, workers: int, rate: int, queries: int) -> str:
    """Its YAML."""
    return TEMPLATE.format(workers=workers, rate=rate, queries=queries)
