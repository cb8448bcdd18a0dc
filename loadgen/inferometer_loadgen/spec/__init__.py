"""What a user may ask of one benchmark: the classes, the checks between their fields, and the way to a plan."""

from inferometer_loadgen.spec.benchmark import BenchmarkSpec
from inferometer_loadgen.spec.checks import SpecError, check
from inferometer_loadgen.spec.resolve import LibraryFacts, resolve

__all__ = ["BenchmarkSpec", "LibraryFacts", "SpecError", "check", "resolve"]
