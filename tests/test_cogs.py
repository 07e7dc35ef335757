"""What holds for every command of the bot."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import app_commands

from bot.client import EXTENSIONS, MynahBot
from storage.voices import VoiceStore
from tests.cogs.world import World

# https://discord.com/developers/docs/interactions/application-commands#application-command-object
NAME = re.compile(r"[-_a-z0-9]{1,32}")
MAX_DESCRIPTION = 100


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[MynahBot]:
    async with VoiceStore.open(tmp_path) as store:
        bot = World(store).make_bot()
        for extension in EXTENSIONS:
            await bot.load_extension(extension)
        yield bot


def commands(bot: MynahBot) -> list[app_commands.Command[Any, Any, Any]]:
    found = [c for c in bot.tree.walk_commands() if isinstance(c, app_commands.Command)]
    assert found
    return found


def documented_commands() -> list[str]:
    """Return the commands of the README's table; `/voice a`, `b` stands for two of a group."""
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    names = []
    for row in re.findall(r"^\| (`/.*?) \|", readme, re.MULTILINE):
        group = ""
        for usage in re.findall(r"`(.*?)`", row):
            words = re.sub(r"\[?\S+:\]?", "", usage).split()  # without the options
            if words[0].startswith("/"):
                group = words[0][1:] if len(words) > 1 else ""
            names.append(" ".join([group, words[-1]]).lstrip(" /"))
    return sorted(names)


async def test_the_commands_are_those_of_the_readme(bot: MynahBot) -> None:
    assert sorted(c.qualified_name for c in commands(bot)) == documented_commands()


async def test_names_and_descriptions_are_such_as_discord_takes(bot: MynahBot) -> None:
    for command in bot.tree.walk_commands():
        assert NAME.fullmatch(command.name), command.name
        assert 5 < len(command.description) <= MAX_DESCRIPTION, command.name


async def test_every_option_is_described(bot: MynahBot) -> None:
    for command in commands(bot):
        for parameter in command.parameters:
            assert NAME.fullmatch(parameter.name)
            assert parameter.description != "…", f"{command.name} {parameter.name}"
            assert len(str(parameter.description)) <= MAX_DESCRIPTION


async def test_every_command_exists_in_guilds_alone(bot: MynahBot) -> None:
    for definition in (command.to_dict(bot.tree) for command in bot.tree.get_commands()):
        assert definition["dm_permission"] is False, definition["name"]
        assert definition["contexts"] == [0], definition["name"]
        assert definition["integration_types"] == [0], definition["name"]  # not users'


async def test_every_voice_option_completes(bot: MynahBot) -> None:
    options = [p for c in commands(bot) for p in c.parameters if p.name == "voice"]
    assert len(options) >= 5
    assert all(option.autocomplete for option in options)


async def test_no_command_answers_errors_by_itself(bot: MynahBot) -> None:
    """There is one seam: the tree's."""
    assert [command.name for command in commands(bot) if command.on_error is not None] == []
    assert [cog for cog in bot.cogs.values() if cog.has_app_command_error_handler()] == []


async def test_no_privileged_intent_is_asked_for_and_nobody_is_pinged(bot: MynahBot) -> None:
    assert bot.intents == discord.Intents(guilds=True, voice_states=True, guild_messages=True)
    assert bot.allowed_mentions is not None
    assert bot.allowed_mentions.to_dict() == {"parse": []}


async def test_the_hash_of_the_definitions_is_stable_and_notices_changes(
    bot: MynahBot, tmp_path: Path
) -> None:
    first = await bot.definition_hash()
    async with VoiceStore.open(tmp_path / "other") as store:
        other = World(store).make_bot()
        for extension in reversed(EXTENSIONS):
            await other.load_extension(extension)
        assert await other.definition_hash() == first
        other.tree.remove_command("skip")
        assert await other.definition_hash() != first
