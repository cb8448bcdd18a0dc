"""Asks the coordinator of a run from its node, as one who holds the run's token."""

import asyncio
import base64
import json
import subprocess
import sys

import aiohttp
import msgspec

from e2e.cluster import Bench, Object
from e2e.faults import NODE
from inferometer_dev.cluster.network import namespace_path
from inferometer_loadgen.client import CoordinatorClient


def token_of(bench: Bench, name: str) -> str:
    (secret,) = bench.items("secrets", "-l", f"inferometer.dev/run={name}")
    (value,) = secret["data"].values()
    return base64.b64decode(value).decode()


def coordinator_status(bench: Bench, name: str) -> Object:
    """What its coordinator answers; empty when it gives no answer that can be believed."""
    address = bench.get("pod", f"{name}-coordinator")["status"]["podIP"]
    ended = _on_the_node([sys.executable, "-m", "e2e.asking", address], token_of(bench, name))
    answer: Object = json.loads(ended.stdout) if ended.returncode == 0 else {}
    return answer


def _on_the_node(argv: list[str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    enter = ["nsenter", f"--net={namespace_path(NODE)}", "--"]
    environment = {"PYTHONPATH": ":".join(sys.path), "PATH": "/usr/local/bin:/usr/bin:/bin"}
    return subprocess.run([*enter, *argv], input=stdin, capture_output=True, text=True, check=False, env=environment)


async def _ask(address: str, token: str) -> bytes:
    async with aiohttp.ClientSession(trust_env=False) as session:
        client = CoordinatorClient(session, f"http://{address}:9180", token.encode())
        return msgspec.json.encode(await client.status())


if __name__ == "__main__":
    print(asyncio.run(_ask(sys.argv[1], sys.stdin.read())).decode())
