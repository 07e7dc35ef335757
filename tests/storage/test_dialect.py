"""SQLite's statements in PostgreSQL's words; that they mean the same, the stores' tests show."""

from __future__ import annotations

from importlib.resources import files

import pytest

from storage.postgres.dialect import translated


@pytest.mark.parametrize(
    ("sql", "values", "statement", "sent"),
    [
        ("SELECT ? + ?", (1, 2.5), "SELECT $1::bigint + $2::double precision", (1, 2.5)),
        ("SELECT ?2, ?1, ?2", ("a", b"b"), "SELECT $1::bytea, $2::text, $1::bytea", (b"b", "a")),
        ("SELECT ?1 IS NULL OR x = ?1", (None,), "SELECT NULL IS NULL OR x = NULL", ()),
        ("SELECT ?, '?1', ?", (None, True), "SELECT NULL, '?1', $1::boolean", (True,)),
        ("x < ? || char(1114111)", ("a",), "x < $1::text || chr(1114111)", ("a",)),
        ("id IN ()", (), "id IN (NULL)", ()),
        ("VALUES (?)", ("a\0b",), "VALUES ($1::text)", ("a\N{REPLACEMENT CHARACTER}b",)),
    ],
)
def test_parameters_are_numbered_typed_and_storable(
    sql: str, values: tuple[object, ...], statement: str, sent: tuple[object, ...]
) -> None:
    assert translated(sql, values) == (statement, sent)


def test_one_statement_with_other_types_is_another() -> None:
    assert translated("SELECT ?", (1,))[0] != translated("SELECT ?", ("1",))[0]


def test_both_schemas_are_at_the_same_step() -> None:
    def newest(package: str) -> str:
        names = [f.name for f in files(package).iterdir() if f.name.endswith(".sql")]
        return max(names)[:4]

    assert newest("storage.postgres.migrations") == newest("storage.migrations")
