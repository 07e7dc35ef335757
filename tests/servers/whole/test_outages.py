"""PostgreSQL or S3 is away for a while: the bot says so, nothing is half done, and it goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from loopback import Message, Person, Upload, wait_until
from storage.types import VoiceProfile
from tests.e2e.live import SAVE, Call, content
from tests.samples import encode, speech_samples
from tests.servers.whole.machines import Machines, open_machines

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]

TEXT = "The train leaves at seven. We should pack our things tonight."
LONG = " ".join(f"This is sentence number {n} of a text." for n in range(1, 16))
AWAY = "My data cannot be read or written right now"
DELETED = "The voice was deleted, so nothing more is said in it."
STALE_SECONDS = 1.0
WAIT_SECONDS = 60.0
"""For what is quick on a machine that is not busy."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def machines(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Machines]:
    async with open_machines(tmp_path_factory.mktemp("machines")) as running:
        yield running


@pytest.fixture(scope="module")
def recording() -> Upload:
    return Upload("ada.m4a", encode(speech_samples(12), 44_100, "ipod", "aac", 2), "audio/mp4")


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


def told_last(machines: Machines) -> str:
    """Return the last message of all."""
    return list(machines.discord.world.messages.values())[-1].content


async def delete(person: Person, voice: str) -> None:
    question = await person.slash("voice delete", voice=voice).answered(WAIT_SECONDS)
    await person.press(question, label="Delete for good").acknowledged(WAIT_SECONDS)
    await content(question, "is deleted.", WAIT_SECONDS)


async def test_without_postgresql_it_says_so_and_with_it_goes_on_by_itself(
    machines: Machines, recording: Upload
) -> None:
    call = machines.first.call
    await enrol(machines, call, recording, "Ada")
    card = await card_of(call, recording, "Bea")
    objects, spoken = machines.objects(), (await machines.trail(call.guild.id)).count("spoken")
    talking = await speaking(call, "Ada")
    machines.postgres.stop()
    try:
        refused = await call.say(TEXT, "Ada").answered(WAIT_SECONDS)
        assert AWAY in refused.content
        pressed = await call.ada.press(card, label=SAVE).answered(WAIT_SECONDS)
        assert AWAY in pressed.content
        assert machines.objects() == objects
        await content(talking, AWAY, WAIT_SECONDS)  # who may speak cannot be asked any more
    finally:
        machines.postgres.start()
    await say(call, "Ada")
    await save(call, card)
    assert machines.objects() == objects  # it is the same recording
    assert (await machines.trail(call.guild.id)).count("spoken") == spoken + 2
    for name in ("Ada", "Bea"):
        await delete(call.ada, name)
    assert machines.objects() == set()


async def test_without_s3_a_member_who_enrols_is_told_and_nothing_is_half_done(
    machines: Machines, recording: Upload
) -> None:
    call = machines.second.call
    card = await card_of(call, recording, "Ada")
    machines.weather.fault = "drop"
    try:
        await call.ada.press(card, label=SAVE).acknowledged(WAIT_SECONDS)
        await wait_until(lambda: AWAY in told_last(machines), WAIT_SECONDS, "the answer")
        assert await machines.store.count(call.guild.id) == 0
    finally:
        machines.weather.reset()
    assert machines.objects() == set()
    await save(call, card)
    await say(call, "Ada")
    await delete(call.ada, "Ada")
    assert machines.objects() == set()
    report = await machines.store.check(verify=True)
    assert (report.damaged, report.moved, report.swept) == ((), (), ())
