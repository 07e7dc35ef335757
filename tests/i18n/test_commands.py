"""Commands in the languages of the interface, as Discord is told of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

import bot.command_translator
from bot.client import EXTENSIONS, MynahBot
from bot.command_translator import CommandTranslator
from storage.voices import VoiceStore
from tests.cogs.world import World

Payload = dict[str, Any]
LOCALES = {"de", "ja", "es-ES", "es-419", "fr"}


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[MynahBot]:
    async with VoiceStore.open(tmp_path) as store:
        client = World(store).make_bot()
        await client.tree.set_translator(CommandTranslator())
        for extension in EXTENSIONS:
            await client.load_extension(extension)
        yield client


async def payloads(client: MynahBot) -> list[Payload]:
    translator = client.tree.translator
    assert translator is not None
    commands = client.tree.get_commands()
    return [await command.get_translated_payload(client.tree, translator) for command in commands]


def parts(payload: Payload) -> Iterator[Payload]:
    """A command, its subcommands, options and choices."""
    yield payload
    for part in (*payload.get("options", ()), *payload.get("choices", ())):
        yield from parts(part)


async def test_every_command_has_its_names_and_descriptions(client: MynahBot) -> None:
    for payload in await payloads(client):
        for part in parts(payload):
            if part.get("description"):
                assert set(part.get("description_localizations", ())) == LOCALES, part["name"]
            # A name that is the same in a language needs none, such as "info" in German.
            assert set(part.get("name_localizations", ())) <= LOCALES


async def test_names_differ_within_each_command_and_language(client: MynahBot) -> None:
    def check(siblings: list[Payload]) -> None:
        for locale in (None, *LOCALES):
            names = [
                (part.get("name_localizations") or {}).get(locale, part["name"])
                for part in siblings
            ]
            assert len(set(names)) == len(names), (locale, names)
        for part in siblings:
            check(part.get("options", []))
            check(part.get("choices", []))

    everything = await payloads(client)
    for kind in (1, 2, 3):
        check([payload for payload in everything if payload.get("type", 1) == kind])


def counted(payload: Payload) -> int:
    """Characters as Discord counts them: of each text the longest of its languages."""
    own = sum(
        max(
            len(text)
            for text in (payload[key], *(payload.get(f"{key}_localizations") or {}).values())
        )
        for key in ("name", "description")
        if payload.get(key)
    )
    value = len(str(payload.get("value", "")))
    return (
        own
        + value
        + sum(counted(part) for part in (*payload.get("options", ()), *payload.get("choices", ())))
    )


async def test_no_command_is_larger_than_discord_takes(client: MynahBot) -> None:
    sizes = {payload["name"]: counted(payload) for payload in await payloads(client)}
    assert {name: size for name, size in sizes.items() if size > 8000} == {}


async def test_a_command_in_german(client: MynahBot) -> None:
    (say,) = [payload for payload in await payloads(client) if payload["name"] == "say"]
    assert say["name_localizations"]["de"] == "sagen"
    assert say["description_localizations"]["ja"] == "ボイスチャンネルで文章を読み上げます"
    options = {option["name"]: option for option in say["options"]}
    assert options["language"]["name_localizations"]["es-419"] == "idioma"
    choices = {choice["value"]: choice for choice in options["language"]["choices"]}
    assert choices["de"]["name_localizations"] == {
        "de": "Deutsch",
        "es-ES": "Alemán",
        "es-419": "Alemán",
        "fr": "Allemand",
        "ja": "ドイツ語",
    }


async def test_discord_is_told_anew_when_a_translation_changed(
    client: MynahBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await client.definition_hash()
    assert await client.definition_hash() == before
    monkeypatch.setattr(bot.command_translator, "pgettext", lambda context, text: f"{text}x")
    assert await client.definition_hash() != before
