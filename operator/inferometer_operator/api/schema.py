"""From msgspec classes to the structural schema of a CRD.

A CRD's schema is a dialect: no references, no `anyOf` with null, booleans for exclusive bounds, keys of maps ruled by
CEL and not by `propertyNames`. So the tree of types is walked here and each node written in that dialect; patching the
JSON Schema that msgspec makes would have to undo most of it.

Every field must be bounded and described, or `UnfitError` is raised: the API server estimates the cost of CEL rules
from the bounds, and `kubectl explain` is the reference that users read.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import msgspec.inspect as mi

Json = dict[str, Any]

INT64_MAX = 2**63 - 1


class UnfitError(TypeError):
    """A class cannot be written as a structural schema: `path` says where, the message what is missing."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


Rule = dict[str, str]
RulesOf = Mapping[type, tuple[Rule, ...]]


def structural_schema(cls: type, *, rules: RulesOf, defaults: bool) -> Json:
    """The schema of a msgspec class. `rules` are the CEL rules of each class, put where the class is used."""
    walk = _Walk(rules, defaults)
    return walk.node(mi.type_info(cls), cls.__name__)


class _Walk:
    def __init__(self, rules: RulesOf, defaults: bool) -> None:
        self._rules = rules
        self._defaults = defaults
        self._writers: dict[type, Callable[[Any, str], Json]] = {
            mi.Metadata: self._metadata,
            mi.StructType: self._struct,
            mi.StrType: self._string,
            mi.LiteralType: self._literal,
            mi.IntType: self._integer,
            mi.FloatType: self._number,
            mi.BoolType: lambda _node, _path: {"type": "boolean"},
            mi.DateTimeType: lambda _node, _path: {"type": "string", "format": "date-time"},
            mi.VarTupleType: self._array,
            mi.ListType: self._array,
            mi.DictType: self._map,
            mi.UnionType: self._union,
        }

    def node(self, node: mi.Type, path: str) -> Json:
        writer = self._writers.get(type(node))
        if writer is None:
            raise UnfitError(path, f"a {type(node).__name__} has no place in a structural schema")
        return writer(node, path)

    def _metadata(self, node: mi.Metadata, path: str) -> Json:
        return self.node(node.type, path) | (node.extra_json_schema or {})

    def _union(self, node: mi.UnionType, path: str) -> Json:
        plain = [one.type if isinstance(one, mi.Metadata) else one for one in node.types]
        text = next((one for one in plain if isinstance(one, mi.StrType)), None)
        if len(plain) == 2 and text is not None and any(isinstance(one, mi.IntType) for one in plain):
            # A pattern and a length speak of the text only.
            written = self._string(text, path)
            del written["type"]
            return {"x-kubernetes-int-or-string": True} | written
        raise UnfitError(path, "a union has no place in a structural schema; leave the field UNSET instead of None")

    def _struct(self, node: mi.StructType, path: str) -> Json:
        schema: Json = {"description": inspect.cleandoc(node.cls.__doc__ or ""), "type": "object"}
        required = [field.encode_name for field in node.fields if field.required]
        if required:
            schema["required"] = required
        schema["properties"] = {field.encode_name: self._field(field, path) for field in node.fields}
        if rules := self._rules.get(node.cls):
            schema["x-kubernetes-validations"] = list(rules)
        return schema

    def _field(self, field: mi.Field, path: str) -> Json:
        path = f"{path}.{field.encode_name}"
        if not (isinstance(field.type, mi.Metadata) and (field.type.extra_json_schema or {}).get("description")):
            raise UnfitError(path, "no description")
        schema = self.node(field.type, path)
        if self._defaults and not field.required:
            schema |= _default(field)
        # The description first: this is a file that people read.
        return {"description": schema.pop("description"), **schema}

    def _string(self, node: mi.StrType, path: str) -> Json:
        if node.max_length is None:
            raise UnfitError(path, "no max_length")
        return _given({"type": "string"}, minLength=node.min_length, maxLength=node.max_length, pattern=node.pattern)

    def _literal(self, node: mi.LiteralType, path: str) -> Json:
        if not all(isinstance(value, str) for value in node.values):
            raise UnfitError(path, "an enumeration of something other than strings")
        return {"type": "string", "enum": list(node.values)}

    def _integer(self, node: mi.IntType, _path: str) -> Json:
        # The format says what INT64_MAX says, and a JSON number of that size would be rounded.
        maximum = None if node.le == INT64_MAX else node.le
        return _given({"type": "integer", "format": "int64"}, minimum=node.ge, maximum=maximum)

    def _number(self, node: mi.FloatType, _path: str) -> Json:
        # `gt` and `lt` as booleans beside the bound, the only form that a CRD knows.
        schema = _given({"type": "number"}, minimum=node.ge, maximum=node.le)
        if node.gt is not None:
            schema |= {"minimum": node.gt, "exclusiveMinimum": True}
        if node.lt is not None:
            schema |= {"maximum": node.lt, "exclusiveMaximum": True}
        return schema

    def _array(self, node: mi.VarTupleType | mi.ListType, path: str) -> Json:
        if node.max_length is None:
            raise UnfitError(path, "no max_length")
        return _given(
            {"type": "array", "items": self.node(node.item_type, f"{path}[]")},
            minItems=node.min_length,
            maxItems=node.max_length,
        )

    def _map(self, node: mi.DictType, path: str) -> Json:
        if node.max_length is None:
            raise UnfitError(path, "no max_length")
        schema: Json = {
            "type": "object",
            "additionalProperties": self.node(node.value_type, f"{path}{{}}"),
            "maxProperties": node.max_length,
        }
        schema["x-kubernetes-validations"] = [_key_rule(node.key_type, path)]
        return schema


def _key_rule(key: mi.Type, path: str) -> Rule:
    while isinstance(key, mi.Metadata):
        key = key.type
    if not isinstance(key, mi.StrType) or key.max_length is None or key.pattern is None:
        raise UnfitError(path, "keys without max_length and pattern")
    pattern = key.pattern.replace("\\", "\\\\").replace("'", "\\'")
    return {
        "rule": f"self.all(k, k.size() <= {key.max_length} && k.matches('{pattern}'))",
        "message": f"each key has at most {key.max_length} characters and matches {key.pattern}",
    }


def _default(field: mi.Field) -> Json:
    if field.default is not msgspec.NODEFAULT:
        return {"default": _as_json(field.default)}
    if field.default_factory is not msgspec.NODEFAULT:
        return {"default": _as_json(field.default_factory())}
    return {}


def _as_json(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


def _given(schema: Json, **keywords: Any) -> Json:
    return schema | {name: value for name, value in keywords.items() if value is not None}
