"""From a recording to the voice that is heard, over the wire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import pytest_asyncio

from loopback import Interaction, Message, Upload, best_correlation, decode_opus, wait_until
from storage.audit_check import verify
from storage.audit_rows import packets_hash
from storage.types import NewVoice, ReferenceClip
from tests.e2e.live import SAVE, Call, Live, content
from tests.samples import speech_samples

pytestmark = pytest.mark.asyncio(loop_scope="package")

TEXT = "The train leaves at seven. We should pack our things tonight, and buy some bread."


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def call(live: Live) -> Call:
    return await live.new_call()


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def card(call: Call, recording: Upload) -> Message:
    """The card that `/enroll` leads to."""
    return await call.ada.slash("enroll", sample=recording, name="Ada").answered(20)


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def saved(live: Live, call: Call, card: Message) -> Interaction:
    """Save was pressed, after it was seen that nothing was stored before."""
    assert await live.voices.count(call.guild.id) == 0
    pressed = await call.ada.press(card, label=SAVE).acknowledged()
    await wait_until(lambda: card.embeds[0]["title"].startswith("Saved"), 5, "the saved card")
    return pressed


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def said(call: Call, saved: Interaction) -> Message:
    """The text was said in that voice, to its end."""
    answer = await call.ada.slash("say", text=TEXT).answered()
    await content(answer, "\nSaid.")
    await call.heard_to_the_end()
    return answer


async def test_enrolling_shows_a_card_with_a_picture_to_the_member_alone(card: Message) -> None:
    assert card.ephemeral
    (picture,) = card.attachments
    assert card.embeds[0]["image"]["url"] == f"attachment://{picture.filename}"
    assert picture.content.startswith(b"\x89PNG")


async def test_a_saved_voice_is_stored_with_its_owners_consent(
    live: Live, call: Call, saved: Interaction
) -> None:
    voice = await live.voices.find(call.guild.id, "Ada")
    assert (voice.owner_id, voice.consented_by) == (call.ada.id, call.ada.id)
    assert voice.consented_at is not None
    assert timedelta(0) <= datetime.now(UTC) - voice.consented_at < timedelta(minutes=1)


async def test_a_voice_speaks_for_the_member_who_enrolled_it(said: Message) -> None:
    assert "**Ada** speaks as “Ada”" in said.content


async def test_what_is_heard_is_what_the_engine_made(live: Live, call: Call, said: Message) -> None:
    sentences = live.desk.spoken[call.guild.id]
    assert len(sentences) >= 2
    # One by one: on a busy machine there may be silence between them.
    for speech in sentences:
        assert best_correlation(decode_opus(speech.packets), call.listener.heard()) > 0.99


async def test_the_audit_trail_has_the_packets_that_were_heard(
    live: Live, call: Call, said: Message
) -> None:
    heard = [packet.opus for packet in call.listener.audible if packet.opus is not None]
    audit, voice = live.bot.services.audit, await live.voices.find(call.guild.id, "Ada")
    [row] = await audit.find(packets_hash(heard))
    assert (row.guild_id, row.actor, row.voice_id) == (call.guild.id, call.ada.id, voice.id)
    assert row.milliseconds == len(heard) * 20
    rows = [row async for row in audit.reader.all_rows(call.guild.id)]
    assert [row.kind for row in rows[:3]] == ["enrolled", "consent", "spoken"]
    assert await verify(live.voices.database, call.guild.id) == []


async def test_everything_is_encrypted_end_to_end_and_readable(call: Call, said: Message) -> None:
    assert call.discord.voice.settings.dave_version == 1
    assert all(packet.encrypted for packet in call.listener.audible)
    assert call.listener.unreadable == 0


async def test_the_stream_has_no_hole(call: Call, said: Message) -> None:
    connection = call.discord.voice.connections[call.guild.id]
    assert connection.undecryptable == 0
    assert set(np.diff(connection.sequences)) == {1}
    assert set(np.diff(connection.timestamps)) == {960}


async def test_a_second_press_on_a_decision_is_no_failure(live: Live, call: Call) -> None:
    clip = ReferenceClip(speech_samples(4))
    await live.voices.add(NewVoice(call.guild.id, "Second", owner_id=call.ada.id), clip)
    question = await call.ada.slash("voice delete", voice="Second").answered()
    labels = ("Delete for good", "Delete for good", "Keep")
    presses = [call.ada.press(question, label=label) for label in labels]
    await wait_until(lambda: question.content == "“Second” is deleted.", 5, "the deletion")
    for press in presses:
        await press.acknowledged()
        assert not press.followups
