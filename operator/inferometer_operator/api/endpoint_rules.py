"""What the API server guards of spec.target.endpoint, as CEL rules: the same as `spec.endpoint.faults` says."""

from collections.abc import Callable

import msgspec

from inferometer_loadgen.spec.endpoint import (
    AUTHORIZATION,
    RESERVED_HEADERS,
    TLS_SCHEMES,
    CaBundle,
    EndpointAuth,
    EndpointHeader,
    EndpointTarget,
)
from inferometer_operator.api.schema import Rule, RulesOf


def _speaks_tls(url: str) -> str:
    return f"({' || '.join(f"{url}.startsWith('{scheme}')" for scheme in TLS_SCHEMES)})"


ENDPOINT_FITS_THE_PROTOCOL: Rule = {
    "rule": "!has(self.target.endpoint) || self.target.endpoint.urls.all(u, u.startsWith(self.load.protocol))",
    "message": "urls of another protocol than load.protocol; write http:// or https:// for http, grpc:// or grpcs:// "
    "for grpc",
    "fieldPath": ".target.endpoint",
}

ALL_OR_NONE_SPEAK_TLS: Rule = {
    "rule": f"self.urls.all(u, {_speaks_tls('u')}) || !self.urls.exists(u, {_speaks_tls('u')})",
    "message": "some urls speak TLS and some do not; write https:// or grpcs:// for all, or for none",
    "fieldPath": ".urls",
}

A_PAGE_FOR_EACH: Rule = {
    "rule": "!has(self.metricsURLs) || self.metricsURLs.size() in [0, self.urls.size()]",
    "message": "metricsURLs are not one for each of urls; write one for each, in the same order, or [] for none",
    "fieldPath": ".metricsURLs",
}

TLS_IS_SPOKEN: Rule = {
    "rule": f"!has(self.tls) || self.urls.exists(u, {_speaks_tls('u')}) || "
    "(has(self.metricsURLs) && self.metricsURLs.exists(u, u.startsWith('https://')))",
    "message": "tls means nothing where no URL speaks TLS; write https:// or grpcs:// in urls, or leave it out",
    "fieldPath": ".tls",
}

SOMETHING_IS_SENT: Rule = {
    "rule": "has(self.secretRef) || self.headers.size() > 0",
    "message": "auth names nothing that is sent; set secretRef or headers, or leave it out",
}

SENT_ONCE: Rule = {
    "rule": "self.headers.all(h, self.headers.exists_one(o, o.name.lowerAscii() == h.name.lowerAscii())) && "
    f"(!has(self.secretRef) || !self.headers.exists(h, h.name.lowerAscii() == '{AUTHORIZATION}'))",
    "message": "a header field is sent twice; leave one of them out",
    "fieldPath": ".headers",
}

FREE_TO_BE_SENT: Rule = {
    "rule": f"!(self.name.lowerAscii() in [{', '.join(f"'{name}'" for name in RESERVED_HEADERS)}])",
    "message": "a header field that belongs to the request itself; leave it out",
    "fieldPath": ".name",
}


def endpoint_rules(exactly_one_of: Callable[[type[msgspec.Struct]], Rule]) -> RulesOf:
    """The rules by the class that each sits on."""
    return {
        EndpointTarget: (ALL_OR_NONE_SPEAK_TLS, A_PAGE_FOR_EACH, TLS_IS_SPOKEN),
        CaBundle: (exactly_one_of(CaBundle),),
        EndpointAuth: (SOMETHING_IS_SENT, SENT_ONCE),
        EndpointHeader: (FREE_TO_BE_SENT,),
    }
