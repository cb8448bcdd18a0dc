"""Servers that run already, as a target: what is refused, and what addresses a run makes of it."""

from typing import Any

import msgspec
import pytest

from inferometer_loadgen.plan import ReplicaAddress, digest, encode
from inferometer_loadgen.spec.benchmark import BenchmarkSpec
from inferometer_loadgen.spec.decode import decode_object
from inferometer_loadgen.spec.endpoint import RESERVED_HEADERS, EndpointTarget, replica_addresses
from inferometer_loadgen.spec.resolve import resolve
from inferometer_loadgen.wire import FieldError, checked_field

from .specs import an_object

URL = "http://triton:8000"
SECURED = "https://triton.example.test"
TOKEN = {"name": "access", "key": "token"}


def an_endpoint(protocol: str = "http", **fields: Any) -> dict[str, Any]:
    benchmark = an_object()
    benchmark["spec"]["target"] = {"endpoint": {"urls": [URL]} | fields}
    benchmark["spec"]["load"]["protocol"] = protocol
    return benchmark


def errors_of(benchmark: dict[str, Any]) -> list[str]:
    return [str(error) for error in decode_object(benchmark)[1]]


ACCEPTED: dict[str, dict[str, Any]] = {
    "one server": an_endpoint(),
    "several servers": an_endpoint(urls=[URL, "http://10.0.0.7:8000", "http://[fd00::7]:8000"]),
    "TLS at the default port": an_endpoint(urls=[SECURED]),
    "gRPC": an_endpoint("grpc", urls=["grpc://triton:8001"]),
    "gRPC over TLS": an_endpoint("grpc", urls=["grpcs://triton:8001"]),
    "no counters": an_endpoint(urls=[URL, "http://b:8000"], metricsURLs=[]),
    "counters elsewhere": an_endpoint(metricsURLs=["https://metrics.example.test/triton/metrics"]),
    "authorities in a ConfigMap": an_endpoint(
        urls=[SECURED], tls={"caBundle": {"configMap": {"name": "trust", "key": "ca.crt"}}}
    ),
    "TLS of the counters alone": an_endpoint(
        metricsURLs=["https://triton:8002/metrics"], tls={"clientCertificateSecret": "us"}
    ),
    "a key that begins with a dot": an_endpoint(auth={"secretRef": {"name": "access", "key": ".token"}}),
    "a token and a header field": an_endpoint(
        auth={"secretRef": TOKEN, "headers": [{"name": "X-Api-Key", "secretRef": TOKEN}]}
    ),
}


