"""Services of a user's own, deployed as users do, and benchmarked where they are: let in by Secrets, left alone."""

import base64
import gzip

import pytest
import trustme

from e2e.cluster import Bench, Object, condition, is_finished, is_measuring
from e2e.recorder import create_numbers, load_recorder
from e2e.services import a_service, config_map, deploy_recorder, deploy_triton, of_endpoint, secret
from e2e.tritonserver import MODEL
from inferometer_loadgen.report.schema import Report, decode

TOKEN = "s3cret-of-the-service"
NUMBERS = {"data": {"configMap": {"name": "numbers"}}}
RECORDER = {"model": {"name": MODEL}}
COUNTED_OTHERWISE = {"ForeignRequests", "AnswersNotCounted", "ServerRestarted"}

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def recorder(operator: int) -> None:
    """The image of a server that writes down what it is asked, on the node."""
    load_recorder()


def ran(bench: Bench, benchmark: Object) -> tuple[Object, Report]:
    """Its status and its report, once it has a verdict and holds nothing any more."""
    name = benchmark["metadata"]["name"]
    bench.apply(benchmark)
    status = bench.wait(name, is_finished, 120, "finished")["status"]
    assert condition(status, "Complete").get("status") == "True", status
    bench.wait_until(lambda: bench.of_run(name, "pods,secrets") == [], 30, "rid of everything")
    stored = bench.get("configmap", status["report"]["configMap"])["binaryData"]["report.json.gz"]
    return status, decode(gzip.decompress(base64.b64decode(stored)))


def ends_as(bench: Bench, name: str, reason: str, *words: str) -> Object:
    status: Object = bench.wait(name, is_finished, 90, "finished")["status"]
    failed = condition(status, "Failed")
    assert (failed["status"], failed["reason"]) == ("True", reason), failed
    for word in words:
        assert word in failed["message"]
    bench.wait_until(lambda: bench.of_run(name, "pods,secrets") == [], 30, "rid of its pods")
    return status


def test_a_triton_of_the_users_own_is_measured_over_both_protocols_and_left_as_it_was(bench: Bench) -> None:
    service = deploy_triton(bench)
    before = service.pod["metadata"]["uid"]
    queries = 0
    for protocol in ("http", "grpc"):
        benchmark = of_endpoint(protocol, {"urls": [service.url(protocol)]}, load={"protocol": protocol})
        status, report = ran(bench, benchmark)

        assert condition(status, "ServersReady")["reason"] == "EndpointGiven"
        assert status["result"]["errors"] == 0, status
        # Its own counters say the same as the client.
        assert not {one["type"] for one in status.get("reasons", ())} & COUNTED_OTHERWISE
        assert [replica.server_successes for replica in report.replicas] == [report.result.queries]
        (server,) = status["servers"]
        assert (server["name"], server["url"]) == (service.url(protocol).partition("://")[2], service.url(protocol))
        assert (server["queries"], server["ready"]) == (report.result.queries, True)
        queries += report.result.queries
    assert queries > 0
    assert service.pod["metadata"]["uid"] == before
    assert service.pod["status"]["containerStatuses"][0]["restartCount"] == 0

    # What it does not serve, its workers are told in its own words.
    bench.apply(of_endpoint("unknown", {"urls": [service.url("http")]}, model={"name": "nope"}))
    ends_as(bench, "unknown", "ModelNotFound", "unknown model", "'nope'", "Correct spec.model.name")
    # Nor is there anybody else: a port at which nobody answers.
    bench.apply(of_endpoint("nobody", {"urls": [f"http://{service.pod['status']['podIP']}:9"]}))
    ends_as(bench, "nobody", "ServerUnreachable", "Connection refused")


