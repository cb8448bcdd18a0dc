"""What `inferometer run` takes as a server's URL, and from where."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from inferometer_loadgen.commands.endpoint import replicas_of
from integration.loadgen.recorder import MODEL, recording_server
from integration.loadgen.shell import inferometer, report_in
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


def of_servers(folder: Path, *urls: str, **endpoint: Any) -> Path:
    """The ordinary spec of a second, on servers that it names."""
    path = write_spec(folder, model=MODEL, minDuration="1s")
    document = yaml.safe_load(path.read_text())
    document["spec"]["target"] = {"endpoint": {"urls": list(urls), **endpoint}}
    path.write_text(yaml.safe_dump(document))
    return path


def test_the_servers_of_the_spec_are_asked_and_their_counters_are_left_alone_where_it_says_so(tmp_path: Path) -> None:
    with recording_server() as one, recording_server() as other:
        spec = of_servers(tmp_path, one.url, other.url, metricsURLs=[])
        ended = inferometer("run", str(spec), "-o", str(tmp_path / "out"))

    assert ended.code in {0, 3}, ended.stderr
    report = report_in(tmp_path / "out")
    assert report.result.errors == 0
    assert [replica.url for replica in report.assignment.replicas] == [one.url, other.url]
    assert min(len(one.received), len(other.received)) > 0
    assert all("the spec names no metrics page" in replica.absent_reason for replica in report.replicas)
    assert "CountsNotRead" in {warning.type for warning in report.warnings}


def test_servers_that_are_given_are_asked_instead_of_the_specs(tmp_path: Path) -> None:
    with recording_server() as given:
        spec = of_servers(tmp_path, "http://127.0.0.1:9", auth={"secretRef": {"name": "access", "key": "token"}})
        ended = inferometer("run", str(spec), "--endpoint", given.url, "-o", str(tmp_path / "out"))

    assert ended.code in {0, 3}, ended.stderr
    assert report_in(tmp_path / "out").result.errors == 0


def test_what_the_specs_servers_ask_for_is_taken_from_files(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    with recording_server(required={"Authorization": "Bearer s3cret"}) as server:
        spec = of_servers(tmp_path, server.url, auth={"secretRef": {"name": "access", "key": "token"}})
        ended = inferometer("run", str(spec), "--token-file", str(tmp_path / "token"), "-o", str(tmp_path / "out"))

    assert ended.code in {0, 3}, ended.stderr
    assert report_in(tmp_path / "out").result.errors == 0
