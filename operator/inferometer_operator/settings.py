"""What the operator is told at its start, and never changes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """From the environment that the chart sets."""

    image: str
    """Of the load pods: the operator's own, so that both ends of the coordinator's API are of one version."""
    image_pull_policy: str
    version: str
    instance: str
    """Who reports events: the operator's pod."""
