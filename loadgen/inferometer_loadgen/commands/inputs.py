"""What verbs read: spec files and the samples that belong to them, with every trouble worded for the user."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET

from inferometer_loadgen.spec import BenchmarkSpec, check
from inferometer_loadgen.spec.checks import check_recording
from inferometer_loadgen.spec.decode import Decoded, decode_file
from inferometer_loadgen.spec.errors import LocatedError, SpecErrors
from inferometer_loadgen.spec.load import SAMPLES_KEYS, TIMES_KEY, DataFormat
from inferometer_loadgen.spec.scenarios import answers_window_ns
from inferometer_loadgen.spec.schedule_decode import DecodedSchedule, decode_schedule_file, holds_a_schedule

if TYPE_CHECKING:
    from inferometer_loadgen.spec.config_maps import Entries
    from inferometer_loadgen.spec.resolve import ReplayFacts


class InputError(Exception):
    """An argument or a file that cannot be used: what, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}. hint: {self.hint}"


@dataclass(frozen=True, slots=True)
class Samples:
    """A spec's sample library as found outside of a cluster."""

    config_map: str
    data: bytes
    format: DataFormat


def read_bytes(path: Path) -> bytes:
    """A file of the user's. Raises InputError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}", "check the path") from error


def read_spec(path: Path) -> Decoded:
    """The benchmark in a file. Raises InputError, or SpecErrors with all that is wrong with it."""
    return decode_file(_read_text(path), str(path))


def read_spec_or_schedule(path: Path) -> Decoded | DecodedSchedule:
    """The benchmark or the schedule in a file. Raises InputError, or SpecErrors with all that is wrong with it."""
    text = _read_text(path)
    return decode_schedule_file(text, str(path)) if holds_a_schedule(text) else decode_file(text, str(path))


def _read_text(path: Path) -> str:
    try:
        return read_bytes(path).decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is no UTF-8 text", "give a YAML file") from error


def with_workers(path: Path, decoded: Decoded, workers: int | None) -> BenchmarkSpec:
    """The spec, with another number of workers if one was given. Raises SpecErrors where that does not fit."""
    if workers is None:
        return decoded.spec
    load = msgspec.structs.replace(decoded.spec.load, workers=workers)
    spec = msgspec.structs.replace(decoded.spec, load=load)
    errors = check(decoded.name, spec)
    if errors:
        raise SpecErrors(tuple(LocatedError(f"{path} with --workers {workers}", None, error) for error in errors))
    return spec


def find_samples(path: Path, decoded: Decoded) -> Samples | None:
    """The samples of a spec that was read from `path`; None where it needs none.

    Raises SpecErrors where its ConfigMap is neither in the file nor beside it, InputError where that holds none.
    """
    source = decoded.spec.load.data.config_map
    if source is UNSET:
        return None
    from inferometer_loadgen.spec.config_maps import find_config_map

    key = SAMPLES_KEYS[source.format]
    entries = find_config_map(path, decoded, source.name, key)
    return Samples(source.name, _entry(entries, source.name, key), source.format)


def find_recording(path: Path, decoded: Decoded, times: Path | None) -> "ReplayFacts | None":
    """The recording of a spec that was read from `path`, or the one in `times`; None where it replays none.

    Raises SpecErrors where its ConfigMap is neither in the file nor beside it, or where the spec leaves it no time;
    InputError where it can't be replayed.
    """
    replay = decoded.spec.load.replay
    if replay is UNSET:
        if times is not None:
            raise InputError(f"--times {times}: scenario {decoded.spec.scenario} replays no times", "leave it out")
        return None
    from inferometer_loadgen.datasets.recording import RecordingError, recording_facts
    from inferometer_loadgen.spec.config_maps import find_config_map

    if times is None:
        name, field = replay.config_map.name, "spec.load.replay.configMap.name"
        source = f"ConfigMap `{name}`, {TIMES_KEY}"
        data = _entry(find_config_map(path, decoded, name, TIMES_KEY, field), name, TIMES_KEY)
    else:
        source, data = str(times), read_bytes(times)
    try:
        facts = recording_facts(data, answers_window_ns(decoded.spec.load))
    except RecordingError as error:
        raise InputError(f"{source}: {error.message}", error.hint) from error
    if errors := check_recording(decoded.spec, facts.lasts_ns):
        raise SpecErrors(tuple(LocatedError(str(path), None, error) for error in errors))
    return facts


def _entry(entries: "Entries", config_map: str, key: str) -> bytes:
    if key not in entries:
        raise InputError(
            f"ConfigMap `{config_map}` has no key {key}",
            f"make it with kubectl create configmap {config_map} --from-file={key}",
        )
    return entries[key]
