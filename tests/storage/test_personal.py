"""The list of personal columns names every column of the schema that can hold a member's id."""

import re
import sqlite3

import pytest

from storage.names import word_tails
from storage.personal import GUILD_COLUMNS, MEMBER_LISTS, PERSONAL_COLUMNS
from storage.schema import load_migrations

OF_A_MEMBER = re.compile(r"(user|owner|member|blocked|author|speaker|actor|subject)_id|.*_by")


@pytest.fixture(scope="module")
def columns() -> set[tuple[str, str]]:
    """Every column of the schema, with its table."""
    with sqlite3.connect(":memory:") as database:
        database.create_function("word_tails", 1, lambda key: str(list(word_tails(key))))
        for step in load_migrations():
            database.executescript(step.sql)
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            (table, row[1])
            for (table,) in tables
            for row in database.execute(f"PRAGMA table_info({table})")
        }


def test_every_column_that_is_named_like_a_members_id_is_listed(
    columns: set[tuple[str, str]],
) -> None:
    named = {(table, column) for table, column in columns if OF_A_MEMBER.fullmatch(column)}
    assert named - {(each.table, each.column) for each in PERSONAL_COLUMNS} == set()


def test_every_column_that_is_listed_exists(columns: set[tuple[str, str]]) -> None:
    listed = {(each.table, each.column) for each in PERSONAL_COLUMNS}
    assert (listed | set(MEMBER_LISTS) | set(GUILD_COLUMNS)) - columns == set()


def test_every_column_with_a_guilds_id_is_listed(columns: set[tuple[str, str]]) -> None:
    assert {each for each in columns if each[1] == "guild_id"} == set(GUILD_COLUMNS)
