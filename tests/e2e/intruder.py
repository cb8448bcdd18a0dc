"""What a pod without the run's token can try: its standard output says what came of it. Run inside the cluster."""

import json
import sys
import time
import urllib.error
import urllib.request

from inferometer_loadgen.protocol.signing import COUNTER_HEADER, SIGNATURE_HEADER, sign_request
from inferometer_loadgen.worker.link import LinkLostError, dial

WRONG = b"0" * 64
GUARDED = (
    ("GET", "/v1/status"),
    ("GET", "/v1/report"),
    ("POST", "/v1/start"),
    ("POST", "/v1/abort"),
    ("POST", "/v1/ack"),
)


def ask(url: str, method: str, path: str, headers: dict[str, str]) -> int:
    body = b"now" if method == "POST" else None
    request = urllib.request.Request(url + path, data=body, headers=headers, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=5) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def wrongly_signed(method: str, path: str) -> dict[str, str]:
    counter, body = time.time_ns(), b"now" if method == "POST" else b""
    return {COUNTER_HEADER: str(counter), SIGNATURE_HEADER: sign_request(WRONG, method, path, counter, body)}


def try_to_sign_in(address: str) -> str:
    try:
        dial(f"{address}:9182", WRONG, 0, "intruder")
    except LinkLostError as error:
        return str(error)
    return "let in"


def main(address: str, counter: str, signature: str) -> None:
    url = f"http://{address}:9180"
    seen = {COUNTER_HEADER: counter, SIGNATURE_HEADER: signature}
    said = {
        "unsigned": [ask(url, method, path, {}) for method, path in GUARDED],
        "wrongly signed": [ask(url, method, path, wrongly_signed(method, path)) for method, path in GUARDED],
        "replayed": ask(url, "GET", "/v1/status", seen),
        "worker": try_to_sign_in(address),
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
