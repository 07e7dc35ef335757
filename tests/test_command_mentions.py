"""Commands in answers can be clicked, whoever told Discord about them and when."""

from __future__ import annotations

import ast
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.client import EXTENSIONS, MynahBot
from loopback import Guild, LoopbackDiscord
from storage.voices import VoiceStore
from tests.cogs.world import World
from tests.test_client import online

ROOT = Path(__file__).parents[1]


@pytest.fixture
async def loopback() -> AsyncIterator[LoopbackDiscord]:
    async with LoopbackDiscord() as loopback:
        yield loopback


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with VoiceStore.open(tmp_path) as store:
        yield World(store)


@asynccontextmanager
async def run(world: World, loopback: LoopbackDiscord) -> AsyncIterator[MynahBot]:
    bot = world.make_bot(connector=loopback.connector())
    async with online(bot, loopback):
        yield bot


async def sync_in_another_process(world: World, loopback: LoopbackDiscord, guild: Guild) -> None:
    """Do what `mynah sync --guild` does."""
    bot = world.make_bot(connector=loopback.connector(), sync_at_start=False)
    async with bot:
        await bot.login(loopback.token)
        await bot.sync_commands(guild.id)


async def answered(loopback: LoopbackDiscord, guild: Guild) -> str:
    """Return an answer that names commands, as it went over the wire."""
    person = loopback.add_person(guild, "Ann")
    return (await person.slash("say", text="Hello.").answered()).content


def mention(loopback: LoopbackDiscord, name: str, guild: Guild | None = None) -> str:
    """Return the mention by the id that Discord has given."""
    scope = None if guild is None else guild.id
    known = {command["name"]: command["id"] for command in loopback.world.commands[scope]}
    return f"</{name}:{known[name.split()[0]]}>"


def expected(loopback: LoopbackDiscord, scope: Guild | None = None) -> str:
    enroll, voices = (mention(loopback, name, scope) for name in ("enroll", "voice list"))
    return f"You have no voice here yet. Make one with {enroll}, or name one of those in {voices}."


PLAIN = (
    "You have no voice here yet. Make one with `/enroll`, or name one of those in `/voice list`."
)


def fetches(loopback: LoopbackDiscord) -> int:
    requests = [(r.method, r.path) for r in loopback.requests]
    return sum(method == "GET" and path.endswith("/commands") for method, path in requests)


async def test_after_a_sync_commands_and_subcommands_are_mentions_in_every_guild(
    world: World, loopback: LoopbackDiscord
) -> None:
    guilds = [loopback.add_guild(), loopback.add_guild()]
    async with run(world, loopback):
        for guild in guilds:
            assert await answered(loopback, guild) == expected(loopback)
    assert fetches(loopback) == 0


async def test_after_a_restart_without_a_sync_they_are_mentions_still(
    world: World, loopback: LoopbackDiscord
) -> None:
    guild = loopback.add_guild()
    async with run(world, loopback):
        pass
    async with run(world, loopback):
        assert await answered(loopback, guild) == expected(loopback)
    assert fetches(loopback) == 1


async def test_a_guild_with_copies_of_its_own_has_those_mentioned_and_others_the_common_ones(
    world: World, loopback: LoopbackDiscord
) -> None:
    own, other = loopback.add_guild(), loopback.add_guild()
    await sync_in_another_process(world, loopback, own)
    async with run(world, loopback):
        assert await answered(loopback, own) == expected(loopback, own)
        assert await answered(loopback, other) == expected(loopback)
    assert expected(loopback, own) != expected(loopback)


async def test_copies_that_are_taken_back_are_mentioned_no_more(
    world: World, loopback: LoopbackDiscord
) -> None:
    guild = loopback.add_guild()
    await sync_in_another_process(world, loopback, guild)
    async with run(world, loopback) as bot:
        await bot.remove_guild_commands(guild.id)
        assert await answered(loopback, guild) == expected(loopback)


