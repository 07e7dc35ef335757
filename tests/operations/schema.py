"""Checks JSON against the part of JSON Schema that docs/log.schema.json uses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "log.schema.json").read_text(encoding="utf-8")
)

KEYWORDS = {
    "$schema", "title", "description", "type", "required", "properties", "pattern", "enum",
    "minimum", "const", "if", "then",
}  # fmt: skip
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}


def faults(value: Any, schema: Any = SCHEMA, where: str = "line") -> list[str]:
    """Return what of a value is not as the schema has it."""
    assert schema.keys() <= KEYWORDS, "this checks only these"
    return [f"{where}: {fault}" for fault in _faults(value, schema)]


def _faults(value: Any, schema: Any) -> Iterator[str]:
    types = schema.get("type", [])
    allowed = [types] if isinstance(types, str) else types
    if allowed and not any(isinstance(value, TYPES[name]) for name in allowed):
        yield f"{value!r} is no {allowed}"
        return
    if value not in schema.get("enum", [value]) or value != schema.get("const", value):
        yield f"{value!r} is not allowed"
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{value!r} has another form"
    if isinstance(value, (int, float)) and value < schema.get("minimum", value):
        yield f"{value!r} is too small"
    if isinstance(value, dict):
        yield from _members(value, schema)


def _members(value: dict[str, Any], schema: Any) -> Iterator[str]:
    yield from (f"{name} is missing" for name in schema.get("required", ()) if name not in value)
    for name, inner in schema.get("properties", {}).items():
        if name in value:
            yield from faults(value[name], inner, name)
    if "if" in schema and not faults(value, schema["if"]):
        yield from faults(value, schema["then"])
