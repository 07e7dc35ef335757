"""A voice that is paused, deleted or not shared any more, in the middle of what is said in it."""

from __future__ import annotations

import gc
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from bot.speech.ahead import _Asked
from bot.speech.turns import Turn
from bot.speech.types import VoiceReference
from bot.voice.track import Track
from loopback import Message, Person, wait_until
from storage.sqlite_database import SqliteDatabase
from storage.types import NewVoice, ReferenceClip, VoiceProfile
from tests.e2e.live import Call, Live, content
from tests.samples import speech_samples

pytestmark = pytest.mark.asyncio(loop_scope="package")

LONG = "The rain had stopped before morning, and the road to the harbour was still wet. " * 4
WAITING = "This text waits for its turn, and it was made ahead of its time. It has a second part."
OTHERS = "Another voice goes on."
PHRASE = "Be right back."
SILENCE_MS = 100.0
ATTEMPTS = 3

ENDED = "nothing more is said in it"
NOT_SHARED = "is not shared with you"


@dataclass
class Said:
    """What Ada had said in Ben's voice."""

    call: Call
    ben: Person
    voice: VoiceProfile
    texts: list[Message]
    others: Message


async def share_with_nobody(said: Said) -> None:
    panel = await said.ben.slash("voice share", voice=said.voice.name).answered()
    await said.ben.select(panel, ["owner"], custom_id="reach").acknowledged()
    await wait_until(lambda: "Saved." in panel.embeds[0]["description"], 10, "the change")


async def pause(said: Said) -> None:
    await said.ben.slash("voice pause", voice=said.voice.name).answered()


async def block(said: Said) -> None:
    await said.ben.slash("voice block", member=said.call.ada.user).answered()


async def delete(said: Said) -> None:
    question = await said.ben.slash("voice delete", voice=said.voice.name).answered()
    await said.ben.press(question, label="Delete for good").acknowledged()
    await content(question, "is deleted.")


Change = Callable[[Said], Awaitable[None]]
CHANGES: dict[str, tuple[Change, str]] = {
    "pause": (pause, ENDED),
    "delete": (delete, ENDED),
    "block": (block, NOT_SHARED),
    "share": (share_with_nobody, NOT_SHARED),
}


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """When transactions were committed, in ns since 1970."""
    times: list[int] = []
    write = SqliteDatabase.write

    async def timed(database: SqliteDatabase, work: Any) -> Any:
        result = await write(database, work)
        times.append(time.time_ns())
        return result

    monkeypatch.setattr(SqliteDatabase, "write", timed)
    return times


async def begin(live: Live, name: str) -> Said:
    """Have Ada speak as Ben, with more of it waiting, a phrase kept, and another's text behind."""
    call = await live.new_call()
    ben = live.discord.add_person(call.guild, "Ben")
    clip = ReferenceClip(speech_samples(4, 1.1 + len(live.desk.spoken) / 100))
    voice = await live.voices.add(
        NewVoice(call.guild.id, name, owner_id=ben.id, pitch_hz=150.0, reach="everybody"), clip
    )
    settings = live.bot.services.settings
    await settings.change_guild(call.guild.id, "cache_phrases", True, changed_by=None)
    for _ in range(2):
        said = await call.say(PHRASE, name).answered()
        await content(said, "\nSaid.")
    assert kept_phrases(live, voice)
    heard = len(call.listener.audible)
    texts = [await call.say(text, name).answered() for text in (LONG, WAITING)]
    others = await call.say(OTHERS).answered()
    await call.listener.until_heard(heard + 15)
    return Said(call, ben, voice, texts, others)


def kept_phrases(live: Live, voice: VoiceProfile) -> list[object]:
    kept: Any = live.desk.phrases
    return [key for key in kept._kept if key[1].voice.clip_sha256 == voice.clip_sha256]


def packets_in(live: Live, said: Said, *texts: str) -> set[bytes]:
    spoken = live.desk.said[said.call.guild.id]
    return {each for text, speech in spoken if text in texts for each in speech.packets}


def in_memory(kind: type[Any]) -> list[Any]:
    """Return every object of a kind. By `type()`: `isinstance` asks a proxy for what is dead."""
    gc.collect()
    return [each for each in gc.get_objects() if type(each) is kind]


async def held_in_engine(live: Live, clip_sha256: str) -> int:
    engine: Any = live.backstage.engine
    return int(await engine._worker.run(count_references, clip_sha256))