async def test_a_guild_that_refuses_to_tell_is_passed_over(
    world: World, loopback: LoopbackDiscord
) -> None:
    gone, other = loopback.add_guild(), loopback.add_guild()
    await sync_in_another_process(world, loopback, gone)
    await sync_in_another_process(world, loopback, other)
    loopback.faults.fail_next(f"GET /applications/*/guilds/{gone.id}/commands", 403)
    async with run(world, loopback):
        assert await answered(loopback, gone) == expected(loopback)
        assert await answered(loopback, other) == expected(loopback, other)


async def test_where_the_sync_fails_the_commands_of_the_last_run_are_mentioned(
    world: World, loopback: LoopbackDiscord, caplog: pytest.LogCaptureFixture
) -> None:
    guild = loopback.add_guild()
    async with run(world, loopback) as bot:
        await world.choices.set_synced_definition(bot.application_id or 0, 0, "older")
    loopback.faults.fail_next("PUT /applications/*/commands", 400)
    async with run(world, loopback):
        assert await answered(loopback, guild) == expected(loopback)


async def test_while_nothing_is_known_commands_are_named_plainly(
    world: World, loopback: LoopbackDiscord
) -> None:
    guild = loopback.add_guild()
    async with run(world, loopback):
        pass
    loopback.faults.fail_next("GET /applications/*/commands", 403)
    async with run(world, loopback):
        assert await answered(loopback, guild) == PLAIN


async def test_a_discord_that_does_not_tell_holds_up_the_start_only_so_long(
    world: World, loopback: LoopbackDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.client.KNOWN_COMMANDS_SECONDS", 0.2)
    guild = loopback.add_guild()
    async with run(world, loopback):
        pass
    loopback.faults.fail_next("GET /applications/*/commands", 403, delay=30.0)
    async with run(world, loopback):
        assert await answered(loopback, guild) == PLAIN


@pytest.mark.parametrize("name", ["/say", "</say:1>", "`/say`", "</voice tune:99>"])
async def test_what_a_member_typed_never_becomes_a_mention(
    world: World, loopback: LoopbackDiscord, name: str
) -> None:
    guild = loopback.add_guild()
    async with run(world, loopback):
        ann = loopback.add_person(guild, "Ann")
        missing = (await ann.slash("voice info", voice=name).answered()).content
        assert mention(loopback, "voice list") in missing
        missing = missing.replace(mention(loopback, "voice list"), "")
        await world.add_voice(name, guild.id, ann.id)
        chosen = (await ann.slash("voice default", voice=name).answered()).content
        (listed,) = (await ann.slash("voice list").answered()).embeds
    for text in (missing, chosen, listed["description"]):
        assert "/say" in text or "/voice tune" in text
        assert re.search(r"(?<!\\)</", text) is None
        assert re.search(r"(?<!\\)`", text) is None


# What the sources say.


def texts(path: Path) -> Iterator[str]:
    """Yield the strings of a module that are no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    loose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in loose:
            yield node.value


def called_names(path: Path) -> Iterator[str]:
    """Yield the commands that a module names by `command("...")`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split("(")[0] in (
            "command",
            "command_names",
        ):
            yield from (a.value for a in node.args if isinstance(a, ast.Constant))


@pytest.fixture
async def commands(world: World) -> set[str]:
    bot = world.make_bot()
    for extension in EXTENSIONS:
        await bot.load_extension(extension)
    return {command.qualified_name for command in bot.tree.walk_commands()}


def sources() -> list[Path]:
    found = [path for room in ("bot", "cogs", "storage") for path in (ROOT / room).rglob("*.py")]
    # What runs in a terminal knows no Discord to have ids from.
    return [path for path in found if not {"cli", "demo"} & set(path.parts)]


async def test_no_text_names_a_command_by_hand(commands: set[str]) -> None:
    by_hand = re.compile(rf"(?<![\w/.])/({'|'.join(sorted(commands))})\b")
    found = [
        (path.name, text) for path in sources() for text in texts(path) if by_hand.search(text)
    ]
    assert found == []


async def test_the_commands_that_answers_name_exist(commands: set[str]) -> None:
    named = {name for path in (ROOT / "cogs").rglob("*.py") for name in called_names(path)}
    assert len(named) > 10
    assert named <= commands