def test_a_bearer_token_comes_from_its_secret_and_shows_nowhere(bench: Bench, recorder: None) -> None:
    create_numbers(bench)
    service = a_service(bench, "guarded")
    deploy_recorder(service, {"REQUIRED_AUTHORIZATION": f"Bearer {TOKEN}"})
    secret(bench, "access", token=f"{TOKEN}\n", other="none that is let in")
    guarded = {"urls": [service.url("http")], "auth": {"secretRef": {"name": "access", "key": "token"}}}

    benchmark = of_endpoint("let-in", guarded, load=NUMBERS, **RECORDER)
    bench.apply(benchmark)
    bench.wait("let-in", is_measuring, 90, "measuring")
    shown = [
        bench.kubectl("get", "pods,events,configmaps,inferencebenchmarks", "-o", "yaml", "-l", "app!=guarded"),
        *(bench.kubectl("logs", f"let-in-{pod}") for pod in ("coordinator", "worker-0", "worker-1")),
    ]
    status, report = ran(bench, benchmark)

    # Each request had the token, or it would have been refused.
    assert status["result"]["errors"] == 0, status
    assert service.log.count('"sample"') >= report.result.queries > 0
    shown += [bench.kubectl("get", "events,configmaps,inferencebenchmarks", "-o", "yaml"), repr(report)]
    assert not any(TOKEN in text for text in shown)

    wrong = guarded | {"auth": {"secretRef": {"name": "access", "key": "other"}}}
    bench.apply(of_endpoint("refused", wrong, load=NUMBERS, **RECORDER))
    ends_as(bench, "refused", "ServerUnreachable", "refuses us, 401", "who are you?", "spec.target.endpoint.auth")


def test_what_load_pods_can_not_mount_is_said_with_the_field_that_names_it(bench: Bench) -> None:
    nowhere = {"urls": ["http://127.0.0.1:9"]}
    bench.apply(of_endpoint("no-secret", nowhere | {"auth": {"secretRef": {"name": "access", "key": "token"}}}))
    words = "can't mount Secret access, which spec.target.endpoint.auth.secretRef names"
    status = ends_as(bench, "no-secret", "CredentialsMissing", words, 'secret "access" not found')
    assert not condition(status, "LoadersReady")

    secret(bench, "access", other="x")
    header = {"name": "X-Api-Key", "secretRef": {"name": "access", "key": "key"}}
    bench.apply(of_endpoint("no-key", nowhere | {"auth": {"headers": [header]}}))
    ends_as(bench, "no-key", "CredentialsMissing", "spec.target.endpoint.auth.headers[0].secretRef", "non-existent")


def test_a_service_that_speaks_tls_is_trusted_by_its_authority_and_shown_a_certificate(
    bench: Bench, recorder: None
) -> None:
    """Its counters too: the coordinator reads them over TLS."""
    create_numbers(bench)
    authority, service = trustme.CA(), a_service(bench, "secured")
    trusted = authority.cert_pem.bytes().decode()
    theirs, ours = authority.issue_cert(service.address), authority.issue_cert("load@example.test")
    secret(bench, "theirs", **{"ca.crt": trusted}, **pair(theirs))
    config_map(bench, "trust", **{"ca.crt": trusted})
    secret(bench, "ours", **pair(ours))
    deploy_recorder(service, {"TLS_FOLDER": "/tls"}, secret="theirs")
    endpoint = {
        "urls": [service.url("https")],
        "metricsURLs": [f"https://{service.address}:8002/metrics"],
        "tls": {
            "caBundle": {"configMap": {"name": "trust", "key": "ca.crt"}},
            "clientCertificateSecret": "ours",
        },
    }

    status, report = ran(bench, of_endpoint("secured", endpoint, load=NUMBERS, **RECORDER))

    assert status["result"]["errors"] == 0, status
    assert [replica.server_successes for replica in report.replicas] == [report.result.queries]


def pair(certificate: trustme.LeafCert) -> dict[str, str]:
    chain, key = certificate.cert_chain_pems[0].bytes(), certificate.private_key_pem.bytes()
    return {"tls.crt": chain.decode(), "tls.key": key.decode()}
