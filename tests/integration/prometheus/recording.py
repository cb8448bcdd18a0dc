"""Pages as a Prometheus would have scraped them over some hours, written into its storage at once."""

import subprocess
from collections import defaultdict
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from inferometer_dev.gotools import binary

Labels = tuple[tuple[str, str], ...]


class Recording:
    """Samples by series."""

    def __init__(self) -> None:
        self._series: defaultdict[tuple[str, Labels], list[tuple[float, float]]] = defaultdict(list)

    def take(self, at_s: float, page: str, **target: str) -> None:
        """One scrape. The page's own labels are kept, as with `honor_labels`."""
        for family in text_string_to_metric_families(page):
            for sample in family.samples:
                labels = target | sample.labels
                kept = tuple(sorted((name, value) for name, value in labels.items() if value))
                self._series[sample.name, kept].append((at_s, sample.value))
        self._series["up", tuple(sorted(target.items()))].append((at_s, 1.0))

    def store(self, folder: Path) -> None:
        """Blocks of Prometheus' storage."""
        file = folder / "recording.openmetrics"
        with file.open("w") as out:
            for (name, labels), samples in sorted(self._series.items()):
                written = ",".join(f'{label}="{value}"' for label, value in labels)
                out.writelines(f"{name}{{{written}}} {value} {at_s}\n" for at_s, value in samples)
            out.write("# EOF\n")
        words = ["tsdb", "create-blocks-from", "openmetrics", str(file), str(folder / "data")]
        subprocess.run([str(binary("promtool")), *words], check=True, capture_output=True)
