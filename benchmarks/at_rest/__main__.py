"""`python -m benchmarks.at_rest [--minutes M]`: the operator when nothing happens.

It watches 200 ended runs and 20 schedules. A table for people, build/bench/operator-at-rest.json for programs. The
operator is started as the chart starts it, but as a process of this machine; the API server and its etcd are real. Its
page is scraped as often as by the ServiceMonitor.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
from rich.console import Console

from benchmarks.at_rest.fleet import Fleet
from benchmarks.at_rest.readings import MIB, PageReading, ProcessReading, read_page, read_process, requests_in
from benchmarks.at_rest.world import USER, World, await_true, operator
from benchmarks.clients.contender import BenchmarkError
from benchmarks.goals import Goal, Row
from benchmarks.machine import this_machine
from benchmarks.table import table_of
from inferometer_dev.bare_apiserver import BareApiServer

FOLDER = Path("build/bench")
SCRAPED_EVERY_S = 30.0
"""The chart's default."""
SETTLED_AFTER_S = 10.0
"""Without a look at any object, and without a request."""
SCRAPES = 20
"""For the cost of one."""
OWN_CALLS = "inferometer_operator_api_requests_total"
LOOKS = "inferometer_operator_reconciles_total"
READY = "inferometer_operator_queue_ready"


@dataclass(frozen=True)
class Rest:
    """What was read at the beginning and at the end of the rest."""

    before: ProcessReading
    after: ProcessReading
    requests: Counter[str]
    page_before: PageReading
    page: PageReading

    @property
    def minutes(self) -> float:
        """How long it lasted."""
        return (self.after.at_s - self.before.at_s) / 60


def main(words: Sequence[str]) -> int:
    """1 where something could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.at_rest", description="The operator at rest.")
    parser.add_argument("--minutes", type=float, default=3.0, help="how long it is watched at rest (default: 3)")
    minutes = parser.parse_args(words).minutes
    if not minutes > 0:
        parser.error(f"--minutes: {minutes:g} is no time to watch; give a number above 0, such as 3")
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        machine = this_machine()
        rows, raw = measure(Fleet(), minutes * 60)
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    Console(width=150, highlight=False).print(table_of("the operator at rest", rows))
    result = {"machine": asdict(machine), "rows": [_as_data(row) for row in rows], "raw": raw}
    (FOLDER / "operator-at-rest.json").write_bytes(msgspec.json.format(msgspec.json.encode(result)))
    return 0


def measure(fleet: Fleet, rest_s: float) -> tuple[list[Row], dict[str, object]]:
    """The operator without anything to watch, then with the fleet."""
    with BareApiServer() as server:
        world = World(server)
        world.install()
        say("an operator with nothing to watch")
        with operator(world, FOLDER) as (pid, url):
            await_true(lambda: answers(url), "the operator's page answers")
            settle(world, url)
            empty = read_process(pid)
        say(f"{fleet.runs} runs and {fleet.schedules} schedules are created")
        world.fill(fleet)
        began_s, mark = time.monotonic(), len(audit(world))
        with operator(world, FOLDER) as (pid, url):
            await_true(lambda: answers(url) and world.is_recorded(), "the operator has recorded how all runs ended")
            settle(world, url)
            settled_s = time.monotonic() - began_s
            first = requests_in(audit(world)[mark:], USER)
            say(f"at rest for {rest_s / 60:g} min")
            rest = watch(world, pid, url, rest_s)
            scrape_cpu_s = cost_of_a_scrape(pid, url)
    rows = [*cost(fleet, empty, rest), *page(fleet, rest, scrape_cpu_s), *asked(fleet, rest)]
    raw: dict[str, object] = {
        "fleet": asdict(fleet),
        "empty": asdict(empty),
        "before": asdict(rest.before),
        "after": asdict(rest.after),
        "settled_after_s": settled_s,
        "requests_until_settled": dict(first),
        "requests_at_rest": dict(rest.requests),
    }
    return rows, raw


def watch(world: World, pid: int, url: str, rest_s: float) -> Rest:
    """Does nothing but scrape, as often as a Prometheus would."""
    page_before, mark, before = read_page(url), len(audit(world)), read_process(pid)
    end_s = before.at_s + rest_s
    while (left_s := end_s - time.monotonic()) > 0:
        # The rest itself is what is measured.
        time.sleep(min(left_s, SCRAPED_EVERY_S))
        found = read_page(url)
    after = read_process(pid)
    return Rest(before, after, requests_in(audit(world)[mark:], USER), page_before, found)


def settle(world: World, url: str) -> None:
    """Until nothing was done for a while."""
    last, since_s = (-1.0, -1), time.monotonic()

    def is_at_rest() -> bool:
        nonlocal last, since_s
        found = read_page(url)
        done = (found.total(LOOKS), len(audit(world)))
        if done != last or found.total(READY):
            last, since_s = done, time.monotonic()
        return time.monotonic() - since_s > SETTLED_AFTER_S

    await_true(is_at_rest, "the operator comes to rest", poll_s=SETTLED_AFTER_S / 4)


def cost_of_a_scrape(pid: int, url: str) -> float:
    """Of the operator's CPU, in seconds."""
    before = read_process(pid)
    for _ in range(SCRAPES):
        read_page(url)
    return (read_process(pid).cpu_s - before.cpu_s) / SCRAPES


