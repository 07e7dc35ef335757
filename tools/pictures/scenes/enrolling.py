"""`/enroll`: from a recording to a voice."""

from __future__ import annotations

import os
import signal
from unittest.mock import AsyncMock, patch

import discord

from bot.client import MynahBot
from bot.workers import WorkerDiedError
from cogs import cards
from cogs.enrolment_card import EnrolmentCard
from loopback import Message, wait_until
from tools.pictures.scene import Act, scene
from tools.pictures.scenes import samples

ENROLL = "enroll"
SAVE = 3  # the style of the button
DISCARD = "Discard"


async def save(act: Act, card: Message) -> None:
    """Press Save and wait for what the card turns into."""
    await act.press(act.ada, card, style=SAVE)
    await act.closed(card)


@scene(
    "enrolment-card",
    "The card after /enroll: what was heard, how good it is, and the question for consent",
    ENROLL,
    answers=(EnrolmentCard, cards.sample_card, "good"),
)
async def good(act: Act) -> None:
    """Clear speech."""
    await act.show(act.ada, ENROLL, sample=samples.good(), name="Ada")


@scene(
    "enrolment-usable",
    "The card for a noisy recording: it works, and what would make it better",
    ENROLL,
    answers=("usable",),
)
async def usable(act: Act) -> None:
    """Speech in noise."""
    await act.show(act.ada, ENROLL, sample=samples.noisy(), name="Ada")


@scene(
    "enrolment-tracks",
    "The card for a video: it says which of its sound tracks was listened to",
    ENROLL,
)
async def several_tracks(act: Act) -> None:
    """A game with the microphone second."""
    await act.show(act.ada, ENROLL, sample=samples.game(), name="Ada")


@scene(
    "enrolment-rejected",
    "The card for a recording that is too short: why no voice was made, and what to do",
    ENROLL,
    answers=(cards.rejection_card, "rejected"),
)
async def rejected(act: Act) -> None:
    """Too little speech."""
    await act.show(act.ada, ENROLL, sample=samples.short(), name="Ada")


@scene("enrolment-silent", "The card for a recording without speech", ENROLL)
async def silent(act: Act) -> None:
    """No speech at all."""
    await act.show(act.ada, ENROLL, sample=samples.silence(), name="Ada")


@scene(
    "enrolment-saved",
    "The card after Save: the voice is stored and speaks for its owner from now on",
    ENROLL,
    answers=(cards.saved_card,),
)
async def saved(act: Act) -> None:
    """Save is pressed."""
    card = await act.ask(act.ada, ENROLL, sample=samples.good(), name="Ada")
    await save(act, card)
    act.keep(act.ada, ENROLL, card)


@scene(
    "enrolment-closed",
    "What becomes of a card that was discarded, replaced by another recording, or left alone",
    ENROLL,
)
async def closed(act: Act) -> None:
    """Discard is pressed; another recording follows; the time is over."""
    first = await act.ask(act.ada, ENROLL, sample=samples.good(), name="Ada")
    await act.press(act.ada, first, label=DISCARD)
    await act.closed(first)
    act.keep(act.ada, ENROLL, first)
    second = await act.ask(act.ada, ENROLL, sample=samples.good(), name="Ada")
    third = await act.ask(act.ada, ENROLL, sample=samples.shorter(), name="Ada")
    await act.closed(second)
    act.keep(act.ada, ENROLL, second)
    await _time_out(act.stage.bot)
    await act.closed(third)
    act.keep(act.ada, ENROLL, third)


async def _time_out(bot: MynahBot | None) -> None:
    """Let the time of all cards be over: nobody wants to wait for 15 minutes."""
    assert bot is not None
    for view in {*bot._connection._view_store._synced_message_views.values()}:
        await view.on_timeout()


@scene(
    "enrolment-name-taken",
    "The dialog after Save when another voice got the name meanwhile: it asks for another one",
    ENROLL,
    answers=("_NameModal",),
)
async def name_taken_meanwhile(act: Act) -> None:
    """Somebody was faster."""
    card = await act.ask(act.ada, ENROLL, sample=samples.good(), name="Captain")
    await act.stage.add_voice(act.place, "Captain", act.ben)
    await act.press(act.ada, card, show=ENROLL, style=SAVE)


@scene(
    "enrolment-refused",
    "Refusals of /enroll before anything is listened to: a taken name, a name without letters, "
    "no recording, a damaged or too large file, an upload still in work, a full server",
    ENROLL,
)
async def refused(act: Act) -> None:
    """What is refused at once."""
    await act.stage.add_voice(act.place, "Captain", act.ben)
    await act.show(act.ada, ENROLL, sample=samples.good(), name="Captain")
    await act.show(act.ada, ENROLL, sample=samples.good(), name="???")
    for sample in (samples.text(), samples.damaged(), samples.too_large()):
        await act.show(act.ada, ENROLL, sample=sample, name="Ada")
    act.ada.slash(ENROLL, sample=samples.good(), name="Ada")
    await act.show(act.ada, ENROLL, sample=samples.good(), name="Ada")
    for number in range(99):
        await act.stage.world.add_voice(f"Voice {number}", act.guild.id, act.ben.id)
    await act.show(act.ben, ENROLL, sample=samples.good(), name="Ben")


@scene(
    "enrolment-failed",
    "When /enroll fails for no fault of the recording: it cannot be fetched, reading it takes too "
    "much memory, the part that listens was lost twice, many people are enrolling",
    ENROLL,
)
async def failed(act: Act) -> None:
    """Faults that cannot be had to order are put where they would arise."""
    lost = WorkerDiedError("The media worker stopped unexpectedly.")
    unreachable = patch.object(discord.Attachment, "read", AsyncMock(side_effect=OSError))
    too_many = patch("bot.enrolment.turns.MAX_ADMITTED", 0)
    faults = [patch.object(act.stage.media, "run", AsyncMock(side_effect=error))
              for error in (MemoryError(), lost)]  # fmt: skip
    for fault in (unreachable, *faults, too_many):
        with fault:
            await act.show(act.ada, ENROLL, sample=samples.good(), name="Ada")


@scene(
    "enrolment-waiting",
    "What is shown while the part that listens to recordings starts again",
    ENROLL,
)
async def waiting(act: Act) -> None:
    """The media worker was lost."""
    media = act.stage.media
    assert media.pid is not None
    os.kill(media.pid, signal.SIGKILL)
    await wait_until(lambda: media.restarting, 10, "the loss of the media worker")
    command = act.ada.slash(ENROLL, sample=samples.good(), name="Ada")
    message = await command.answered(20)
    act.commands.add(ENROLL)
    act.keep(act.ada, ENROLL, message)
    await wait_until(lambda: message.embeds, 90, "the card")
