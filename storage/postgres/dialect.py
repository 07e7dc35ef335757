"""From the stores' statements, which are SQLite's, to PostgreSQL's: the one place that knows both.

Most of a statement reads the same in both. What does not is in `_WORDS`; a statement with a
function that is not there fails in PostgreSQL, and so in the stores' tests, which run on both.
"""

from __future__ import annotations

import functools
import re

_TOKEN = re.compile(r"'(?:[^']|'')*'|\?(\d*)")
_WORDS = (
    (re.compile(r"\bchar\(1114111\)"), "chr(1114111)"),
    (re.compile(r"\bIN \(\)"), "IN (NULL)"),
    (re.compile(r"\binstr\("), "strpos("),
    # Of whole numbers it makes a numeric.
    (re.compile(r"\bsum\((\w+)\)"), r"sum(\1)::bigint"),
    (re.compile(r"\bjson_extract\((\w+), '\$\.(\w+)'\)"), r"(\1::json ->> '\2')"),
    (re.compile(r"\bjson_array\("), "json_build_array("),
    (re.compile(r"\bjson_group_array\((\w+)\)"), r"coalesce(json_agg(\1), '[]')"),
    (
        re.compile(r"\bjson_group_object\((\w+), (\w+(?:\([^()]*\))?)\)"),
        r"coalesce(json_object_agg(\1, \2), '{}')",
    ),
    # The texts in the lists of an object; every list is one of texts.
    (
        re.compile(r"\bjson_tree\(([\w.]+), '\$\.(\w+)'\) ON atom = (\w+)"),
        r"json_each(\1::json -> '\2') AS lists(list, atoms) ON TRUE"
        r" JOIN json_array_elements_text(atoms) AS atom ON atom = \3",
    ),
    (
        re.compile(r"SELECT value FROM json_each\((\?\d+)\)"),
        r"SELECT value::bigint FROM json_array_elements_text(\1::json) AS value",
    ),
)
_TYPES: dict[type, str] = {
    bool: "boolean",
    int: "bigint",
    float: "double precision",
    str: "text",
    bytes: "bytea",
}

Values = tuple[str | int | float | bytes, ...]
KEPT_STATEMENTS = 1024
"""Translated; the stores have some 200, with other types where a value may be missing."""


def translated(sql: str, values: tuple[object, ...]) -> tuple[str, Values]:
    """Return a statement in PostgreSQL's words, and the values of its parameters.

    `?` and `?1` become `$1::bigint` and so on: PostgreSQL finds out types of parameters from the
    first place where they stand, which need not tell. None becomes NULL, which fits everywhere.
    """
    kinds = tuple(None if value is None else type(value) for value in values)
    statement, order = _translated(sql, kinds)
    return statement, tuple(_storable(values[number]) for number in order)


@functools.lru_cache(KEPT_STATEMENTS)
def _translated(sql: str, kinds: tuple[type | None, ...]) -> tuple[str, tuple[int, ...]]:
    """Return the statement, and which values it takes in which order."""
    for pattern, words in _WORDS:
        sql = pattern.sub(words, sql)
    order: list[int] = []
    last = 0

    def place(match: re.Match[str]) -> str:
        nonlocal last
        if match[1] is None:
            return match[0]  # a text
        last = int(match[1]) if match[1] else last + 1
        kind = kinds[last - 1]
        if kind is None:
            return "NULL"
        if last - 1 not in order:
            order.append(last - 1)
        return f"${order.index(last - 1) + 1}::{_type_of(kind)}"

    return _TOKEN.sub(place, sql), tuple(order)


def _type_of(kind: type) -> str:
    """Return PostgreSQL's word for a type; of a subclass, such as of an enumeration, its base's."""
    return next(_TYPES[base] for base in kind.__mro__ if base in _TYPES)


def _storable(value: object) -> str | int | float | bytes:
    """Return a value as PostgreSQL can keep it: in no text stands NUL."""
    if isinstance(value, str):
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    assert isinstance(value, int | float | bytes)
    return value
