"""A user's sample file, in the format that the spec names."""

from collections.abc import Callable

from inferometer_loadgen.datasets.kserve_json import json_facts, json_library
from inferometer_loadgen.datasets.library import SampleLibrary
from inferometer_loadgen.datasets.metadata import ModelMetadata
from inferometer_loadgen.datasets.npz import npz_facts, npz_library
from inferometer_loadgen.spec.load import DataFormat
from inferometer_loadgen.spec.resolve import LibraryFacts


def library_facts(data: bytes, data_format: DataFormat) -> LibraryFacts:
    """What a plan must know of the file's bytes. Raises DataError where they are no sample library."""
    return npz_facts(data) if data_format == "npz" else json_facts(data)


def open_library(data: bytes, data_format: DataFormat) -> Callable[[ModelMetadata], SampleLibrary]:
    """The samples, once the model is known. Raises DataError, as does what is returned."""
    if data_format == "npz":
        library = npz_library(data)
        return lambda _: library
    return lambda metadata: json_library(data, metadata)