def audit(world: World) -> list[str]:
    """The lines so far; one that is being written is left for the next time."""
    text = world.server.audit_log.read_text() if world.server.audit_log.exists() else ""
    return text[: text.rfind("\n") + 1].splitlines()


def answers(url: str) -> bool:
    """Whether there is a page yet."""
    try:
        read_page(url)
    except BenchmarkError:
        return False
    return True


def cost(fleet: Fleet, empty: ProcessReading, rest: Rest) -> list[Row]:
    """Memory and CPU."""
    cpu_s = rest.after.cpu_s - rest.before.cpu_s
    conditions = words(fleet)
    return [
        Row(
            what="resident memory",
            conditions=conditions,
            unit="MiB",
            ours=[rest.after.resident_bytes / MIB],
            # What the chart requests.
            goal=Goal(128),
        ),
        Row(what="resident memory", conditions="nothing to watch", unit="MiB", ours=[empty.resident_bytes / MIB]),
        Row(
            what="memory of a run",
            conditions="the difference, by runs",
            unit="KiB",
            ours=[(rest.after.resident_bytes - empty.resident_bytes) / 1024 / fleet.runs],
        ),
        Row(
            what="CPU",
            conditions=f"{rest.minutes:.1f} min, scraped every {SCRAPED_EVERY_S:g} s",
            unit="% of a core",
            ours=[100 * cpu_s / 60 / rest.minutes],
            goal=Goal(1),
        ),
    ]


def page(fleet: Fleet, rest: Rest, scrape_cpu_s: float) -> list[Row]:
    """What Prometheus gets, and what it costs."""
    conditions = words(fleet)
    return [
        Row(what="page", conditions=conditions, unit="KiB", ours=[len(rest.page.page) / 1024]),
        Row(what="series of the page", conditions=conditions, unit="", ours=[rest.page.series]),
        Row(what="CPU of a scrape", conditions=conditions, unit="ms", ours=[scrape_cpu_s * 1000]),
    ]


def asked(fleet: Fleet, rest: Rest) -> list[Row]:
    """Requests to the API server, as its audit log has them and as the operator itself counts."""
    conditions = f"{words(fleet)}, by the audit log"
    own = rest.page.total(OWN_CALLS) - rest.page_before.total(OWN_CALLS)
    total = Row(
        what="API requests",
        conditions=conditions,
        unit="/min",
        ours=[rest.requests.total() / rest.minutes],
        goal=Goal(6),
    )
    parts = [
        Row(what=f"  {name}", conditions=conditions, unit="/min", ours=[count / rest.minutes])
        for name, count in rest.requests.most_common()
    ]
    counted = Row(
        what="  without watches and lists", conditions="by its own counters", unit="/min", ours=[own / rest.minutes]
    )
    looks = rest.page.total(LOOKS) - rest.page_before.total(LOOKS)
    return [
        total,
        *parts,
        counted,
        Row(what="looks at objects", conditions="", unit="/min", ours=[looks / rest.minutes]),
    ]


def words(fleet: Fleet) -> str:
    """How much there is."""
    return f"{fleet.runs} runs, {fleet.schedules} schedules"


def say(what: str) -> None:
    """How far it is, on standard error."""
    print(what, file=sys.stderr, flush=True)


def _as_data(row: Row) -> dict[str, object]:
    return {**asdict(row), "goal": str(row.goal or ""), "figure": row.figure, "word": row.word}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
