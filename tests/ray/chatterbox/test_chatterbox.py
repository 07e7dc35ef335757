"""Chatterbox in the actors of a real Ray cluster: what travels, who speaks, what is forgotten."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
from pathlib import Path

from bot.errors import EngineError
from bot.speech.engine_client import EngineClient
from bot.speech.engines.cores import usable_cores
from bot.speech.types import (
    Speech,
    SynthesisRequest,
    SynthesisResult,
    VoiceReference,
    VoiceSettings,
)
from storage.clips import clip_path, load_clip, write_clip
from storage.key_file import new_key, write_keys
from storage.sealing import KeyRing
from tests.chatterbox.conftest import store
from tests.pool.backlog import come_anew
from tests.ray.chatterbox.conftest import SLOTS, Actors

WORDS = "The ferry waits for the last train."


def asked(voice: VoiceReference, text: str = WORDS) -> SynthesisRequest:
    return SynthesisRequest(text, voice, settings=VoiceSettings(seed=7))


async def speak_at_once(
    client: EngineClient, requests: list[SynthesisRequest]
) -> list[SynthesisResult]:
    results = await asyncio.gather(*(client.synthesize([request]) for request in requests))
    return [result for (result,) in results]


def packets(results: list[SynthesisResult]) -> set[tuple[bytes, ...]]:
    assert all(isinstance(result, Speech) for result in results), results
    return {result.packets for result in results if isinstance(result, Speech)}


def speakers(actors: Actors, voice: VoiceReference) -> set[int]:
    """The processes that were given a sentence of a voice, with its recording."""
    told = [note for note in actors.notes() if note.request is not None]
    assert all(note.request.voice.content for note in told if note.request)
    return {
        note.process
        for note in told
        if note.request is not None and note.request.voice.clip_sha256 == voice.clip_sha256
    }


async def test_two_engines_share_a_voice_that_travels_to_each_once(
    actors: Actors, voice: VoiceReference
) -> None:
    async with actors.bot() as client:
        first = packets(await speak_at_once(client, [asked(voice)] * 2 * SLOTS))
        assert len(speakers(actors, voice)) == 2
        voice.clip_path.unlink()  # what travels again is read again
        again = packets(await speak_at_once(client, [asked(voice)] * 4 * SLOTS))
    assert len(first) == 1
    assert again == first


async def test_an_engine_computes_with_all_cores_of_its_machine(actors: Actors) -> None:
    async with actors.bot():
        begun = [note.threads for note in actors.notes() if note.spec is not None]
    assert begun == [usable_cores()] * 2


async def test_both_engines_have_forgotten_a_deleted_voice_before_the_answer(
    actors: Actors, voice: VoiceReference
) -> None:
    async with actors.bot() as client:
        packets(await speak_at_once(client, [asked(voice)] * 2 * SLOTS))
        both = speakers(actors, voice)
        await client.forget(voice.clip_sha256)
        notes = [note for note in actors.notes() if note.forgotten == voice.clip_sha256]
        voice.clip_path.unlink()
        later = await speak_at_once(client, [asked(voice)] * 2 * SLOTS)
    assert {note.process for note in notes} == both
    assert len(both) == 2
    assert {type(result) for result in later} == {EngineError}


async def test_a_sealed_recording_is_opened_by_the_bot_and_no_key_leaves_it(
    actors: Actors, voice: VoiceReference, tmp_path: Path
) -> None:
    key, key_file = new_key(), tmp_path / "mynah.key"
    write_keys(key_file, [key])
    clip = load_clip(voice.clip_path, voice.clip_sha256)
    path = clip_path(tmp_path / "sealed", voice.clip_sha256)
    path.parent.mkdir(parents=True)
    write_clip(path, clip, KeyRing.from_file(key_file))
    sealed = dataclasses.replace(voice, clip_path=path)
    async with actors.bot(KeyRing.from_file(key_file)) as client:
        spoken = packets(await speak_at_once(client, [asked(sealed)] * 2 * SLOTS))
        assert len(speakers(actors, voice)) == 2
        await client.forget(voice.clip_sha256)
        assert packets(await speak_at_once(client, [asked(voice)])) == spoken
    told = actors.contents()
    assert WORDS.encode() in told
    assert key not in told
    assert str(tmp_path).encode() not in told


async def test_a_new_servers_first_sound_does_not_wait_for_the_backlog_of_others(
    actors: Actors, voice: VoiceReference, tmp_path: Path
) -> None:
    # In a voice that neither engine has prepared, as a new server's is.
    first = asked(store(tmp_path, 6.0, 300.0))
    async with actors.bot() as client:
        for servers in (1, 6):
            order = await come_anew(client, [asked(voice)] * 36, first, servers)
            assert order.share < 0.5
        assert len(speakers(actors, voice)) == 2


async def test_the_other_engine_speaks_for_one_that_is_killed_in_mid_text(
    actors: Actors, voice: VoiceReference
) -> None:
    text = [asked(voice, f"{WORDS} Wait, number {number}.") for number in range(8)]
    async with actors.bot() as client:
        expected = [packets([result]) for result in await speak_at_once(client, text)]
        before = len(actors.notes())
        speaking = asyncio.create_task(speak_at_once(client, text))
        while len(actors.notes()) == before:
            await asyncio.sleep(0.001)
        victim = max(speakers(actors, voice))
        os.kill(victim, signal.SIGKILL)
        assert [packets([result]) for result in await speaking] == expected
        alive = speakers(actors, voice) - {victim}
        assert len(alive) >= 1
        assert len(actors.notes()) > before + len(text)  # what the killed one had is spoken anew
