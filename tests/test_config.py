"""Configuration: sources, their order, and errors that name the key."""

import os
import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from bot.config import Settings, load_settings
from bot.errors import ConfigError
from storage.shards import Shards

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "config.example.toml"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in os.environ:
        if variable.startswith("MYNAH_") or variable == "DISCORD_TOKEN":
            monkeypatch.delenv(variable)
    monkeypatch.chdir(tmp_path)


def write(text: str) -> Path:
    path = Path("settings.toml")
    path.write_text(text, encoding="utf-8")
    return path


def error_of(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_settings(write(text))
    return str(caught.value)


def test_without_a_file_the_defaults_hold() -> None:
    assert load_settings() == Settings()


def test_example_holds_the_defaults() -> None:
    assert load_settings(EXAMPLE) == Settings()


def test_example_documents_every_key() -> None:
    # Keys without a default stand there as a comment: uncomment them and compare the key sets.
    text = re.sub(r"^# (\w+ = )", r"\1", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    documented = {section: set(keys) for section, keys in tomllib.loads(text).items()}
    known = {}
    for section, field in Settings.model_fields.items():
        assert isinstance(field.annotation, type)
        assert issubclass(field.annotation, BaseModel)
        known[section] = set(field.annotation.model_fields)
    assert documented == known


def test_named_file_is_read() -> None:
    assert load_settings(write('[engine]\nkind = "piper"')).engine.kind == "piper"


def test_file_in_the_working_directory_is_read() -> None:
    Path("mynah.toml").write_text('[engine]\nkind = "piper"')
    assert load_settings().engine.kind == "piper"


def test_file_from_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNAH_CONFIG", str(write('[engine]\nkind = "piper"')))
    assert load_settings().engine.kind == "piper"


def test_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNAH_SPEECH__MAX_CHARACTERS", "50")
    assert load_settings(write("[speech]\nmax_characters = 70")).speech.max_characters == 50


def test_environment_leaves_the_other_keys_of_a_section(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNAH_ENGINE__DEVICE", "cpu")
    assert load_settings(write('[engine]\nkind = "piper"')).engine.kind == "piper"


@pytest.mark.parametrize(
    ("file", "variables", "expected"),
    [
        ("", {"DISCORD_TOKEN": "plain"}, "plain"),
        ('[discord]\ntoken = "file"', {"DISCORD_TOKEN": "plain"}, "plain"),
        ("", {"DISCORD_TOKEN": "plain", "MYNAH_DISCORD__TOKEN": "own"}, "own"),
    ],
)
def test_discord_token_is_honoured(
    file: str, variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    token = load_settings(write(file)).discord.token
    assert token is not None
    assert token.get_secret_value() == expected


@pytest.mark.parametrize(
    ("text", "key", "allowed"),
    [
        ("[engine]\nspeed = 3", "engine.speed", "Known here: kind"),
        ("[motor]\nkind = 3", "motor", "Known here: discord, storage"),
        ('[engine]\nkind = "festival"', "engine.kind", "'auto', 'chatterbox' or 'piper'"),
        ('[engine]\ndevice = "gpu"', "engine.device", "auto, cpu, mps, cuda or cuda:N"),
        ('[engine]\ndevices = ["auto"]', "engine", "each device, such as cuda:0, and not auto"),
        ("[engine]\ndevices = []", "engine.devices", "at least 1"),
        ('[engine]\ndevices = ["tpu"]', "engine.devices.0", "auto, cpu, mps, cuda or cuda:N"),
        (
            '[engine]\ndevice = "cpu"\ndevices = ["cuda:0", "cuda:1"]',
            "engine",
            "device and devices cannot both be set",
        ),
        ('[engine]\ndevices = ["cuda:0", "cuda:00"]', "engine.devices.1", "cuda or cuda:N"),
        ('[engine]\ndevices = "cuda:0"', "engine.devices", 'a list in brackets, such as ["one"'),
        ('[engine]\ndevices = ["cuda:1", "cuda:1"]', "engine", "cuda:1 twice. Only cpu"),
        ('[engine]\ndevices = ["mps", "cpu", "mps"]', "engine", "mps twice. Only cpu"),
        ('[engine]\nexecutor = "ray"\ndevices = ["cpu"]', "engine", "say ray_actors instead"),
        ('[engine]\ndevices = ["cuda", "cuda:0"]', "engine", "cuda:0 twice. Only cpu"),
        (
            '[engine]\nkind = "piper"\ndevices = ["cuda:1"]',
            "engine",
            "names cuda:1, and piper speaks on cpu only",
        ),
        ("[enrolment]\nmax_minutes = 600", "enrolment.max_minutes", "a number from 0.1 to 60"),
        ("[enrolment]\nkeep_seconds = 5", "enrolment.keep_seconds", "a number from 10 to 120"),
        ("[enrolment]\nkeep_seconds = []", "enrolment.keep_seconds", "a number from 10 to 120"),
        (
            "[speech]\nmax_characters = 1.5",
            "speech.max_characters",
            "a whole number from 1 to 100000",
        ),
        (
            "[enrolment]\nmax_upload_mb = 0.01",
            "enrolment.max_upload_mb",
            "a number from 0.1 to 500",
        ),
        ("[engine]\nslots = 65", "engine.slots", "a whole number from 1 to 64"),
        ("engine = 3", "engine", "a table of keys"),
    ],
)
def test_error_names_the_key_and_what_is_allowed(text: str, key: str, allowed: str) -> None:
    message = error_of(text)
    assert f"  {key}: " in message
    assert allowed in message


@pytest.mark.parametrize(
    ("section", "lower", "upper", "values"),
    [
        ("enrolment", "min_speech_seconds", "keep_seconds", (20, 15)),
        ("speech", "first_sentence_characters", "sentence_characters", (120, 80)),
        ("limits", "queue_per_member", "queue_per_guild", (4, 3)),
    ],
)
def test_keys_that_contradict_each_other_are_refused(
    section: str, lower: str, upper: str, values: tuple[int, int]
) -> None:
    first, second = values
    message = error_of(f"[{section}]\n{lower} = {first}\n{upper} = {second}")
    assert f"  {section}: {lower} " in message
    assert f"at most {upper} " in message
    load_settings(write(f"[{section}]\n{lower} = {second}\n{upper} = {second}"))


def test_key_that_contradicts_a_default_is_refused_with_the_default() -> None:
    message = error_of("[speech]\nsentence_characters = 90")
    assert "first_sentence_characters (by default 100) should be at most" in message


def test_error_in_a_variable_names_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNAH_SPEECH__MAX_CHARACTERS", "many")
    assert "speech.max_characters: " in error_of("")


@pytest.mark.parametrize("variable", ["MYNAH_MOTOR__KIND", "MYNAH_ENGINE", "MYNAH_ENGINE_KIND"])
def test_misspelt_variable_is_refused(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "piper")
    assert variable in error_of("")


@pytest.mark.parametrize("key", ["storage.directory", "engine.checkpoint"])
def test_tilde_is_the_home_directory(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/anna")
    section, name = key.split(".")
    settings = load_settings(write(f'[{section}]\n{name} = "~/x"'))
    assert getattr(getattr(settings, section), name) == Path("/home/anna/x")


def test_home_directory_of_nobody_is_an_error() -> None:
    message = error_of('[storage]\ndirectory = "~no-such-user/x"')
    assert "  storage.directory: begins with ~" in message


def test_missing_file_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml cannot be read"):
        load_settings(Path("nowhere.toml"))


def test_broken_toml_is_an_error() -> None:
    assert "not valid TOML" in error_of("[engine")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_file_in_another_encoding_is_an_error(encoding: str) -> None:
    path = Path("settings.toml")
    path.write_bytes('[storage]\ndirectory = "Vögel"'.encode(encoding))
    with pytest.raises(ConfigError, match="Save it as UTF-8"):
        load_settings(path)


def test_secrets_stay_out_of_errors_and_reprs() -> None:
    assert "s3cret" not in error_of('[discord]\ntoken = ["s3cret"]\nproxy = 3')
    settings = load_settings(write('[discord]\ntoken = "s3cret"\nproxy = "http://u:s3cret@h"'))
    assert "s3cret" not in repr(settings)


def test_shards_that_cannot_be_are_told_by_key() -> None:
    assert "discord.shards: in 5-3 the first shard" in error_of('[discord]\nshards = "5-3/8"')
    assert 'discord.shards: should be "auto"' in error_of("[discord]\nshards = 3")


def test_shards_can_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNAH_DISCORD__SHARDS", "0-1/8")
    assert load_settings().discord.shards == Shards((0, 1), 8)
