"""The token from a file: a service's credential, a container's secret."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.config import load_settings
from bot.errors import ConfigError
from bot.session import require_token
from bot.token_file import told_exposed

TOKEN = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"


@pytest.fixture(autouse=True)
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file with a token, in the working directory; nothing else is configured."""
    for variable in os.environ:
        if variable.upper().startswith(("MYNAH_", "DISCORD_TOKEN")):
            monkeypatch.delenv(variable)
    monkeypatch.chdir(tmp_path)
    path = Path("token")
    path.write_text(f"{TOKEN}\n", encoding="utf-8")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("variable", ["DISCORD_TOKEN_FILE", "MYNAH_DISCORD__TOKEN_FILE"])
def test_a_variable_names_the_file(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "token")
    settings = load_settings()
    assert require_token(settings) == TOKEN
    assert TOKEN in settings.secrets()
    assert TOKEN not in repr(settings)


def test_a_credential_of_systemd_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    configuration = '[discord]\ntoken_file = "$CREDENTIALS_DIRECTORY/token"'
    Path("mynah.toml").write_text(configuration, encoding="utf-8")
    assert require_token(load_settings()) == TOKEN


def test_two_origins_contradict_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("DISCORD_TOKEN_FILE", "token")
    with pytest.raises(ConfigError, match="token and token_file cannot both be set") as caught:
        load_settings()
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, r"cannot be read \(No such file or directory\)\. Check discord\.token_file"),
        (b"", "There is no token in the file"),
        (b" \n", "There is no token in the file"),
        (b"a" * 5000, "There is no token in the file"),
        (b"Bot s3cret", "should be the token alone"),
        (b"s3cret\xff", "should be the token alone"),
    ],
)
def test_a_file_without_a_token_concerns_whoever_needs_one(
    file: Path, content: bytes | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.unlink() if content is None else file.write_bytes(content)
    monkeypatch.setenv("DISCORD_TOKEN_FILE", "token")
    settings = load_settings()  # commands that need no token go on
    with pytest.raises(ConfigError, match=said) as caught:
        require_token(settings)
    assert "s3cret" not in str(caught.value)


def test_a_file_that_others_may_read_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN_FILE", "token")
    assert told_exposed(load_settings().discord) is None
    file.chmod(0o644)
    assert told_exposed(load_settings().discord) == (
        "Others on this machine may read the token file token: chmod o= token"
    )
