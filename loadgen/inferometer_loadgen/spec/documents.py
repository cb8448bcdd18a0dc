"""The documents of a YAML text as plain values, each value with the line it stands on.

Read as kubectl reads them where YAML's editions differ: `1e3` is a number, a date is text. A name that stands twice
in one mapping is an error here: YAML's last-one-wins hides a slip.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import yaml

from inferometer_loadgen.spec.checks import SpecError

MAX_VALUES = 100_000
"""More than any spec has; aliases of aliases unfold to more, and would fill the memory."""

MAX_DEPTH = 64

_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_FLOAT = "tag:yaml.org,2002:float"
_INT = "tag:yaml.org,2002:int"


class YamlError(Exception):
    """The text is no YAML, or more of it than is read; says where and what to do."""

    def __init__(self, line: int | None, message: str, hint: str) -> None:
        super().__init__(line, message, hint)
        self.line = line
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its value, and the line of each value by its path (spec.load.workers, spec.args[0])."""

    value: object
    line: int
    lines: Mapping[str, int]
    slips: tuple[SpecError, ...]
    """Names that stand twice or are no text."""

    def line_of(self, path: str) -> int:
        """The line of the value at `path`, or of the nearest block around it that is in the text."""
        while path not in self.lines:
            shorter = re.sub(r"(\.[^.\[\]]*|\[[^\[\]]*\])$", "", path)
            if shorter in ("", path):
                return self.line
            path = shorter
        return self.lines[path]


def read_documents(text: str) -> tuple[Document, ...]:
    """The documents of `text` that are not empty. Raises YamlError."""
    documents = []
    try:
        loader = _Loader(text)
        while loader.check_node():
            node = cast("yaml.Node", loader.get_node())  # there is one: check_node has said so
            reader = _Reader(loader)
            value = reader.value(node, "", 0)
            if value is not None:
                document = Document(value, node.start_mark.line + 1, reader.lines, tuple(reader.slips))
                documents.append(document)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(filter(None, (error.context, error.problem)))
        hint = "check its indentation, quotes and colons" if error.problem else "correct it"
        raise YamlError(mark.line + 1 if mark else None, f"is no YAML: {said}", hint) from error
    except yaml.YAMLError as error:
        raise YamlError(None, f"is no YAML: {' '.join(str(error).split())}", "write plain UTF-8 text") from error
    return tuple(documents)


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the scalars of YAML 1.2 where kubectl has them."""


def _resolvers() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    kept = {
        first: [(tag, pattern) for tag, pattern in known if tag not in (_TIMESTAMP, _FLOAT, _INT)]
        for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    floats = re.compile(
        r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?$|[-+]?\.(inf|Inf|INF)$|\.(nan|NaN|NAN)$"
    )
    integers = re.compile(r"[-+]?(0|[1-9][0-9]*|0x[0-9a-fA-F]+)$")
    for first in "-+.0123456789":
        kept[first] = [*kept.get(first, []), (_INT, integers), (_FLOAT, floats)]
    return kept


_Loader.yaml_implicit_resolvers = _resolvers()


@dataclass(slots=True)
class _Reader:
    loader: _Loader
    lines: dict[str, int] = field(default_factory=dict)
    slips: list[SpecError] = field(default_factory=list)
    merged: dict[int, int] = field(default_factory=dict)
    """How many entries of a mapping came from `<<`, by the node's identity: an alias is met again."""
    values: int = 0

    def value(self, node: yaml.Node, path: str, depth: int) -> object:
        self.values += 1
        if self.values > MAX_VALUES or depth > MAX_DEPTH:
            raise YamlError(
                node.start_mark.line + 1,
                f"unfolds to more than {MAX_VALUES:,} values or {MAX_DEPTH} levels",
                "write the values out instead of aliases of aliases",
            )
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            items = []
            for position, item in enumerate(node.value):
                at = f"{path}[{position}]"
                self.lines.setdefault(at, item.start_mark.line + 1)
                items.append(self.value(item, at, depth + 1))
            return items
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: str, depth: int) -> dict[str, object]:
        merged = self._merged(node)
        found: dict[str, object] = {}
        own: set[str] = set()
        for position, (key_node, item) in enumerate(node.value):
            line = key_node.start_mark.line + 1
            key = self._scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None
            at = f"{path}.{key_node.value if key is not None else '?'}".removeprefix(".")
            if not isinstance(key, str):
                self.lines.setdefault(at, line)
                self.slips.append(SpecError(at, "is no name", "write the name as text, in quotes if it is a number"))
                continue
            if key in own:
                self.lines[at] = line
                self.slips.append(SpecError(at, "stands here a second time", "leave one of them"))
            if position >= merged:
                own.add(key)
            self.lines[at] = line
            found[key] = self.value(item, at, depth + 1)
        return found

    def _merged(self, node: yaml.MappingNode) -> int:
        """Unfolds `<<` in place; how many entries came from it. They come first, and the mapping may repeat them."""
        if id(node) not in self.merged:
            own = sum(key.tag != "tag:yaml.org,2002:merge" for key, _ in node.value)
            self.loader.flatten_mapping(node)
            self.merged[id(node)] = len(node.value) - own
        return self.merged[id(node)]

    def _scalar(self, node: yaml.Node) -> object:
        try:
            return self.loader.construct_object(node)
        except ValueError as error:
            raise YamlError(node.start_mark.line + 1, f"is no YAML: {error}", "correct the value") from error
