"""Every misfit between a value and a spec class, not only the first one that msgspec would stop at.

The classes' own types are walked (`msgspec.inspect`): a new field or bound is known here without a word about it.
A value without a misfit here is one that msgspec converts; a property test holds the two together.
"""

import difflib
import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import msgspec
from msgspec import inspect

from inferometer_loadgen.spec import words
from inferometer_loadgen.spec.checks import SpecError

SIMILAR = 0.6
"""difflib's ratio from which a name counts as a slip of the pen."""


@dataclass(frozen=True, slots=True)
class Walk:
    """How a value is walked."""

    strict: bool
    """Whether unknown fields are errors: yes for a user's file, no for an object that the API server has accepted."""
    elsewhere: dict[str, str]
    """Field names to the path of a field of that name, for a field that was put into the wrong block."""

    def misfits(
        self, kind: inspect.Type, value: object, path: str, unit: str = "s", form: str = ""
    ) -> Iterator[SpecError]:
        """All that is wrong with `value` and what is in it."""
        match kind:
            case inspect.Metadata():
                extra = kind.extra or {}
                yield from self.misfits(
                    kind.type, value, path, str(extra.get("unit", unit)), str(extra.get("form", form))
                )
            case inspect.StructType():
                yield from self._struct(kind, value, path)
            case inspect.DictType():
                yield from self._mapping(kind, value, path)
            case inspect.VarTupleType() | inspect.ListType():
                yield from self._list(kind, value, path)
            case inspect.UnionType():
                # A number or a text, as in amounts: the text is what else would have to be written.
                number = isinstance(value, int) and not isinstance(value, bool)
                chosen = next(one for one in kind.types if _is_number(one) is number)
                yield from self.misfits(chosen, value, path, unit, form)
            case _:
                found = _leaf(kind, value, unit, form)
                if found is not None:
                    yield SpecError(path, *found)

    def _struct(self, kind: inspect.StructType, value: object, path: str) -> Iterator[SpecError]:
        names = {field.encode_name: field for field in kind.fields}
        if not isinstance(value, dict):
            yield SpecError(path, *words.wrong_type("a mapping", value, f"write its fields: {', '.join(names)}"))
            return
        slips: set[str] = set()
        for key in value if self.strict else ():
            if key not in names:
                meant = _slip(str(key), [name for name in names if name not in value])
                slips.update(meant)
                yield SpecError(_at(path, key), "is an unknown field", self._remedy(str(key), meant, names))
        for name, field in names.items():
            if name in value:
                yield from self.misfits(field.type, value[name], _at(path, name))
            elif field.required and name not in slips:
                yield SpecError(_at(path, name), "is missing", f"add it{_description(field.type)}")

    def _remedy(self, key: str, meant: list[str], names: dict[str, inspect.Field]) -> str:
        if meant:
            return f"write {meant[0]}"
        if key in self.elsewhere:
            return f"write it as {self.elsewhere[key]}"
        return f"leave it out; the fields here are {', '.join(names)}"

    def _mapping(self, kind: inspect.DictType, value: object, path: str) -> Iterator[SpecError]:
        if not isinstance(value, dict):
            yield SpecError(path, *words.wrong_type("a mapping", value, "write name: value on a line of its own"))
            return
        count = words.bad_count(kind.min_length, kind.max_length, len(value))
        if count is not None:
            yield SpecError(path, *count)
        for key, item in value.items():
            yield from self.misfits(kind.key_type, key, f"{path}.{key}")
            yield from self.misfits(kind.value_type, item, f"{path}.{key}")

    def _list(self, kind: inspect.VarTupleType | inspect.ListType, value: object, path: str) -> Iterator[SpecError]:
        if not isinstance(value, (list, tuple)):
            yield SpecError(path, *words.wrong_type("a list", value, "write - before each entry, or [a, b]"))
            return
        count = words.bad_count(kind.min_length, kind.max_length, len(value))
        if count is not None:
            yield SpecError(path, *count)
        for position, item in enumerate(value):
            yield from self.misfits(kind.item_type, item, f"{path}[{position}]")


def misfits(cls: type[msgspec.Struct], value: object, path: str, *, strict: bool) -> tuple[SpecError, ...]:
    """All that keeps `value` from being a `cls`; empty where msgspec can convert it. Paths begin with `path`."""
    kind = inspect.type_info(cls)
    return tuple(Walk(strict, _paths(cls, path)).misfits(kind, value, path))


def _leaf(kind: inspect.Type, value: object, unit: str, form: str) -> words.Words | None:
    match kind:
        case inspect.StrType():
            if not isinstance(value, str):
                return words.no_text(value, kind.pattern, unit)
            return words.bad_text(kind, form, value, unit)
        case inspect.IntType() | inspect.FloatType():
            whole = isinstance(kind, inspect.IntType)
            if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
                return words.no_number(value, whole)
            number = cast("float", value)
            return words.out_of_bounds(kind, number) or (
                None if whole or math.isfinite(number) else words.no_number(value, whole)
            )
        case inspect.LiteralType():
            return None if value in kind.values else words.no_choice(kind.values, value)
        case inspect.BoolType():
            return None if isinstance(value, bool) else words.wrong_type("true or false", value, "write true or false")
        case inspect.AnyType():
            return None
        case _:
            raise TypeError(f"a spec class has a field of type {kind}, which has no words here")


def _is_number(kind: inspect.Type) -> bool:
    return isinstance(kind.type if isinstance(kind, inspect.Metadata) else kind, inspect.IntType)


def _at(path: str, name: object) -> str:
    return f"{path}.{name}" if path else str(name)


def _slip(key: str, names: list[str]) -> list[str]:
    by_lower = {name.lower(): name for name in names}
    return [by_lower[name] for name in difflib.get_close_matches(key.lower(), by_lower, n=1, cutoff=SIMILAR)]


def _description(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.Metadata) and kind.extra_json_schema:
        text = str(kind.extra_json_schema.get("description", "")).rstrip(".")
        return f": {text[:1].lower()}{text[1:]}" if text else ""
    return ""


@functools.cache
def _paths(cls: type[msgspec.Struct], root: str) -> dict[str, str]:
    """Each field's name to its path; the one nearest to the root where there are several."""
    found: dict[str, str] = {}
    level: list[tuple[inspect.Type, str]] = [(inspect.type_info(cls), root)]
    while level:
        below: list[tuple[inspect.Type, str]] = []
        for kind, path in level:
            plain = kind.type if isinstance(kind, inspect.Metadata) else kind
            for field in plain.fields if isinstance(plain, inspect.StructType) else ():
                found.setdefault(field.encode_name, _at(path, field.encode_name))
                below.append((field.type, _at(path, field.encode_name)))
        level = below
    return found
