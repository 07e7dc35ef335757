"""The bot on the wire: what simcord cannot show, because it is about time, sound or races."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import discord
import pytest
import structlog

from bot.client import MynahBot
from bot.command_tree import SHUTTING_DOWN, STALE, answer_error
from bot.enrolment.types import SampleRejectedError
from bot.errors import EngineError
from loopback import Guild, LoopbackDiscord, Person, Upload, wait_until
from storage.voices import VoiceStore
from tests.cogs.world import World, make_picture, make_report

SAVE = "Save: I am the speaker or have the speaker's permission"


@dataclass
class Wire:
    """A bot online in one guild, with the services of `World`."""

    loopback: LoopbackDiscord
    world: World
    guild: Guild
    ann: Person
    bot: MynahBot


@asynccontextmanager
async def online(bot: MynahBot, loopback: LoopbackDiscord) -> AsyncIterator[None]:
    async with bot:
        running = asyncio.create_task(bot.start(loopback.token))
        try:
            await loopback.gateway.wait_ready()
            await wait_until(lambda: bot.guilds and bot.guilds[0].voice_channels, 10, "the guild")
            yield
        finally:
            await bot.close()
            await running


@pytest.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    async with LoopbackDiscord() as loopback, VoiceStore.open(tmp_path) as store:
        guild = loopback.add_guild()
        world = World(store)
        bot = world.make_bot(connector=loopback.connector())
        async with online(bot, loopback):
            yield Wire(loopback, world, guild, loopback.add_person(guild, "Ann"), bot)
        loopback.assert_clean()


async def test_two_presses_of_save_at_once_store_one_voice(wire: Wire) -> None:
    upload = Upload("me.m4a", b"recording", "audio/mp4")
    card = await wire.ann.slash("enroll", sample=upload, name="Ann").answered()
    presses = [wire.ann.press(card, label=SAVE) for _ in range(3)]
    for press in presses:
        await press.acknowledged()
    await wait_until(lambda: not card.components, 5, "the card to be closed")
    voices = await wire.world.store.list_voices(wire.guild.id)
    assert [voice.name for voice in voices] == ["Ann"]
    assert all(press.followups == [] for press in presses)


@pytest.mark.parametrize(
    ("presses", "left", "answer"),
    [
        (["Delete for good"] * 3, [], "“Ann” is deleted."),
        (["Keep", "Delete for good"], ["Ann"], "“Ann” stays."),
    ],
)
async def test_of_several_presses_at_once_on_a_question_the_first_counts(
    wire: Wire, presses: list[str], left: list[str], answer: str
) -> None:
    await wire.world.add_voice("Ann", wire.guild.id, wire.ann.id)
    question = await wire.ann.slash("voice delete", voice="Ann").answered()
    pressed = [wire.ann.press(question, label=label) for label in presses]
    for press in pressed:
        await press.acknowledged()
    await wait_until(lambda: not question.components, 5, "the question to be closed")
    assert question.content == answer
    assert [voice.name for voice in await wire.world.store.list_voices(wire.guild.id)] == left
    assert all(press.followups == [] for press in pressed)


async def test_a_dialog_that_is_sent_after_a_restart_says_what_to_do(wire: Wire) -> None:
    upload = Upload("me.m4a", b"recording", "audio/mp4")
    card = await wire.ann.slash("enroll", sample=upload, name="Ann").answered()
    await wire.world.add_voice("Ann", wire.guild.id)
    asked = await wire.ann.press(card, label=SAVE).acknowledged()
    wire.bot._connection._view_store._modals.clear()  # as after a restart
    sent = await wire.ann.submit(asked, name="Annie").answered()
    assert sent.content == STALE
    assert len(await wire.world.store.list_voices(wire.guild.id)) == 1


async def test_pictures_have_an_alternative_text(wire: Wire) -> None:
    upload = Upload("me.m4a", b"recording", "audio/mp4")
    report = make_report("rejected")
    outcomes = [
        wire.world.media.outcome,
        SampleRejectedError("No voice.", report, make_picture()),
    ]
    await wire.world.add_voice("Old", wire.guild.id, wire.ann.id)
    # Another member: a rejection can be seen a moment before the next recording is taken.
    ben = wire.loopback.add_person(wire.guild, "Ben")
    for outcome in outcomes:
        wire.world.media.outcome = outcome
        for answer in (
            await ben.slash("enroll", sample=upload, name="Ben").answered(),
            await wire.ann.slash("voice replace", sample=upload, voice="Old").answered(),
        ):
            assert [attachment.description for attachment in answer.attachments] == [
                "The waveform of the recording, with the part that counts marked"
            ]


async def test_a_text_is_heard_and_the_answer_follows_it(wire: Wire) -> None:
    await wire.world.add_voice("Ann", wire.guild.id, wire.ann.id)
    listener = await wire.ann.join_voice()
    text = "The first sentence is here. The second sentence follows at once, and it is longer."
    said = wire.ann.slash("say", text=text)
    answer = await said.answered()
    assert answer.content == "**Ann** speaks as “Ann”, right away."
    await wait_until(lambda: answer.content.endswith("Said."), 10, "the end of the text")
    assert listener.unreadable == 0
    assert len(listener.audible) >= 5 * len(wire.world.engine.requests) - 1
    assert len(said.messages) == 1


async def test_every_command_answers_in_time_while_the_engine_is_at_work(wire: Wire) -> None:
    wire.world.engine.gate = asyncio.Event()
    await wire.world.add_voice("Ann", wire.guild.id, wire.ann.id)
    await wire.ann.join_voice()
    await wire.ann.slash("say", text="This one keeps the engine busy.").answered()
    commands: list[tuple[str, dict[str, str]]] = [
        ("say", {"text": "This one waits."}),
        ("queue", {}),
        ("voice list", {}),
        ("voice info", {"voice": "Ann"}),
        ("voice preview", {"voice": "Ann"}),
        ("voice default", {"voice": "Ann"}),
        ("join", {}),
        ("skip", {}),
        ("stop", {}),
        ("leave", {}),
    ]
    for name, options in commands:
        interaction = await wire.ann.slash(name, **options).acknowledged()
        assert interaction.acknowledged_after is not None
        assert interaction.acknowledged_after < 1, name
    assert await wire.ann.autocomplete("say", "voice", "a", text="Hi") == ["Ann"]
    wire.world.engine.gate.set()


async def test_a_lost_session_is_replaced_at_once(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    await wire.world.add_voice("Ann", wire.guild.id, wire.ann.id)
    listener = await wire.ann.join_voice()
    await wire.ann.slash("say", text="This is heard before.").answered()
    await listener.until_heard(3, 5)
    monkeypatch.setattr(wire.bot, "_next_identify", 0.0)  # it identified long ago
    begin = time.monotonic()
    wire.loopback.gateway.invalidate_session()
    await wire.loopback.gateway.wait_ready()
    await wire.bot.wait_for("ready", timeout=10)
    assert time.monotonic() - begin < 2


async def test_shards_identify_one_after_another(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Discord counts from when each came, which is not as evenly as each is sent.
    monkeypatch.setattr("bot.sharded_client.IDENTIFY_SECONDS", 0.1)
    monkeypatch.setattr("bot.sharded_client.MARGIN_SECONDS", 0.2)
    monkeypatch.setattr(wire.bot, "_next_identify", 0.0)
    begin, times = time.monotonic(), []

    async def identify(shard_id: int) -> None:
        await wire.bot.before_identify_hook(shard_id, initial=shard_id == 0)
        times.append(time.monotonic() - begin)

    await asyncio.gather(*(identify(shard_id) for shard_id in range(3)))
    assert times == pytest.approx([0.0, 0.3, 0.6], abs=0.05)


async def test_join_answers_in_time_while_the_connection_is_being_made_anew(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    await wire.ann.join_voice()
    await wire.ann.slash("join").answered()
    await wire.loopback.voice.wait_settled(wire.guild)
    with monkeypatch.context() as unheard:
        unheard.setattr(wire.loopback.gateway, "on_voice_request", lambda request: None)
        wire.loopback.close_voice(wire.guild, 4009)
        voice: Any = wire.bot.guilds[0].voice_client
        await wait_until(lambda: not voice.is_connected(), 5, "the loss to be noticed")
        again = await wire.ann.slash("join").acknowledged()
    assert again.acknowledged_after is not None
    assert again.acknowledged_after < 1


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("voice rename", {"name": "Bea"}),
        ("voice tune", {"temperature": 0.7}),
        ("voice default", {}),
    ],
)
async def test_what_is_written_is_answered_in_time_while_the_database_is_locked(
    wire: Wire, tmp_path: Path, command: str, options: dict[str, object]
) -> None:
    await wire.world.add_voice("Ann", wire.guild.id, wire.ann.id)
    (path,) = tmp_path.glob("*.db")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    written = await wire.ann.slash(command, voice="Ann", **options).acknowledged()
    other.execute("ROLLBACK")
    other.close()
    assert written.acknowledged_after is not None
    assert written.acknowledged_after < 1
    assert "Ann" in (await written.answered()).content


async def test_a_shutdown_tells_how_texts_ended_and_closes_open_cards(wire: Wire) -> None:
    wire.world.engine.gate = asyncio.Event()
    await wire.world.add_voice("Ann", wire.guild.id, wire.ann.id)
    await wire.ann.join_voice()
    said = await wire.ann.slash("say", text="This is never heard.").answered()
    upload = Upload("me.m4a", b"recording", "audio/mp4")
    card = await wire.ann.slash("enroll", sample=upload, name="Another").answered()
    await wire.bot.close()
    assert said.content.endswith("I am shutting down.")
    assert "forgotten" in card.content
    assert card.components == []


async def test_a_shutdown_cuts_off_what_takes_long_and_says_so(
    wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    wire.world.engine.gate = wire.world.media.gate = asyncio.Event()
    await wire.world.add_voice("Ann", wire.guild.id, wire.ann.id)
    upload = Upload("me.m4a", b"recording", "audio/mp4")
    enrolment = await wire.ann.slash("enroll", sample=upload, name="Another").acknowledged()
    preview = await wire.ann.slash("voice preview", voice="Ann").acknowledged()
    await wire.bot.close()
    assert (await enrolment.answered()).content == SHUTTING_DOWN
    assert (await preview.answered()).content == SHUTTING_DOWN
    assert "Traceback" not in caplog.text


async def test_an_error_after_the_logout_is_no_fault(wire: Wire) -> None:
    await wire.bot.close()
    late: Any = SimpleNamespace(
        client=wire.bot,
        type=discord.InteractionType.application_command,
        response=SimpleNamespace(is_done=lambda: True),
        followup=SimpleNamespace(send=AsyncMock(side_effect=RuntimeError("Session is closed"))),
        command=None,
        custom_id="button",
        guild_id=1,
    )
    with structlog.testing.capture_logs() as lines:
        await answer_error(late, EngineError("The worker died."))
    assert [line["log_level"] for line in lines] == ["info", "info"]
    late.followup.send.assert_awaited_once_with(SHUTTING_DOWN, ephemeral=True)


async def test_a_shutdown_refuses_new_commands_and_leaves_the_channel(wire: Wire) -> None:
    await wire.world.add_voice("Ann", wire.guild.id, wire.ann.id)
    await wire.ann.join_voice()
    await wire.ann.slash("say", text="Hello there.").answered()
    assert wire.guild.voice_states.get(wire.bot.application_id or 0) is not None
    wire.bot.shutting_down = True
    refused = await wire.ann.slash("say", text="One more.").answered()
    assert "shutting down" in refused.content
    await wire.bot.close()
    assert wire.guild.voice_states.get(wire.bot.application_id or 0) is None
