"""Which servers `inferometer run` asks: those of the spec, unless others are given; and what the shell can't know."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from inferometer_loadgen import cli
from inferometer_loadgen.spec.decode import decode_file
from unit.spec.specs import an_object

EXAMPLES = Path(__file__).parents[3] / "examples"
TOKEN = {"name": "access", "key": "token"}


def written(folder: Path, **endpoint: Any) -> Path:
    benchmark = an_object()
    benchmark["spec"]["target"] = {"endpoint": {"urls": ["https://127.0.0.1:9"], "metricsURLs": [], **endpoint}}
    path = folder / "spec.yaml"
    path.write_text(yaml.safe_dump(benchmark))
    return path


def refusal(capsys: pytest.CaptureFixture[str], *argv: object) -> str:
    assert cli.main(["run", *map(str, argv)]) == 2
    return capsys.readouterr().err


def test_servers_that_are_launched_in_a_cluster_are_not_there_in_a_shell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(yaml.safe_dump(an_object()))

    assert refusal(capsys, path) == (
        "--endpoint: is missing, and the servers of spec.target.triton are launched in a cluster only. hint: give it: "
        "the URL of a server that runs, such as http://HOST:8000\n"
    )


@pytest.mark.parametrize(
    ("endpoint", "flags", "field", "hint"),
    [
        ({"auth": {"secretRef": TOKEN}}, (), "auth.secretRef", "give the token with --token-file FILE"),
        (
            {"auth": {"headers": [{"name": "X-A", "secretRef": TOKEN}, {"name": "X-B", "secretRef": TOKEN}]}},
            ("--header-file", "x-a=key.txt"),
            "auth.headers[1]",
            "give it with --header-file X-B=FILE",
        ),
        (
            {"tls": {"caBundle": {"configMap": TOKEN}}},
            (),
            "tls.caBundle",
            "give the certificates with --ca-file PEM",
        ),
        (
            {"tls": {"clientCertificateSecret": "us"}},
            (),
            "tls.clientCertificateSecret",
            "give it with --client-cert PEM and --client-key PEM",
        ),
    ],
    ids=["a token", "the second of two header fields", "authorities", "a certificate"],
)
def test_what_is_in_the_cluster_is_to_be_given_by_file(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    endpoint: dict[str, Any],
    flags: tuple[str, ...],
    field: str,
    hint: str,
) -> None:
    assert refusal(capsys, written(tmp_path, **endpoint), *flags) == (
        f"spec.target.endpoint.{field}: is in the cluster, where this shell does not read it. hint: {hint}\n"
    )


def test_the_example_is_what_it_says() -> None:
    path = EXAMPLES / "endpoint.yaml"

    assert decode_file(path.read_text(), str(path)).spec.target.replicas == 1


def test_the_example_is_validated_with_the_samples_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["validate", str(EXAMPLES / "endpoint.yaml")]) == 0
    assert "1 replica" in capsys.readouterr().err