def count_references(clip_sha256: str) -> int:
    """Count what the engine's process still holds of a recording."""
    return sum(each.clip_sha256 == clip_sha256 for each in in_memory(VoiceReference))


async def nothing_is_left(live: Live, said: Said) -> None:
    """Search all that could hold something of what was to be said."""
    player = live.bot.services.voice.player(said.call.guild.id)
    assert [entry.voice_name for entry in player.snapshot()].count(said.voice.name) == 0
    desk: Any = live.desk

    def turns() -> list[Turn]:
        own = said.voice.clip_sha256
        return [each for each in desk._scheduler._turns if each.request.voice.clip_sha256 == own]

    assert not any(turn.waited_for for turn in turns())
    # An engine that works on one sentence at a time makes it to the end, for nobody.
    await wait_until(lambda: not turns(), 10, "the engine to be done")
    gone = packets_in(live, said, LONG, WAITING)
    for track in in_memory(Track):
        assert not gone & set(track._packets), "a track holds packets"
    for asked in in_memory(_Asked):
        assert asked.sentence not in LONG + WAITING, "a sentence is asked for ahead"
    assert kept_phrases(live, said.voice) == []


async def silenced(live: Live, written: list[int], name: str, change: Change) -> tuple[Said, float]:
    """Return in how many ms after the command's write the last packet of it came."""
    said = await begin(live, name)
    written.clear()
    await change(said)
    await nothing_is_left(live, said)
    await content(said.others, "\nSaid.")
    gone = packets_in(live, said, LONG, WAITING)
    last = max(each.arrival_ns for each in said.call.listener.packets if each.opus in gone)
    return said, (last - written[0]) / 1e6


@pytest.mark.parametrize("kind", CHANGES)
async def test_a_voice_is_silent_at_once_and_nothing_of_it_is_left(
    live: Live, written: list[int], kind: str
) -> None:
    change, told = CHANGES[kind]
    times: list[float] = []
    while not times or (times[-1] > SILENCE_MS and len(times) < ATTEMPTS):
        said, milliseconds = await silenced(live, written, f"Ben {len(times)}", change)
        times.append(milliseconds)
        for text in said.texts:
            await content(text, told)
    print(f"{kind}: silent {times[-1]:.1f} ms after the write")
    # A machine that others use may be slow at times; once the bot must be as quick as promised.
    assert times[-1] <= SILENCE_MS, times
    assert all(packet.encrypted for packet in said.call.listener.audible)
    if kind in ("pause", "delete"):  # the engine has been asked for something else since
        assert await held_in_engine(live, said.voice.clip_sha256) == 0
    assert packets_in(live, said, OTHERS) & {each.opus for each in said.call.listener.packets}


async def test_an_owner_goes_on_when_others_may_no_more(live: Live) -> None:
    said = await begin(live, "Ben")
    own = await said.ben.slash("say", text=PHRASE, voice="Ben").answered()
    assert "voice channel" in own.content  # who is in no call
    await said.ben.join_voice()
    own = await said.ben.slash("say", text=PHRASE, voice="Ben").answered()
    await share_with_nobody(said)
    await content(own, "\nSaid.")


async def test_a_role_that_was_taken_away_is_noticed_before_the_next_sentence(live: Live) -> None:
    call = await live.new_call()
    ben = live.discord.add_person(call.guild, "Ben")
    role = live.discord.world.add_role(call.guild, "Friends", 0)
    live.discord.world.set_roles(call.guild, call.ada.member, [role])
    voice = await live.voices.add(
        NewVoice(call.guild.id, "Ben", owner_id=ben.id, pitch_hz=150.0, reach="named"),
        ReferenceClip(speech_samples(4, 1.7)),
    )
    await live.voices.database.write(
        lambda execute: execute("INSERT INTO voice_roles VALUES (?, ?)", (voice.id, role.id))
    )
    said = await call.say(LONG, "Ben").answered()
    await call.listener.until_heard(15)
    live.discord.world.set_roles(call.guild, call.ada.member, [])
    await content(said, NOT_SHARED)
    spoken = live.desk.spoken[call.guild.id]
    heard = {packet.opus for packet in call.listener.audible}
    begun = sum(bool(heard & set(speech.packets)) for speech in spoken)
    assert begun <= 3
    await wait_until(lambda: not live.bot.services.voice.player(call.guild.id).busy, 5, "silence")