@pytest.mark.parametrize("benchmark", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_accepted(benchmark: dict[str, Any]) -> None:
    assert errors_of(benchmark) == []


AT = "spec.target.endpoint"
FORM = (
    "is not a server's URL, such as http://triton:8000 or grpc://triton:8001, without credentials, path or query; "
    "https:// or grpcs:// with TLS. hint: correct it"
)
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no server": (an_endpoint(urls=[]), f"{AT}.urls: has 0 entries. hint: give at least 1"),
    "no scheme": (an_endpoint(urls=["triton:8000"]), f"{AT}.urls[0]: `triton:8000` {FORM}"),
    "a path": (an_endpoint(urls=[f"{URL}/v2"]), f"{AT}.urls[0]: `{URL}/v2` {FORM}"),
    "a query": (an_endpoint(urls=[f"{URL}?a=1"]), f"{AT}.urls[0]: `{URL}?a=1` {FORM}"),
    "credentials": (an_endpoint(urls=["http://a:b@triton:8000"]), f"{AT}.urls[0]: `http://a:b@triton:8000` {FORM}"),
    "no port at all": (an_endpoint(urls=["http://triton:0"]), f"{AT}.urls[0]: `http://triton:0` {FORM}"),
    "a port beyond all": (an_endpoint(urls=["http://triton:65536"]), f"{AT}.urls[0]: `http://triton:65536` {FORM}"),
    "another protocol than the load's": (
        an_endpoint("grpc"),
        f"{AT}.urls[0]: `{URL}` does not fit spec.load.protocol `grpc`. hint: write grpc:// or grpcs://, or set",
    ),
    "one server twice": (an_endpoint(urls=[URL, URL]), f"{AT}.urls[1]: `{URL}` is there twice. hint: leave one of"),
    "TLS of some": (
        an_endpoint(urls=[URL, SECURED]),
        f"{AT}.urls: some speak TLS and some do not. hint: write https:// or grpcs:// for all, or for none",
    ),
    "fewer pages than servers": (
        an_endpoint(urls=[URL, "http://b:8000"], metricsURLs=["http://triton:8002/metrics"]),
        f"{AT}.metricsURLs: has 1 entries for 2 urls. hint: write one for each, in the same order, or [] for none",
    ),
    "a page with credentials": (
        an_endpoint(metricsURLs=["http://a:b@triton:8002/metrics"]),
        f"{AT}.metricsURLs[0]: `http://a:b@triton:8002/metrics` is not a metrics page's URL",
    ),
    "authorities where nobody speaks TLS": (
        an_endpoint(tls={"clientCertificateSecret": "us"}),
        f"{AT}.tls: means nothing where no URL speaks TLS. hint: write https:// in urls, or leave it out",
    ),
    "authorities from nowhere": (
        an_endpoint(urls=[SECURED], tls={"caBundle": {}}),
        f"{AT}.tls.caBundle: none of configMap, secret is set. hint: set exactly one of configMap, secret",
    ),
    "authorities from two places": (
        an_endpoint(urls=[SECURED], tls={"caBundle": {"configMap": TOKEN, "secret": TOKEN}}),
        f"{AT}.tls.caBundle: both configMap and secret are set. hint: set exactly one of configMap, secret",
    ),
    "nothing to be sent": (
        an_endpoint(auth={}),
        f"{AT}.auth: names nothing that is sent. hint: set secretRef or headers, or leave it out",
    ),
    "a key that no Secret has": (
        an_endpoint(auth={"secretRef": {"name": "access", "key": "..token"}}),
        f"{AT}.auth.secretRef.key: `..token` is not a key of a Secret or ConfigMap",
    ),
    "a header field that looks like a flag": (
        an_endpoint(auth={"headers": [{"name": "-k", "secretRef": TOKEN}]}),
        f"{AT}.auth.headers[0].name: `-k` is not a header field's name",
    ),
    "a header field twice": (
        an_endpoint(auth={"headers": [{"name": "X-Key", "secretRef": TOKEN}, {"name": "x-key", "secretRef": TOKEN}]}),
        f"{AT}.auth.headers[1].name: `x-key` is sent already. hint: leave one of them out",
    ),
    "a token twice": (
        an_endpoint(auth={"secretRef": TOKEN, "headers": [{"name": "Authorization", "secretRef": TOKEN}]}),
        f"{AT}.auth.headers[0].name: `Authorization` is sent already. hint: leave one of them out",
    ),
    "a header field of the request itself": (
        an_endpoint(auth={"headers": [{"name": "Host", "secretRef": TOKEN}]}),
        f"{AT}.auth.headers[0].name: `Host` belongs to the request itself. hint: leave it out",
    ),
}


@pytest.mark.parametrize(("benchmark", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(benchmark: dict[str, Any], words: str) -> None:
    (error,) = errors_of(benchmark)

    assert error.startswith(words)


def test_a_target_is_launched_or_runs_already() -> None:
    both, neither = an_endpoint(), an_endpoint()
    both["spec"]["target"] |= an_object()["spec"]["target"]
    neither["spec"]["target"] = {}

    assert errors_of(both) == [
        "spec.target: both triton and endpoint are set. hint: set exactly one of triton, endpoint"
    ]
    assert errors_of(neither) == [
        "spec.target: none of triton, endpoint is set. hint: set exactly one of triton, endpoint"
    ]


def test_header_fields_that_are_refused_are_those_that_can_not_be_sent() -> None:
    for name in RESERVED_HEADERS:
        with pytest.raises(FieldError, match="belongs to the request itself"):
            checked_field((name, "value"))


@pytest.mark.parametrize(
    ("given", "pages"),
    [
        ({}, ["http://triton:8002/metrics", "http://[fd00::7]:8002/metrics"]),
        ({"metrics_urls": ("http://m/a", "http://m/b")}, ["http://m/a", "http://m/b"]),
        ({"metrics_urls": ()}, ["", ""]),
    ],
    ids=["those of Triton", "those given", "none"],
)
def test_each_server_has_its_name_its_address_and_its_metrics_page(given: dict[str, Any], pages: list[str]) -> None:
    endpoint = EndpointTarget(urls=("https://triton", "https://[fd00::7]:8000"), **given)

    assert replica_addresses(endpoint) == (
        ReplicaAddress(name="triton", url="https://triton", metrics_url=pages[0]),
        ReplicaAddress(name="[fd00::7]:8000", url="https://[fd00::7]:8000", metrics_url=pages[1]),
    )


def test_a_plan_says_how_many_servers_there_are_and_not_where_or_who_is_let_in() -> None:
    benchmark = an_endpoint(urls=[URL, "http://b:8000"], auth={"secretRef": TOKEN})
    plan = resolve("ordinary", msgspec.convert(benchmark["spec"], BenchmarkSpec), None)
    launched = an_object()
    launched["spec"]["target"]["triton"]["replicas"] = 2
    launched["spec"]["load"]["protocol"] = "http"

    assert plan.replicas == 2
    assert b"triton" not in encode(plan)
    assert digest(plan) == digest(resolve("ordinary", msgspec.convert(launched["spec"], BenchmarkSpec), None))
