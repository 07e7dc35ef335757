"""`[storage] url`: what counts as an address, who may see it, and which commands need SQLite."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from bot.cli.main import run
from bot.config import load_settings
from bot.errors import ConfigError
from storage.errors import StorageError
from storage.opening import open_database
from storage.postgres.address import secrets, shown

URL = "postgresql://mynah:hunter%402@db.example:5433/mynah?sslmode=require"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in os.environ:
        if variable.upper().startswith("MYNAH_"):
            monkeypatch.delenv(variable)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://localhost/mynah",
        "postgres://mynah@/mynah?host=/run/postgresql",
        "postgresql://u:p@one:5432,two:5433/mynah",
        "postgresql://u:p@[::1]:5432/mynah",
        URL,
    ],
)
def test_an_address_is_taken(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNAH_STORAGE__URL", url)
    given = load_settings().storage.url
    assert given is not None
    assert given.get_secret_value() == url


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:hunter2@localhost/mynah",
        "postgresql://u:hunter2@localhost",
        "postgresql://u:hunter/2@localhost/mynah",
        "postgresql://u:hunter@2@localhost/mynah",
        "postgresql://u:hunter#2@localhost/mynah",
        "postgresql://u:hunter 2@localhost/mynah",
        "postgresql://u:hunter2@localhost:port/mynah",
        "hunter2",
    ],
)
def test_what_is_none_is_refused_and_not_quoted(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNAH_STORAGE__URL", url)
    with pytest.raises(ConfigError, match="should be the address of a PostgreSQL database") as told:
        load_settings()
    assert "hunter" not in str(told.value)


def test_the_password_is_among_what_is_never_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNAH_STORAGE__URL", URL)
    settings = load_settings()
    assert {URL, "hunter%402", "hunter@2"} <= set(settings.secrets())
    assert "hunter" not in repr(settings)


def test_an_address_is_shown_without_user_password_and_options() -> None:
    assert shown(URL) == "postgresql://db.example:5433/mynah"


def test_a_password_among_the_options_is_a_secret() -> None:
    assert "hunter2" in secrets("postgresql://localhost/mynah?password=hunter2")


@pytest.mark.parametrize("command", [["backup", "out.mynah"], ["restore", "x"], ["doctor"]])
def test_what_is_about_sqlites_file_says_what_to_use_instead(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MYNAH_STORAGE__URL", URL)
    assert run(command) == 2
    printed = capsys.readouterr()
    assert "postgresql://db.example:5433/mynah" in printed.err.replace("\n", "")
    assert "hunter" not in printed.out + printed.err
    assert not list(Path().iterdir())


async def test_without_asyncpg_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    monkeypatch.delitem(sys.modules, "storage.postgres.database", raising=False)
    with pytest.raises(StorageError, match=r'pip install "mynah-bot\[postgres\]"') as told:
        async with open_database(tmp_path, URL):
            pass
    assert "\n" not in str(told.value)
