"""What a colour means, the same in every panel: Grafana's names of colours, and the settings that apply them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana_foundation_sdk.models import dashboard

if TYPE_CHECKING:
    from collections.abc import Mapping

GREEN, AMBER, RED, BLUE, GREY, SLATE = "green", "orange", "red", "blue", "#808080", "#5b6f95"

VERDICTS = {"Valid": GREEN, "Invalid": RED, "Inconclusive": AMBER}
OUTCOMES = VERDICTS | {"Failed": "dark-red", "Deleted": GREY}
PHASES = {
    "Pending": GREY,
    "Suspended": "purple",
    "Starting": "light-blue",
    "Running": BLUE,
    "Finishing": "dark-blue",
    "Stopping": "yellow",
    # Not green: a run that succeeded was measured, and may yet be Invalid.
    "Succeeded": SLATE,
    "Failed": "dark-red",
}
STATES = {
    "Waiting": GREY,
    "Ready": "light-blue",
    "Running": BLUE,
    "Draining": "dark-blue",
    "Scoring": "purple",
    "Done": SLATE,
    "Failed": "dark-red",
}
BOUND = RED
"""Of the line or the figure that must not be passed."""


def steps(*at: tuple[float | None, str]) -> tuple[dashboard.Threshold, ...]:
    """Thresholds: from this value on, this colour; the first has no value."""
    return tuple(dashboard.Threshold(value=value, color=colour) for value, colour in at)


PLAIN = steps((None, BLUE))
NONE_IS_GOOD = steps((None, GREEN), (1, RED))
SOME_IS_GOOD = steps((None, RED), (1, GREEN))


def fixed(colour: str) -> dashboard.DynamicConfigValue:
    """The setting for a series of one colour."""
    return dashboard.DynamicConfigValue(
        id_val="color", value={"mode": dashboard.FieldColorModeId.FIXED.value, "fixedColor": colour}
    )


def by_name(colours: Mapping[str, str]) -> dict[str, list[dashboard.DynamicConfigValue]]:
    """Settings of the series that are called so."""
    return {name: [fixed(colour)] for name, colour in colours.items()}


def line(colour: str, width: float = 1.5, *, dashed: bool = False) -> list[dashboard.DynamicConfigValue]:
    """The settings of a line that is told from one on the same place by its width, or is a limit (`dashed`)."""
    style = {"fill": "dash", "dash": [8, 6]} if dashed else {"fill": "solid"}
    found = [("custom.lineWidth", width), ("custom.lineStyle", style), ("custom.fillOpacity", 0)]
    return [fixed(colour), *(dashboard.DynamicConfigValue(id_val=name, value=value) for name, value in found)]


def worded(words: Mapping[str, tuple[str, str]]) -> dashboard.ValueMap:
    """Values that are shown as a word in a colour."""
    return dashboard.ValueMap(
        {
            value: dashboard.ValueMappingResult(text=text, color=colour, index=index)
            for index, (value, (text, colour)) in enumerate(words.items())
        }
    )


def coloured(colours: Mapping[str, str]) -> dashboard.ValueMap:
    """Words that are shown in a colour."""
    return worded({word: (word, colour) for word, colour in colours.items()})
