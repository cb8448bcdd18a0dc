"""A real Prometheus as a process."""

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from inferometer_dev.gotools import binary
from inferometer_dev.process import free_port


class Prometheus:
    """What it answers."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.url = f"http://{address}"

    def get(self, path: str, **query: str) -> Any:
        """The data of an answer; None while it does not answer yet."""
        try:
            with urllib.request.urlopen(
                f"http://{self._address}/api/v1/{path}?{urlencode(query)}", timeout=5
            ) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            # 503: it is starting.
            if error.code == 503:
                return None
            raise AssertionError(f"{path} {query}: {error.read().decode()}") from error
        except OSError:
            return None

    def query(self, promql: str) -> list[tuple[Mapping[str, str], float]]:
        """The series of an instant query with their values."""
        found = self.get("query", query=promql)
        return [] if found is None else [(one["metric"], float(one["value"][1])) for one in found["result"]]

    def query_range(self, promql: str, start_s: float, end_s: float, step_s: float) -> list[Any]:
        """The series of a range query, each with `metric` and `values`: pairs of a time and a number as text."""
        found = self.get("query_range", query=promql, start=str(start_s), end=str(end_s), step=str(step_s))
        return [] if found is None else list(found["result"])


@contextmanager
def prometheus(folder: Path, targets: Sequence[str], rules: Path, *flags: str) -> Iterator[Prometheus]:
    """Scrapes `targets` (host:port) each second, as the documentation says."""
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rules)],
        "scrape_configs": [
            {"job_name": "inferometer", "honor_labels": True, "static_configs": [{"targets": list(targets)}]}
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{free_port()}"
    argv = [
        str(binary("prometheus")),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
        *flags,
    ]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield Prometheus(address)
    finally:
        process.terminate()
        process.wait(timeout=30)
