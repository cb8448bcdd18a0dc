"""Each rule of spec.target.endpoint accepts what it must and refuses what it must, on a real API server."""

from typing import Any

import pytest
import yaml

from inferometer_loadgen.spec.decode import decode_file
from inferometer_loadgen.spec.errors import SpecErrors

from .conftest import ApiException
from .test_crd import Benchmarks, a_benchmark, benchmarks, refusal

URL = "http://triton:8000"
SECURED = "https://triton:8000"
TOKEN = {"name": "access", "key": "token"}


def an_endpoint(protocol: str = "http", **fields: Any) -> dict[str, Any]:
    load = a_benchmark()["spec"]["load"] | {"protocol": protocol}
    return a_benchmark(target={"endpoint": {"urls": [URL]} | fields}, load=load)


def sequences_on(urls: list[str]) -> dict[str, Any]:
    load: dict[str, Any] = {"data": {"synthetic": {}}, "concurrency": 4, "sequences": {"count": 4, "length": 10}}
    return a_benchmark(target={"endpoint": {"urls": urls}}, scenario="Concurrency", load=load | {"protocol": "http"})


def header(name: str) -> dict[str, Any]:
    return {"name": name, "secretRef": TOKEN}


BOTH = a_benchmark(target=a_benchmark()["spec"]["target"] | an_endpoint()["spec"]["target"])
MANY = [f"http://server-{number}.{'n' * 60}.{'m' * 60}.svc:8000" for number in range(256)]

OVER_CREATION: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "a target is launched or runs already": (an_endpoint(), BOTH, "set exactly one of triton, endpoint"),
    "there is a target": (a_benchmark(), a_benchmark(target={}), "set exactly one of triton, endpoint"),
    "there is a server": (an_endpoint(), an_endpoint(urls=[]), "spec.target.endpoint.urls"),
    "there are 256 servers at most": (
        an_endpoint(urls=MANY),
        an_endpoint(urls=[*MANY, URL]),
        "spec.target.endpoint.urls: Too many",
    ),
    "a server is there once": (
        an_endpoint(urls=[URL, "http://triton:8001"]),
        an_endpoint(urls=[URL, URL]),
        "spec.target.endpoint.urls[1]: Duplicate value",
    ),
    "an URL has no path": (an_endpoint(), an_endpoint(urls=[f"{URL}/v2"]), "spec.target.endpoint.urls[0]"),
    "an URL has no credentials": (
        an_endpoint(urls=["http://[fd00::1]:80"]),
        an_endpoint(urls=["http://a:b@triton:8000"]),
        "spec.target.endpoint.urls[0]",
    ),
    "a port is one": (
        an_endpoint(urls=["http://triton:65535"]),
        an_endpoint(urls=["http://triton:65536"]),
        "spec.target.endpoint.urls[0]",
    ),
    "an URL has the load's protocol": (
        an_endpoint("grpc", urls=["grpc://triton:8001"]),
        an_endpoint("grpc"),
        "urls of another protocol than load.protocol",
    ),
    "all speak TLS, or none": (
        an_endpoint(urls=[SECURED, "https://b"]),
        an_endpoint(urls=[SECURED, "http://b"]),
        "some urls speak TLS and some do not",
    ),
    "each server has its page, or none has": (
        an_endpoint(metricsURLs=[]),
        an_endpoint(metricsURLs=["http://a/metrics", "http://b/metrics"]),
        "write one for each, in the same order, or [] for none",
    ),
    "tls is for those who speak it": (
        an_endpoint(urls=[SECURED], tls={"clientCertificateSecret": "us"}),
        an_endpoint(tls={"clientCertificateSecret": "us"}),
        "tls means nothing where no URL speaks TLS",
    ),
    "metrics pages may speak TLS alone": (
        an_endpoint(metricsURLs=["https://triton:8002/metrics"], tls={"clientCertificateSecret": "us"}),
        an_endpoint(metricsURLs=["http://triton:8002/metrics"], tls={"clientCertificateSecret": "us"}),
        "tls means nothing where no URL speaks TLS",
    ),
    "authorities have one source": (
        an_endpoint(urls=[SECURED], tls={"caBundle": {"secret": TOKEN}}),
        an_endpoint(urls=[SECURED], tls={"caBundle": {"secret": TOKEN, "configMap": TOKEN}}),
        "set exactly one of configMap, secret",
    ),
    "auth sends something": (
        an_endpoint(auth={"secretRef": TOKEN}),
        an_endpoint(auth={}),
        "auth names nothing that is sent",
    ),
    "a header field is sent once": (
        an_endpoint(auth={"headers": [header("X-A"), header("X-B")]}),
        an_endpoint(auth={"headers": [header("X-A"), header("x-a")]}),
        "a header field is sent twice",
    ),
    "a token is sent once": (
        an_endpoint(auth={"headers": [header("Authorization")]}),
        an_endpoint(auth={"secretRef": TOKEN, "headers": [header("authorization")]}),
        "a header field is sent twice",
    ),
    "sequences stay with their server": (
        sequences_on([URL, "http://b"]),
        sequences_on([URL, "http://b", "http://c"]),
        "sequences.count is no multiple of how many urls there are",
    ),
    "a header field is the user's": (
        an_endpoint(auth={"headers": [header("X-A")]}),
        an_endpoint(auth={"headers": [header("Content-Length")]}),
        "a header field that belongs to the request itself",
    ),
}


@pytest.mark.parametrize(("accepted", "refused", "words"), OVER_CREATION.values(), ids=OVER_CREATION.keys())
def test_at_its_creation(benchmarks: Benchmarks, accepted: dict, refused: dict, words: str) -> None:
    benchmarks.create(accepted)

    with pytest.raises(ApiException) as error:
        benchmarks.create(refused | {"metadata": {"name": "refused"}})
    assert words in refusal(error)


@pytest.mark.parametrize(("accepted", "refused", "_words"), OVER_CREATION.values(), ids=OVER_CREATION.keys())
def test_the_shell_says_the_same_of(accepted: dict, refused: dict, _words: str) -> None:
    assert decode_file(yaml.safe_dump(accepted), "good.yaml").name == accepted["metadata"]["name"]

    with pytest.raises(SpecErrors, match=r"bad\.yaml:[0-9]+: .*hint: "):
        decode_file(yaml.safe_dump(refused), "bad.yaml")


__all__ = ["benchmarks"]
