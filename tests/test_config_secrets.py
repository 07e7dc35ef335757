"""The token and the proxy: what counts as one, and that no error shows what was written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cli.main import run
from bot.config import load_settings
from bot.credentials import masked_quotations, none_if_blank
from bot.errors import ConfigError
from bot.session import require_token

TOKEN = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"
PARTS = TOKEN.split(".")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in os.environ:
        if variable.upper().startswith(("MYNAH_", "DISCORD_TOKEN")):
            monkeypatch.delenv(variable)
    monkeypatch.chdir(tmp_path)


def configuration(text: str) -> Path:
    path = Path("settings.toml")
    path.write_text(text, encoding="utf-8")
    return path


def error_of(text: str = "") -> str:
    with pytest.raises(ConfigError) as caught:
        load_settings(configuration(text))
    return str(caught.value)


@pytest.mark.parametrize("blank", ["", " ", "\t\n", '""', "''", '" "', " '  ' "])
@pytest.mark.parametrize("where", ["DISCORD_TOKEN", "MYNAH_DISCORD__TOKEN", "mynah_discord__token"])
def test_a_blank_token_is_none(where: str, blank: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(where, blank)
    with pytest.raises(ConfigError, match="There is no Discord token"):
        require_token(load_settings(configuration("")))


def test_a_blank_token_in_the_file_is_none() -> None:
    settings = load_settings(configuration('[discord]\ntoken = "  "\nproxy = ""'))
    assert (settings.discord.token, settings.discord.proxy) == (None, None)


@pytest.mark.parametrize("variables", [{"DISCORD_TOKEN": " "}, {"MYNAH_DISCORD__TOKEN": '""'}])
def test_a_blank_variable_leaves_what_the_file_says(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert require_token(load_settings(configuration('[discord]\ntoken = "file"'))) == "file"


def test_a_blank_own_variable_leaves_the_common_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNAH_DISCORD__TOKEN", " ")
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    assert require_token(load_settings(configuration(""))) == TOKEN


@pytest.mark.parametrize("written", [f" {TOKEN}\n", f'"{TOKEN}"', f"'{TOKEN}'"])
def test_spaces_and_quotes_around_a_token_do_not_count(
    written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", written)
    assert require_token(load_settings(configuration(""))) == TOKEN


@pytest.mark.parametrize("written", [f"Bot {TOKEN}", "tök.enq", "xyzq\nqzyx"])
def test_what_can_be_no_token_is_refused_unseen(
    written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", written)
    error = error_of()
    assert "discord.token: should be the token alone" in error
    assert not any(part in error for part in written.split())


@pytest.mark.parametrize(
    "proxy",
    ["http://host:8080", "http://user:p%40ss@host:8080", "https://10.0.0.1", "http://[::1]:3128/"],
)
def test_a_proxy_can_have_that_address(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNAH_DISCORD__PROXY", proxy)
    chosen = load_settings(configuration("")).discord.proxy
    assert chosen is not None
    assert chosen.get_secret_value() == proxy


@pytest.mark.parametrize(
    "proxy",
    [
        "s3cret",
        "s3cret.host:8080",
        "http://",
        "http://:8080",
        "http://user:s3cret@",
        "http://user:s3#cret@host:8080",
        "http://user:12/s3cret@host",
        "http://host:s3cret",
        "http://host:99999",
        "http://host:0",
        "http://[::s3cret",
        "http://s3cret host:80",
        "http://s3cret..host",
        "http://host:80/path?s3cret",
        "socks5://user:s3cret@host:1080",
        "ftp://host",
    ],
)
def test_a_malformed_proxy_is_wrong_configuration(
    proxy: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("MYNAH_DISCORD__PROXY", proxy)
    assert run(["run"]) == 2
    error = capsys.readouterr().err
    assert "discord.proxy: should be the address of an HTTP proxy" in error
    assert "s3" not in error


@pytest.mark.parametrize(
    "text",
    [
        f"{TOKEN} = 1",
        f'"{TOKEN}" = 1',
        f'[discord]\n"{TOKEN}" = 1',
        f"[discord]\n{TOKEN} = true",
        f"[{TOKEN}]",
        f"[{TOKEN}]\n[{TOKEN}]",
        f'["{TOKEN}"]\n["{TOKEN}"]',
        f"a = {{ {PARTS[0]} = 1, {PARTS[0]} = 2 }}",
        f"[discord]\ntoken = {TOKEN}",
        f"[discord]\ntoken = '{TOKEN}",
        f"[discord.token]\n{PARTS[0]} = 1",
        f'token = "{TOKEN}"',
        f'discord = "{TOKEN}"',
        f'[engine]\ntoken = "{TOKEN}"',
        f'[engine]\nkind = "{TOKEN}"',
        f'[engine]\nslots = "{TOKEN}"',
        f'[logging]\nlevel = ["{TOKEN}"]',
        TOKEN,
    ],
)
def test_a_token_in_the_wrong_place_is_not_shown(text: str) -> None:
    assert not [part for part in PARTS if part.lower() in error_of(text).lower()]


@pytest.mark.parametrize("name", [f"MYNAH_{PARTS[0]}__X", f"MYNAH_DISCORD__{PARTS[0]}"])
def test_a_token_in_the_name_of_a_variable_is_not_shown(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "x")
    assert PARTS[0].lower() not in error_of().lower()


def test_variables_that_contradict_each_other_show_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MYNAH_DISCORD__TOKEN__X", TOKEN)
    monkeypatch.setenv("MYNAH_ENGINE__KIND__X", TOKEN)
    assert run(["voices"]) == 2
    assert not [part for part in PARTS if part in capsys.readouterr().err]


@pytest.mark.parametrize("path", [TOKEN, f"{TOKEN}.toml"])
def test_a_token_as_the_name_of_the_file_is_not_shown(path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(Path(path))
    assert PARTS[2] not in str(caught.value)


def test_nested_without_end_is_an_error_like_others() -> None:
    assert "is not valid TOML" in error_of("a = " + "[" * 100_000)


@given(st.text(min_size=2).filter(lambda text: not set(text) & set("'\"\\")))
def test_whatever_a_message_quotes_is_left_out(quoted: str) -> None:
    assert masked_quotations(f"Cannot declare ({quoted!r},) twice") == (
        "Cannot declare ([not shown],) twice"
    )


@given(st.text(alphabet=" \t\n'\"", max_size=8))
def test_blank_is_blank_however_it_is_written(text: str) -> None:
    assert none_if_blank(text) is None


KEY = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="


@pytest.mark.parametrize(
    "text",
    [
        f'[storage]\nkey = "{KEY}x"',
        f'[storage]\nkey = ["{KEY}"]',
        f'[storage]\nkey = "{KEY}',
        f"[storage]\n{KEY.strip('=')} = 1",
        f'[storage]\nkey = "{KEY}"\nkey_file = "k"',
        f'[storage.key]\nvalue = "{KEY}"',
    ],
)
def test_no_error_shows_a_key(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(configuration(text))
    assert KEY[:16] not in str(caught.value)


def test_a_key_is_hidden_wherever_settings_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNAH_STORAGE__KEY", f"{KEY},{KEY}")
    settings = load_settings(configuration(""))
    assert KEY not in f"{settings!r} {settings.model_dump()} {settings.model_dump_json()}"
    assert KEY in settings.secrets()


@pytest.mark.parametrize("blank", ["", " ", '""'])
def test_a_blank_key_is_none(blank: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNAH_STORAGE__KEY", blank)
    assert load_settings(configuration("")).storage.key is None


def test_a_key_file_may_name_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/mynah.service")
    settings = load_settings(configuration('[storage]\nkey_file = "$CREDENTIALS_DIRECTORY/key"'))
    assert settings.storage.key_file == Path("/run/credentials/mynah.service/key")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    with pytest.raises(ConfigError, match="a variable of the environment that is not set"):
        load_settings(configuration('[storage]\nkey_file = "$CREDENTIALS_DIRECTORY/key"'))


@pytest.mark.parametrize("name", ["ACCESS_KEY", "SECRET_KEY"])
def test_what_can_be_no_key_of_a_store_is_refused_unseen(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("ACCESS_KEY", "SECRET_KEY"):
        monkeypatch.setenv(f"MYNAH_STORAGE__CLIPS_{key}", "sound\n")
    assert load_settings(configuration("")).storage.clips_access_key is not None
    monkeypatch.setenv(f"MYNAH_STORAGE__CLIPS_{name}", "xyzq\nqzyx")
    error = error_of()
    assert "should be the key alone" in error
    assert "xyzq" not in error


def test_a_region_is_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNAH_STORAGE__CLIPS_REGION", "eu central\n1")
    assert "such as eu-central-1" in error_of()
