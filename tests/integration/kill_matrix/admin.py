"""The API server for whoever plays users, kubelets and meddlers: JSON in, JSON out, as its administrator."""

import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from inferometer_dev.bare_apiserver import BareApiServer

Json = dict[str, Any]


def tls_of(server: BareApiServer, *, as_administrator: bool) -> ssl.SSLContext:
    """Trust in the server's authority, with or without the administrator's certificate."""
    context = ssl.create_default_context(cafile=str(server.authority.pair.certificate))
    if as_administrator:
        folder = server.authority.folder
        context.load_cert_chain(str(folder / "admin.crt"), str(folder / "admin.key"))
    return context


@contextlib.contextmanager
def cut_when_left(answer: aiohttp.ClientResponse) -> Iterator[None]:
    """Cuts the connection of an answer that is left before its end: a farewell in TLS would outlive the loop."""
    try:
        yield
    except BaseException:
        if answer.connection is not None and answer.connection.transport is not None:
            answer.connection.transport.abort()
        raise


class RefusedError(Exception):
    """The API server did not do what a test asked for."""


@dataclass(frozen=True)
class Admin:
    """Calls as the administrator."""

    session: aiohttp.ClientSession
    server: BareApiServer
    tls: ssl.SSLContext

    @contextlib.asynccontextmanager
    async def open(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Json | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """An answer to read from, also a watch."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        async with self.session.request(
            method,
            self.server.url + path,
            params=query or {},
            data=None if body is None else json.dumps(body),
            headers={"Content-Type": kind, "Accept": "application/json"},
            ssl=self.tls,
            timeout=aiohttp.ClientTimeout(total=None),
        ) as answer:
            with cut_when_left(answer):
                yield answer

    async def call(self, method: str, path: str, body: Json | None = None, *, checked: bool = True) -> Json:
        """The answer's JSON; raises RefusedError unless it is a success or `checked` is False."""
        async with self.open(method, path, body=body) as answer:
            content: Json = await answer.json(content_type=None)
            if checked and answer.status >= 300:
                raise RefusedError(f"{method} {path}: {answer.status} {content.get('message')}")
            return content
