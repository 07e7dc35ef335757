"""`mynah guilds`: list, show, set."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest

from bot.settings.guild import GuildSettings
from bot.settings.service import SettingsService
from storage.setting_values import SettingValues
from storage.types import NewVoice
from storage.voices import VoiceStore
from tests.cli.conftest import Mynah, Outcome
from tests.cli.test_json import documented
from tests.storage.conftest import make_clip

GUILD = 81_384_788_765_712_384


def settings_of(mynah: Mynah, guild_id: int = GUILD) -> GuildSettings:
    async def read() -> GuildSettings:
        async with VoiceStore.open(mynah.data) as store:
            return await SettingsService(SettingValues.beside(store)).guild(guild_id)

    return asyncio.run(read())


def add_voice(mynah: Mynah, name: str, guild_id: int) -> int:
    async def add() -> int:
        async with VoiceStore.open(mynah.data) as store:
            return (await store.add(NewVoice(guild_id, name), make_clip())).id

    return asyncio.run(add())


def parsed(outcome: Outcome) -> dict[str, Any]:
    assert outcome.code == 0, outcome.err
    document: dict[str, Any] = json.loads(outcome.out)
    return document


def test_an_empty_list_says_when_servers_appear(mynah: Mynah) -> None:
    assert "first voice or setting" in mynah("guilds").out
    assert parsed(mynah("guilds", "--json")) == {"guilds": []}


def test_the_list_counts_what_a_server_has(mynah: Mynah) -> None:
    add_voice(mynah, "Anna", 7)
    mynah("guilds", "set", str(GUILD), "speed", "1.5")
    lines = mynah("guilds", "list").out.splitlines()
    assert [line.split() for line in lines[1:]] == [["7", "1", "0", "0"], [str(GUILD), *"010"]]


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("speed", "1,5", 1.5),
        ("volume-db", "-3", -3),
        ("say_roles", "12,13", (12, 13)),
        ("moderation_channel", "12", 12),
        ("skip_prefix", "-", "-"),
        ("hurry", "off", False),
        ("locale", "de", "de"),
    ],
)
def test_a_setting_is_set_and_told(mynah: Mynah, key: str, text: str, value: object) -> None:
    outcome = mynah("guilds", "set", str(GUILD), key, text)
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith(f"{key.replace('-', '_')} of server {GUILD}: ")
    assert getattr(settings_of(mynah), key.replace("-", "_")) == value
    assert mynah("guilds", "set", str(GUILD), key, "--reset").code == 0
    assert settings_of(mynah) == GuildSettings()


def test_a_server_of_which_nothing_is_stored_may_be_mistyped(mynah: Mynah) -> None:
    assert (
        f"server {GUILD} yet: check its ID" in mynah("guilds", "set", str(GUILD), "speed", "2").out
    )
    assert "check its ID" not in mynah("guilds", "set", str(GUILD), "speed", "1.5").out


def test_the_default_voice_is_a_name(mynah: Mynah) -> None:
    own, shared = add_voice(mynah, "Anna", GUILD), add_voice(mynah, "Bert", 0)
    for name, voice_id in (("anna", own), ("Bert", shared)):
        assert mynah("guilds", "set", str(GUILD), "default_voice", name).code == 0
        assert settings_of(mynah).default_voice == voice_id
    assert "Bert" in mynah("guilds", "show", str(GUILD)).out
    assert mynah("guilds", "set", str(GUILD), "default_voice", "none").code == 0
    assert settings_of(mynah).default_voice is None
    outcome = mynah("guilds", "set", str(GUILD), "default_voice", "Carl")
    assert outcome.code == 2
    assert "no voice named “Carl”" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((str(GUILD), "speed", "9"), "“Speed” takes a number from 0.5 to 2×"),
        ((str(GUILD), "say_roles", "VIP"), "at most 25 roles"),
        ((str(GUILD), "sped", "1"), "Did you mean speed?"),
        ((str(GUILD), "speed"), "either VALUE or --reset"),
        ((str(GUILD), "speed", "1", "--reset"), "either VALUE or --reset"),
        (("0", "speed", "1"), "ID"),
        (("-5", "speed", "1"), "ID"),
    ],
)
def test_what_is_wrong_is_told_and_changes_nothing(
    mynah: Mynah, arguments: tuple[str, ...], told: str
) -> None:
    outcome = mynah("guilds", "set", *arguments)
    assert outcome.code == 2
    assert told in outcome.err
    assert parsed(mynah("guilds", "--json")) == {"guilds": []}


def test_show_tells_every_setting_its_meaning_and_where_it_differs(mynah: Mynah) -> None:
    mynah("guilds", "set", str(GUILD), "max_characters", "500")
    lines = mynah("guilds", "show", str(GUILD)).out.splitlines()
    rows = {line.split()[0]: line for line in lines if line}
    assert set(GuildSettings.model_fields) <= set(rows)
    assert "500 characters  " in rows["max_characters"]
    assert "300 characters  " in rows["max_characters"]
    assert "Longer messages end there" in rows["max_characters"]
    assert re.split(" {2,}", rows["speed"])[-1] == "How fast texts are spoken"
    assert lines[-1].split("  ")[1:] == ["operator", "max_characters", "300 characters",
                                         "500 characters"]  # fmt: skip


def test_json_has_the_documented_keys(mynah: Mynah) -> None:
    mynah("guilds", "set", str(GUILD), "say_roles", str(2**60))
    [listed] = parsed(mynah("guilds", "--json"))["guilds"]
    assert listed == {"guild_id": str(GUILD), "voices": 0, "settings": 1, "read_channels": 0}
    shown = parsed(mynah("guilds", "show", str(GUILD), "--json"))
    told = set(listed) | set(shown) | set(shown["settings"][0]) | set(shown["changes"][0])
    assert told == documented("guilds")
    [roles] = [each for each in shown["settings"] if each["key"] == "say_roles"]
    assert (roles["value"], roles["default"], roles["page"]) == ([str(2**60)], [], "Voices")
    assert shown["changes"][0]["after"] == [str(2**60)]
    answer = parsed(mynah("guilds", "set", str(GUILD), "auto_join", "5 6", "--json"))
    assert answer == {"guild_id": str(GUILD), "key": "auto_join", "value": ["5", "6"]}


def test_json_stands_after_the_command(mynah: Mynah) -> None:
    outcome = mynah("guilds", "--json", "show", str(GUILD))
    assert outcome.code == 2
    assert "mynah guilds show ... --json" in outcome.err
