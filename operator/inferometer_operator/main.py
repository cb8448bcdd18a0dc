"""The operator's process: `inferometer-operator`."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import aiohttp

from inferometer_operator import log
from inferometer_operator.access import load_access
from inferometer_operator.apply import Applier
from inferometer_operator.cache import Cache
from inferometer_operator.controller import Controller
from inferometer_operator.coordinators import Coordinators
from inferometer_operator.informer import LIVENESS, watch
from inferometer_operator.kube import Kube
from inferometer_operator.metrics.instruments import Instruments
from inferometer_operator.metrics.page import Page
from inferometer_operator.metrics.serving import METRICS_PORT, PortError, serving
from inferometer_operator.observe import Observer
from inferometer_operator.schedule_cache import ScheduleCache
from inferometer_operator.schedule_controller import ScheduleController
from inferometer_operator.settings import Settings

SHORTEST_KEY = 32


class UnfitKeyError(Exception):
    """The operator's key could be guessed."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where this process can be asked how it is."""

    liveness: str
    metrics_host: str
    metrics_port: int


def build_parser() -> argparse.ArgumentParser:
    """The command line; what the chart sets comes from the environment."""
    parser = argparse.ArgumentParser(
        prog="inferometer-operator", description="Runs InferenceBenchmark objects on a Kubernetes cluster."
    )
    parser.add_argument("--key", type=Path, required=True, help="the file with the operator's key (32 bytes or more)")
    parser.add_argument(
        "--image",
        default=os.environ.get("INFEROMETER_IMAGE", ""),
        help="the load pods' image (default: $INFEROMETER_IMAGE)",
    )
    parser.add_argument("--image-pull-policy", default=os.environ.get("INFEROMETER_IMAGE_PULL_POLICY", "IfNotPresent"))
    parser.add_argument("--log-level", default=os.environ.get("INFEROMETER_LOG_LEVEL", "info"))
    parser.add_argument("--liveness", default=LIVENESS, help="where the operator says that it is alive")
    parser.add_argument("--metrics-host", default="", help="the address that shows /metrics to Prometheus [all]")
    parser.add_argument("--metrics-port", type=int, default=METRICS_PORT, help=f"its port [{METRICS_PORT}]")
    return parser


def main(argv: Sequence[str]) -> int:
    """Runs until it is told to stop."""
    arguments = build_parser().parse_args(argv)
    log.configure(arguments.log_level)
    if not arguments.image:
        log.logger.error("no image for the load pods; set INFEROMETER_IMAGE or --image")
        return 2
    try:
        key = read_key(arguments.key)
    except (OSError, UnfitKeyError) as error:
        log.logger.error("the operator's key can't be used: %s", error)
        return 2
    settings = Settings(
        image=arguments.image,
        image_pull_policy=arguments.image_pull_policy,
        version=version("inferometer"),
        instance=os.environ.get("POD_NAME", os.uname().nodename),
    )
    addresses = Addresses(arguments.liveness, arguments.metrics_host, arguments.metrics_port)
    try:
        return asyncio.run(operate(settings, key, addresses))
    except PortError as error:
        log.logger.error("%s; another --metrics-port may be free", error)
        return 2


def read_key(path: Path) -> bytes:
    """The key from which each run's token is made."""
    key = path.read_bytes().strip()
    if len(key) < SHORTEST_KEY:
        raise UnfitKeyError(f"{path} has {len(key)} bytes; {SHORTEST_KEY} are needed")
    return key


async def operate(settings: Settings, key: bytes, addresses: Addresses) -> int:
    """Watches and works until one of the two ends: told to stop that is the watch, and all is well."""
    access = await load_access()
    # Pod addresses are never reached through a proxy.
    instruments = Instruments(settings.version)
    cache, known = Cache(), ScheduleCache()
    async with (
        serving(
            lambda: Page(instruments.registry, cache.runs(), known.schedules()),
            addresses.metrics_host,
            addresses.metrics_port,
        ),
        Kube(access, instruments.answered) as kube,
        aiohttp.ClientSession(trust_env=False) as session,
    ):
        coordinators = Coordinators(session, key)
        observer = Observer(kube, coordinators, cache, settings, now=lambda: datetime.now(UTC))
        controller = Controller(observer, Applier(kube, coordinators, cache))
        schedules = ScheduleController(kube, known, settings.instance, now=lambda: datetime.now(UTC))
        for name, one in (("benchmark", controller), ("schedule", schedules)):
            one.looked = instruments.looks(name, one.queue.__len__, one.queue.ready)
        # First the workers: kopf cancels at its end every task that was created after its start.
        work = asyncio.create_task(_both(controller, schedules), name="reconcile")
        await asyncio.sleep(0)
        watching = asyncio.create_task(
            watch(cache, controller.look_at, known, schedules.look_at, addresses.liveness), name="watch"
        )
        log.logger.info("inferometer-operator %s watches all namespaces", settings.version)
        await asyncio.wait({work, watching}, return_when=asyncio.FIRST_COMPLETED)
        told_to_stop = watching.done() and not work.done()
        for task in (watching, work):
            task.cancel()
        outcomes = await asyncio.gather(watching, work, return_exceptions=True)
    faults = [one for one in outcomes if isinstance(one, Exception)]
    for fault in faults:
        log.logger.error("stopped: %s", fault, exc_info=fault)
    return 0 if told_to_stop and not faults else 1


async def _both(controller: Controller, schedules: ScheduleController) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(controller.run())
        tasks.create_task(schedules.run())


def entry_point() -> None:
    """The console script."""
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    entry_point()
