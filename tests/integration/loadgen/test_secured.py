"""`inferometer run` against servers that speak TLS, ask for a certificate, for a token and for a header field."""

import itertools
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from integration.loadgen.recorder import MODEL, Recorder, recording_server
from integration.loadgen.recorder_grpc import Identity, recording_grpc_server
from integration.loadgen.shell import Ended, children_of, inferometer, report_in, running
from integration.loadgen.specs import write_spec

SECRET, KEY = "planted-token-5e1f", "planted-key-77c0"
REQUIRED = {"Authorization": f"Bearer {SECRET}", "X-Api-Key": KEY}

type Serving = Callable[[], AbstractContextManager[Recorder]]


@dataclass(frozen=True)
class Files:
    """What a user holds."""

    ca: Path
    other_ca: Path
    certificate: Path
    key: Path
    token: Path
    api_key: Path

    @property
    def trust(self) -> tuple[str, ...]:
        return ("--ca-file", str(self.ca))

    @property
    def who(self) -> tuple[str, ...]:
        return ("--client-cert", str(self.certificate), "--client-key", str(self.key))

    @property
    def secrets(self) -> tuple[str, ...]:
        return ("--token-file", str(self.token), "--header-file", f"X-Api-Key={self.api_key}")


AUTHORITY = trustme.CA()
SERVER = AUTHORITY.issue_cert("127.0.0.1")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("access")
    client = AUTHORITY.issue_cert("load@inferometer")
    held = Files(*(folder / name for name in ("ca", "other_ca", "certificate", "key", "token", "api_key")))
    AUTHORITY.cert_pem.write_to_path(held.ca)
    trustme.CA().cert_pem.write_to_path(held.other_ca)
    client.cert_chain_pems[0].write_to_path(held.certificate)
    client.private_key_pem.write_to_path(held.key)
    held.token.write_text(f"{SECRET}\n")
    held.api_key.write_text(f"{KEY}\n")
    return held


def over_http() -> AbstractContextManager[Recorder]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    SERVER.configure_cert(context)
    AUTHORITY.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return recording_server(tls=context, required=REQUIRED)


def over_grpc() -> AbstractContextManager[Recorder]:
    identity = Identity(
        SERVER.private_key_pem.bytes(), SERVER.cert_chain_pems[0].bytes(), clients=AUTHORITY.cert_pem.bytes()
    )
    return recording_grpc_server(identity=identity, required=REQUIRED)


@pytest.fixture(params=[over_http, over_grpc], ids=["http", "grpc"])
def server(request: pytest.FixtureRequest) -> Iterator[Recorder]:
    with request.param() as recorder:
        yield recorder


def arguments(server: Recorder, folder: Path, *flags: str) -> tuple[str, ...]:
    protocol = "grpc" if server.url.startswith("grpc") else "http"
    spec = write_spec(folder, model=MODEL, protocol=protocol, minDuration="1s")
    return ("run", str(spec), "--endpoint", server.url, "-o", str(folder / "out"), *flags)


def run(server: Recorder, folder: Path, *flags: str) -> Ended:
    return inferometer(*arguments(server, folder, *flags))


def test_a_server_that_asks_for_all_of_it_is_measured_and_no_secret_is_told(
    server: Recorder, files: Files, tmp_path: Path
) -> None:
    ended = run(server, tmp_path, "--json", *files.trust, *files.who, *files.secrets)

    assert ended.code in {0, 3}, ended.stderr
    report = report_in(tmp_path / "out")
    assert report.result.errors == 0, ended.stderr
    assert len(server.received) >= report.result.queries > 0
    written = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(secret in text for secret in (SECRET, KEY) for text in (ended.stdout, ended.stderr, *written))


def test_no_process_shows_a_secret_in_its_arguments(server: Recorder, files: Files, tmp_path: Path) -> None:
    with running(*arguments(server, tmp_path, *files.trust, *files.who, *files.secrets)) as process:
        while not server.received and process.poll() is None:
            threading.Event().wait(0.02)
        ours = [process.pid, *children_of(process.pid, "--plan")]
        said = "".join(Path(f"/proc/{pid}/cmdline").read_text() for pid in ours)

    assert len(ours) == 3, "the run, its coordinator and its worker"
    assert "--token-file" in said
    assert SECRET not in said
    assert KEY not in said


