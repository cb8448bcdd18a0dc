#!/usr/bin/python3
"""A KServe v2 server that writes down on stdout which sample it was asked about, and when: the command of a test image.

It serves the model `recorder`, whose input is the sample's own number, at the ports that Triton is given, with Triton's
counters. It goes on serving when it is told to end: whoever sends then is written down too. Standard library only.

With REQUIRED_AUTHORIZATION in its environment it refuses requests that do not carry that; with TLS_FOLDER it speaks TLS
by the tls.crt and tls.key there, and takes clients only whose certificate is of the authority in ca.crt.
"""

import http.server
import json
import os
import signal
import ssl
import struct
import sys
import threading
import time

MODEL = "recorder"
TENSOR = {"name": "number", "datatype": "INT64", "shape": [-1, 1]}
METADATA = {"name": MODEL, "versions": ["1"], "platform": "test", "inputs": [TENSOR], "outputs": [TENSOR]}
PAGES = {
    "/v2": {"name": "recorder", "version": "0"},
    f"/v2/models/{MODEL}": METADATA,
    f"/v2/models/{MODEL}/ready": {},
}
COUNTERS = ("request_success", "count", "exec_count")


class Counted:
    """How many samples were asked, over all threads."""

    def __init__(self) -> None:
        self.value = 0
        self.lock = threading.Lock()

    def write_down(self, sample: int) -> None:
        with self.lock:
            self.value += 1
            say(sample=sample)


def say(**what: object) -> None:
    sys.stdout.write(json.dumps({"at_ns": time.time_ns(), **what}) + "\n")
    sys.stdout.flush()


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    counted = Counted()

    def do_GET(self) -> None:
        if self.path == "/metrics":
            lines = [f'nv_inference_{name}{{model="{MODEL}",version="1"}} {self.counted.value}\n' for name in COUNTERS]
            lines.append(f'nv_inference_request_failure{{model="{MODEL}",version="1"}} 0\n')
            self.answer(200, "".join(lines).encode(), "text/plain; charset=utf-8")
        elif not self.is_refused():
            self.answer(200 if self.path in PAGES else 404, json.dumps(PAGES.get(self.path, {})).encode())

    def is_refused(self) -> bool:
        required = os.environ.get("REQUIRED_AUTHORIZATION", "")
        if not required or self.headers["Authorization"] == required:
            return False
        self.answer(401, b'{"error": "who are you?"}')
        return True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.is_refused():
            return
        (sample,) = struct.unpack_from("<q", body, int(self.headers["Inference-Header-Content-Length"]))
        self.counted.write_down(sample)
        self.answer(200, b"{}")

    def answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Says nothing."""


def main(words: list[str]) -> None:
    ports = dict(word.removeprefix("--").split("=", 1) for word in words if "-port=" in word)
    signal.signal(signal.SIGTERM, lambda *_: say(told="end"))
    for name in ("http-port", "metrics-port"):
        server = http.server.ThreadingHTTPServer(("", int(ports[name])), Handler)
        if folder := os.environ.get("TLS_FOLDER", ""):
            secured = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=f"{folder}/ca.crt")
            secured.load_cert_chain(f"{folder}/tls.crt", f"{folder}/tls.key")
            secured.verify_mode = ssl.CERT_REQUIRED
            # The handshake is the connection's own thread's, as it first reads.
            server.socket = secured.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever).start()


if __name__ == "__main__":
    main(sys.argv[1:])
