"""What was shown before the real program ended is pressed after it was started again."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.command_tree import STALE
from loopback import Interaction, LoopbackDiscord, Message, Upload, wait_until
from loopback.messages import walk_components
from storage.types import NewVoice, ReferenceClip
from storage.voices import VoiceStore
from tests.e2e.live import SAVE, Call, add_operator_voice
from tests.e2e.test_program import START_SECONDS, Program, running
from tests.samples import speech_samples

pytestmark = pytest.mark.asyncio(loop_scope="package")

BUTTON = 2
SIGNALS = (signal.SIGTERM, signal.SIGKILL)


@dataclass
class Shown:
    """What Ada sees when the program ends, with the program that follows."""

    call: Call
    program: Program
    end: signal.Signals
    messages: dict[str, Message] = field(default_factory=dict)
    dialog: Interaction | None = None  # asks for another name
    pressed: dict[str, int] = field(default_factory=dict)  # buttons, by message


@asynccontextmanager
async def online(data: Path, discord: LoopbackDiscord) -> AsyncIterator[Program]:
    async with running(data, discord.env()) as program:
        await program.line("connected to Discord")
        yield program


async def add_voices(data: Path, call: Call, *names: str) -> None:
    """Store voices, as another process does: five of Ada's, who may have ten, and others."""
    async with VoiceStore.open(data) as store:
        clip = ReferenceClip(speech_samples(4))
        for number, name in enumerate(names):
            owner = call.ada.id if number < 5 else call.ada.id + 1
            voice = NewVoice(call.guild.id, name, owner_id=owner, reach="everybody")
            await store.add(voice, clip)


async def show_everything(shown: Shown, data: Path, recording: Upload) -> None:
    call, ada = shown.call, shown.call.ada
    card = await ada.slash("enroll", sample=recording, name="Ada").answered(START_SECONDS)
    await wait_until(lambda: bool(card.components), START_SECONDS, "the card")
    await add_voices(data, call, "Ada")  # so that Save asks for another name
    shown.dialog = await ada.press(card, label=SAVE).acknowledged()
    shown.messages = {
        "card": card,
        "deletion": await ada.slash("voice delete", voice="Voice 1").answered(),
        "list": await ada.slash("voice list").answered(),
        "speech": await call.say("Hello there.").answered(),
    }


@pytest_asyncio.fixture(
    scope="module", loop_scope="package", params=SIGNALS, ids=lambda number: number.name
)
async def shown(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, recording: Upload
) -> AsyncIterator[Shown]:
    data = tmp_path_factory.mktemp("data")
    await add_operator_voice(data)
    async with LoopbackDiscord() as discord:
        guild = discord.add_guild()
        ada = discord.add_person(guild, "Ada")
        call = Call(discord, guild, ada, await ada.join_voice())
        await add_voices(data, call, *(f"Voice {number}" for number in range(12)))
        async with online(data, discord) as program:
            shown = Shown(call, program, request.param)
            await show_everything(shown, data, recording)
            code, log = await program.end(request.param)
        assert (code == 0) == (request.param is signal.SIGTERM), log
        async with online(data, discord) as program:
            shown.program = program
            yield shown
            code, log = await program.end(signal.SIGTERM)
        assert code == 0, log
        assert "Traceback" not in log
        discord.assert_clean()  # also that everything was answered within 3 s


def buttons(message: Message) -> list[dict[str, Any]]:
    found = walk_components(message.components)
    return [button for button in found if button["type"] == BUTTON and not button.get("disabled")]


async def test_every_button_is_answered_after_a_restart(shown: Shown) -> None:
    for name, message in shown.messages.items():
        ids = [button["custom_id"] for button in buttons(message)]
        # At once, because the first press takes all of them away.
        presses = [shown.call.ada.press(message, custom_id=custom_id) for custom_id in ids]
        for press in presses:
            await press.followed_up()
            assert [told.content for told in press.followups] == [STALE], name
        assert not buttons(message), name
        shown.pressed[name] = len(presses)
    cards = {signal.SIGTERM: 0, signal.SIGKILL: 2}  # in good order it says so by itself
    assert shown.pressed == {"card": cards[shown.end], "deletion": 2, "list": 1, "speech": 0}


async def test_a_dialog_that_was_open_is_answered_after_a_restart(shown: Shown) -> None:
    assert shown.dialog is not None
    submitted = shown.call.ada.submit(shown.dialog, name="Ada the second")
    assert (await submitted.answered()).content == STALE


async def test_a_program_that_ends_in_good_order_closes_the_cards(shown: Shown) -> None:
    told = shown.messages["card"].content.startswith("I was restarted, so this card is forgotten")
    assert told == (shown.end is signal.SIGTERM)


async def test_nothing_was_stored_or_deleted_by_a_dead_button(shown: Shown) -> None:
    listed = await shown.call.ada.slash("voice list").answered()
    (page,) = listed.embeds
    assert page["title"] == "Voices (14)"  # the twelve, the other Ada, the operator's
