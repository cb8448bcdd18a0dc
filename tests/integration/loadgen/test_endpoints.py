"""What `inferometer run` takes as a server's URL."""

from pathlib import Path

import pytest

from inferometer_loadgen.commands.endpoint import replicas_of
from integration.loadgen.shell import inferometer
from integration.loadgen.specs import write_spec


@pytest.mark.parametrize("url", ["http://h:99999", "http://h:0", "http://[::1", "ftp://h", "h:8000", "http://h/v2"])
def test_an_endpoint_that_is_no_servers_url_is_refused_before_anything_starts(tmp_path: Path, url: str) -> None:
    ended = inferometer("run", str(write_spec(tmp_path)), "--endpoint", url, "-o", str(tmp_path))

    assert ended.code == 2, ended.stderr
    assert f"`{url}` is no server's URL" in ended.stderr


def test_a_server_is_asked_over_grpc_at_its_own_port() -> None:
    (replica,) = replicas_of(["grpc://h:8001"], [])

    assert (replica.url, replica.metrics_url) == ("grpc://h:8001", "http://h:8002/metrics")


def test_the_metrics_page_of_an_address_of_ipv6_is_at_that_address() -> None:
    (replica,) = replicas_of(["http://[::1]:8000"], [])

    assert replica.url == "http://[::1]:8000"
    assert replica.metrics_url == "http://[::1]:8002/metrics"
