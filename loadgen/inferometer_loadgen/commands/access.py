"""The flags that say how servers are reached that ask for TLS or for credentials: paths of files, never a secret."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from inferometer_loadgen.commands.inputs import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inferometer_loadgen.plan import ReplicaAddress
    from inferometer_loadgen.worker.access import AccessFiles
    from inferometer_loadgen.worker.credentials import TlsFiles


def add_tls_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares whom to trust and who we are."""
    parser.add_argument("--ca-file", type=Path, metavar="PEM", help="trust these authorities [the system's]")
    parser.add_argument("--client-cert", type=Path, metavar="PEM", help="our certificate, for servers that ask for one")
    parser.add_argument("--client-key", type=Path, metavar="PEM", help="its key")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares all of it."""
    add_tls_arguments(parser)
    parser.add_argument(
        "--token-file", type=Path, metavar="FILE", help="send the bearer token in this file with every request"
    )
    parser.add_argument(
        "--header-file",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="send header field NAME, its value from the file, with every request; may be repeated",
    )


def tls_files_of(args: argparse.Namespace) -> "TlsFiles":
    """The files of the TLS flags."""
    from inferometer_loadgen.worker.credentials import TlsFiles

    return TlsFiles(args.ca_file, args.client_cert, args.client_key)


def files_of(args: argparse.Namespace) -> "AccessFiles":
    """The files of all flags. Raises InputError for what is no NAME=FILE."""
    from inferometer_loadgen.worker.access import AccessFiles

    return AccessFiles(tls_files_of(args), args.token_file, tuple(_named(given) for given in args.header_file))


def checked_files_of(
    args: argparse.Namespace, replicas: "Sequence[ReplicaAddress]", protocol: Literal["http", "grpc"]
) -> "AccessFiles":
    """The files of all flags, each of which can be used with these servers. Raises InputError."""
    from inferometer_loadgen.worker.access import TLS_SCHEMES, read_access
    from inferometer_loadgen.worker.credentials import CredentialsError

    secured = {urlsplit(replica.url).scheme in TLS_SCHEMES for replica in replicas}
    if len(secured) > 1:
        raise InputError(
            "--endpoint: some speak TLS and some do not", "write https:// or grpcs:// for all, or for none"
        )
    files = files_of(args)
    is_tls_spoken = True in secured or any(replica.metrics_url.startswith("https:") for replica in replicas)
    for flag, path in (("--ca-file", args.ca_file), ("--client-cert", args.client_cert)):
        if path is not None and not is_tls_spoken:
            raise InputError(f"{flag}: no endpoint speaks TLS", "write https:// or grpcs://, or leave it out")
    if (args.client_cert is None) != (args.client_key is None):
        raise InputError("--client-cert and --client-key belong together", "give both, or neither")
    try:
        read_access(files, replicas, protocol)
    except CredentialsError as error:
        raise InputError(
            str(error), "check what --ca-file, --client-cert, --token-file or --header-file name"
        ) from error
    return files


def _named(given: str) -> tuple[str, Path]:
    name, equals, path = given.partition("=")
    if not (name and equals and path):
        # What was given is not shown: somebody may have written the value itself.
        raise InputError("--header-file: what was given is no NAME=FILE", "write, for example, X-Api-Key=key.txt")
    return name, Path(path)
