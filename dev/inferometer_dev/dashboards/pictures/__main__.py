"""`make dashboard-pictures PROMETHEUS=URL`: each dashboard as a picture of what a Prometheus has to say to it."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError

from inferometer_dev.dashboards.generate import FOLDER
from inferometer_dev.dashboards.pictures.asking import Asker
from inferometer_dev.dashboards.pictures.page import picture

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    """Draws them; 1 where Prometheus does not answer."""
    parser = argparse.ArgumentParser(prog="dashboard-pictures", description=__doc__)
    parser.add_argument("--prometheus", required=True, help="address, such as http://127.0.0.1:9090")
    parser.add_argument("--minutes", type=float, default=15, help="how much of the past (default: 15)")
    parser.add_argument("--end", type=float, default=None, help="unix seconds at which it ends (default: now)")
    parser.add_argument("--scrape-interval", type=float, default=15, help="seconds, as in Grafana's data source")
    parser.add_argument("--out", type=Path, default=Path("build/dashboards"), help="folder of the pictures")
    parser.add_argument(
        "--set", action="append", default=[], metavar="VARIABLE=REGEX", help="such as benchmark=nightly"
    )
    parser.add_argument("dashboards", nargs="*", help="such as run (default: all)")
    arguments = parser.parse_args(argv)
    end = arguments.end or time.time()
    variables = dict(one.split("=", 1) for one in arguments.set)
    asker = Asker(
        arguments.prometheus.rstrip("/"), end - 60 * arguments.minutes, end, arguments.scrape_interval, variables
    )
    arguments.out.mkdir(parents=True, exist_ok=True)
    try:
        for path in sorted(FOLDER.glob("*.json")):
            if not arguments.dashboards or path.stem in arguments.dashboards:
                out = arguments.out / f"{path.stem}.png"
                empty = picture(json.loads(path.read_text()), asker, out)
                print(out, *(["without data:", "; ".join(empty)] if empty else []))
    except URLError as error:
        print(f"error: {arguments.prometheus}: {error}. hint: is it a Prometheus?", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
