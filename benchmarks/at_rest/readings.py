"""What is read of the operator: its process, its own page, and what the API server has noted of its requests."""

import json
import os
import time
import urllib.request
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from benchmarks.clients.contender import BenchmarkError

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ProcessReading:
    """A process at a moment."""

    at_s: float
    cpu_s: float
    resident_bytes: int
    peak_bytes: int
    threads: int


@dataclass(frozen=True, slots=True)
class PageReading:
    """One scrape."""

    took_s: float
    page: bytes

    @property
    def series(self) -> int:
        """Lines that are no comment."""
        return sum(bool(line) and not line.startswith(b"#") for line in self.page.splitlines())

    def total(self, name: str) -> float:
        """The sum over all series of a name; 0 where there is none."""
        families = text_string_to_metric_families(self.page.decode())
        return sum(one.value for family in families for one in family.samples if one.name == name)


def read_process(pid: int) -> ProcessReading:
    """Raises BenchmarkError where it has ended."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    except OSError as error:
        raise BenchmarkError(f"the operator has ended: {error}") from error
    ticks = int(words[11]) + int(words[12])
    resident, peak = (int(status[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
    cpu_s = ticks / os.sysconf("SC_CLK_TCK")
    return ProcessReading(time.monotonic(), cpu_s, resident, peak, int(status["Threads"]))


def read_page(url: str) -> PageReading:
    """Raises BenchmarkError where it does not answer."""
    began_s = time.monotonic()
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as answer:
            page = answer.read()
    except OSError as error:
        raise BenchmarkError(f"{url}: {error}") from error
    return PageReading(time.monotonic() - began_s, page)


def requests_in(lines: Iterable[str], user: str) -> Counter[str]:
    """Of an audit log: requests of a user by verb and resource. A watch has two lines, with one id. Pure."""
    seen: set[str] = set()
    found: Counter[str] = Counter()
    for line in lines:
        entry = json.loads(line)
        if entry["user"]["username"] != user or entry["auditID"] in seen:
            continue
        seen.add(entry["auditID"])
        reference = entry.get("objectRef") or {"resource": entry["requestURI"]}
        resource = "/".join(filter(None, [reference["resource"], reference.get("subresource")]))
        found[f"{entry['verb']} {resource}"] += 1
    return found