@pytest.mark.parametrize("lacking", ["ca", "other ca", "certificate", "token", "header"])
def test_what_is_missing_is_named_with_its_flag(server: Recorder, files: Files, tmp_path: Path, lacking: str) -> None:
    trust = {"ca": (), "other ca": ("--ca-file", str(files.other_ca))}.get(lacking, files.trust)
    who = () if lacking == "certificate" else files.who
    secrets = {"token": files.secrets[2:], "header": files.secrets[:2]}.get(lacking, files.secrets)

    ended = run(server, tmp_path, *trust, *who, *secrets)

    named = {"ca": "--ca-file", "other ca": "--ca-file", "certificate": "--client-cert"}
    assert ended.code == 1, ended.stderr
    assert "FAILED  ServerUnreachable" in ended.stderr
    assert named.get(lacking, "--token-file or --header-file") in ended.stderr
    assert SECRET not in ended.stderr
    assert not server.received


@pytest.mark.parametrize(
    ("url", "flags", "said"),
    [
        ("http://127.0.0.1:9", ("--ca-file", "CA"), "--ca-file: no endpoint speaks TLS"),
        ("https://127.0.0.1:9", ("--client-cert", "CA"), "--client-cert and --client-key belong together"),
        ("https://127.0.0.1:9", ("--ca-file", "gone"), "gone cannot be read"),
        ("http://127.0.0.1:9", ("--token-file", "gone"), "the token gone cannot be read"),
        ("http://127.0.0.1:9", ("--header-file", "planted"), "--header-file: what was given is no NAME=FILE"),
        ("http://127.0.0.1:9", ("--header-file", "Host=CA"), "belongs to the request itself"),
    ],
)
def test_flags_that_will_not_do_are_refused_before_anything_starts(
    files: Files, tmp_path: Path, url: str, flags: tuple[str, ...], said: str
) -> None:
    short = tmp_path / "short"
    short.write_text("x")
    given = [flag.replace("=CA", f"={short}").replace("CA", str(files.ca)) if "CA" in flag else flag for flag in flags]

    ended = run(Recorder(url), tmp_path, *given)

    assert ended.code == 2, ended.stderr
    assert said in ended.stderr
    assert "planted" not in ended.stderr


@pytest.fixture(scope="module")
def secured_metrics() -> Iterator[str]:
    """A metrics page at an https:// address: each reading finds three queries more answered."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    SERVER.configure_cert(context)
    answered = itertools.count(3, 3)

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = f'nv_inference_request_success{{model="{MODEL}",version="1"}} {next(answered)}\n'.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_args: object) -> None:
            """Says nothing."""

    class Pages(ThreadingHTTPServer):
        def handle_error(self, *_args: object) -> None:
            """A client that breaks a handshake off is the test's own."""

    with Pages(("127.0.0.1", 0), Page) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}/metrics"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("is_trusted", [True, False], ids=["trusted", "not trusted"])
def test_a_metrics_page_at_an_https_address_is_read_by_those_who_trust_it(
    secured_metrics: str, files: Files, tmp_path: Path, is_trusted: bool
) -> None:
    spec = write_spec(tmp_path, model=MODEL, minDuration="1s")
    trust = files.trust if is_trusted else ("--ca-file", str(files.other_ca))
    with recording_server() as replica:
        endpoint = ("--endpoint", replica.url, "--metrics-url", secured_metrics)
        ended = inferometer("run", str(spec), *endpoint, *trust, "-o", str(tmp_path / "out"))

    assert ended.code in {0, 3}, ended.stderr
    (server,) = report_in(tmp_path / "out").replicas
    assert (server.server_successes is not None) == is_trusted
    assert ("CERTIFICATE_VERIFY_FAILED" in server.absent_reason) == (not is_trusted)


@pytest.mark.parametrize("urls", [("http://127.0.0.1:9", "https://127.0.0.1:9"), ("grpcs://h:1", "grpc://h:2")])
def test_endpoints_of_which_only_some_speak_tls_are_refused(tmp_path: Path, urls: tuple[str, ...]) -> None:
    spec = write_spec(tmp_path, protocol="grpc" if urls[0].startswith("grpc") else "http", replicas=2)

    ended = inferometer("run", str(spec), *(part for url in urls for part in ("--endpoint", url)), "-o", str(tmp_path))

    assert ended.code == 2, ended.stderr
    assert "--endpoint: some speak TLS and some do not. hint: write https:// or grpcs:// for all" in ended.stderr
