"""Being recorded in the call, and a voice message that becomes a voice."""

from __future__ import annotations

import asyncio

import numpy as np
import soxr

from cogs.live_card import LiveCard
from loopback import Message, encode_opus, wait_until
from loopback.audio import SAMPLE_RATE
from tests.samples import RATE, Samples, speech_samples, spoken_text
from tools.pictures.scene import Act, scene
from tools.pictures.scenes import samples

ENROLL = "enroll"
OWN = "Make this my voice"
START, STOP = 3, 1  # the styles of the buttons
VOICE_MESSAGE = 1 << 13  # https://discord.com/developers/docs/resources/message


@scene(
    "enrolment-live",
    "/enroll without a file: the sentence to read aloud, the bar while one speaks, and the card "
    "with what was checked",
    ENROLL,
    answers=(LiveCard,),
)
async def live(act: Act) -> None:
    """Before, while and after."""
    card = await in_call(act)
    act.keep(act.ada, ENROLL, card)
    text = str(card.embeds[0]["fields"][0]["value"]).strip("*").replace("\\", "")
    pause = np.zeros(RATE // 2, np.float32)
    said = await asyncio.to_thread(
        lambda: np.concatenate([spoken_text(text), pause, speech_samples(11)])
    )
    await act.press(act.ada, card, style=START)
    speaking = asyncio.create_task(speak(act, said))
    await wait_until(lambda: "▰" in str(card.embeds[0]), 30, "a bar that has moved")
    act.keep(act.ada, ENROLL, card)
    await speaking
    await act.press(act.ada, card, style=STOP)
    await wait_until(lambda: "image" in card.embeds[0], 60, "the sample's card")
    act.keep(act.ada, ENROLL, card)


@scene(
    "enrolment-live-ended",
    "What becomes of a live recording that came to nothing: the member left, was not heard, or "
    "cancelled it",
    ENROLL,
)
async def ended(act: Act) -> None:
    """Who left, and who thought better of it."""
    card = await in_call(act)
    await act.press(act.ada, card, style=START)
    await act.ada.leave_voice()
    await wait_until(lambda: "You left" in str(card.embeds[0]), 10, "the reason")
    act.keep(act.ada, ENROLL, card)
    await act.ada.join_voice()
    await act.press(act.ada, card, style=START)
    await act.press(act.ada, card, style=STOP)
    await wait_until(lambda: "heard" in reason(card), 10, "another reason")
    act.keep(act.ada, ENROLL, card)
    await act.press(act.ada, card, label="Cancel")
    await act.closed(card)
    act.keep(act.ada, ENROLL, card)


@scene(
    "own-message",
    "“Make this my voice” in the menu of one's own voice message: the dialog, the card, and what "
    "is refused",
    answers=("NameDialog",),
)
async def own_message(act: Act) -> None:
    """One's own, another's, a file."""
    own, other, file = (member.send("", samples.good()) for member in (act.ada, act.ben, act.ada))
    own.flags = other.flags = VOICE_MESSAGE
    asked = act.ada.use_on_message(OWN, own)
    await asked.until(lambda i: i.modal, 20)
    act.keep_dialog(asked)
    submitted = act.ada.submit(asked, name="Ada")
    act.keep(act.ada, OWN, await submitted.answered(30))
    for refused in (other, file):
        used = act.ada.use_on_message(OWN, refused)
        act.keep(act.ada, OWN, await used.answered(20))


def reason(card: Message) -> str:
    """Return what a card says above the sentence."""
    return str(card.embeds[0].get("description"))


async def in_call(act: Act) -> Message:
    """Have Ada ask in a voice channel, and the bot be there."""
    await act.ada.join_voice()
    card = await act.ask(act.ada, ENROLL, name="Ada")
    await act.stage.discord.voice.wait_settled(act.guild)
    return card


async def speak(act: Act, said: Samples) -> None:
    """Have Ada say something, at 24 kHz, into her microphone."""
    resampled = np.asarray(soxr.resample(said, RATE, SAMPLE_RATE), np.float32)
    await act.ada.microphone().say(encode_opus(resampled))
