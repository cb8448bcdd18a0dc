"""Whom a worker trusts and what it shows: the files it is given, and what is said of those that will not do."""

import ssl
from pathlib import Path

import pytest
import trustme

from inferometer_loadgen.worker.credentials import CredentialsError, TlsFiles, bearer_from, client_context


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    folder = tmp_path_factory.mktemp("pki")
    authority = trustme.CA()
    identity = authority.issue_cert("worker@inferometer")
    authority.cert_pem.write_to_path(folder / "ca.crt")
    identity.cert_chain_pems[0].write_to_path(folder / "tls.crt")
    identity.private_key_pem.write_to_path(folder / "tls.key")
    return TlsFiles(ca_bundle=folder / "ca.crt", certificate=folder / "tls.crt", key=folder / "tls.key")


def test_only_the_given_authority_is_trusted(files: TlsFiles) -> None:
    context = client_context(files, alpn="h2")

    assert len(context.get_ca_certs()) == 1
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_nobody_is_verified_only_where_that_is_asked_for() -> None:
    context = client_context(TlsFiles(verify=False), alpn="http/1.1")

    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_NONE, False)


def test_a_certificate_without_its_key_is_refused(files: TlsFiles) -> None:
    with pytest.raises(CredentialsError, match="a client certificate needs its key"):
        client_context(TlsFiles(certificate=files.certificate), alpn="h2")


def test_files_in_each_others_place_are_refused(files: TlsFiles) -> None:
    with pytest.raises(CredentialsError, match=r"tls\.key and .*tls\.crt are no certificate with its key"):
        client_context(TlsFiles(certificate=files.key, key=files.certificate), alpn="h2")


def test_a_bundle_without_a_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("no certificate")

    with pytest.raises(CredentialsError, match=r"ca\.crt holds no certificate of an authority"):
        client_context(TlsFiles(ca_bundle=tmp_path / "ca.crt"), alpn="h2")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match=r"gone cannot be read: No such file"):
        client_context(TlsFiles(ca_bundle=tmp_path / "gone"), alpn="h2")
    with pytest.raises(CredentialsError, match=r"gone cannot be read: No such file"):
        bearer_from(tmp_path / "gone")


def test_a_token_is_what_its_file_holds_without_the_line_end(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("eyJhbGciOi.J9\n")

    assert bearer_from(tmp_path / "token") == ("Authorization", "Bearer eyJhbGciOi.J9")


@pytest.mark.parametrize("held", [b"", b"\n", b"x" * 9_000, b"one\r\nX-Evil: two", "größe".encode()])
def test_a_token_that_cannot_be_sent_is_refused_and_not_shown(tmp_path: Path, held: bytes) -> None:
    (tmp_path / "token").write_bytes(held)

    with pytest.raises(CredentialsError, match=r"token .*/token (has|cannot be sent)") as caught:
        bearer_from(tmp_path / "token")

    assert "Evil" not in str(caught.value)
