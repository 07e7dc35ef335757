"""What members do with a bot on two machines."""

from __future__ import annotations

from loopback import Message, Person, Upload, wait_until
from storage.types import VoiceProfile
from tests.e2e.live import SAVE, Call, content
from tests.servers.whole.machines import Machines

TEXT = "The train leaves at seven. We should pack our things tonight."
LONG = " ".join(f"This is sentence number {n} of a text." for n in range(1, 16))
WAIT_SECONDS = 60.0
"""For what is quick on a machine that is not busy."""


async def card_of(call: Call, recording: Upload, name: str) -> Message:
    return await call.ada.slash("enroll", sample=recording, name=name).answered(WAIT_SECONDS)


async def save(call: Call, card: Message) -> None:
    await call.ada.press(card, label=SAVE).acknowledged(WAIT_SECONDS)
    await wait_until(
        lambda: card.embeds[0]["title"].startswith("Saved"), WAIT_SECONDS, "the saved card"
    )


async def enrol(machines: Machines, call: Call, recording: Upload, name: str) -> VoiceProfile:
    await save(call, await card_of(call, recording, name))
    return await machines.store.find(call.guild.id, name)


async def say(call: Call, voice: str, text: str = TEXT) -> Message:
    """Have something said to its end."""
    heard = len(call.listener.packets)
    answer = await call.say(text, voice).answered(WAIT_SECONDS)
    await content(answer, "\nSaid.", WAIT_SECONDS)
    await call.heard_to_the_end(WAIT_SECONDS, since=heard)
    return answer


async def speaking(call: Call, voice: str) -> Message:
    """Have a long text said, and wait until it is heard."""
    heard = len(call.listener.audible)
    answer = await call.say(LONG, voice).answered(WAIT_SECONDS)
    await call.listener.until_heard(heard + 20, WAIT_SECONDS)
    return answer


async def delete(person: Person, voice: str) -> None:
    question = await person.slash("voice delete", voice=voice).answered(WAIT_SECONDS)
    await person.press(question, label="Delete for good").acknowledged(WAIT_SECONDS)
    await content(question, "is deleted.", WAIT_SECONDS)
