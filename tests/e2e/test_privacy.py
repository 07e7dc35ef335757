"""`/privacy delete` in the real program: nothing of a member is left on the disk or in the logs."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
import soxr

from bot.privacy.service import PrivacyService
from bot.speech.engine_client import EngineClient
from bot.speech.types import EngineSpec, Speech, SynthesisRequest, VoiceReference
from bot.worker_answers import ENGINE_ANSWERS
from bot.workers import Worker, WorkerLimits
from loopback import LoopbackDiscord, Message, Person, Upload, encode_opus, wait_until
from loopback.audio import SAMPLE_RATE
from loopback.gateway_session import MESSAGE_CONTENT
from storage.erasure import Eraser
from storage.types import NewVoice
from storage.voices import VoiceStore
from tests.e2e.live import SAVE, Call, add_operator_voice, content
from tests.e2e.test_program import START_SECONDS
from tests.samples import RATE, encode, speech_samples
from tests.speech.remembering_engine import open_remembering
from tests.storage.conftest import GUILD, make_clip
from tests.storage.test_erasure import found_in, spellings

pytestmark = pytest.mark.asyncio(loop_scope="package")

ANSWER_SECONDS = 30.0


@dataclass
class Running:
    """The program, what it logs, and two members in a call with it."""

    call: Call
    bob: Person
    data: Path
    log: Path
    process: asyncio.subprocess.Process

    @property
    def ada(self) -> Person:
        return self.call.ada

    async def logged(self, text: str) -> None:
        await wait_until(
            lambda: text in self.log.read_text(), START_SECONDS, f"{text!r} in the log"
        )

    async def end(self) -> str:
        self.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(self.process.wait(), START_SECONDS) == 0
        return self.log.read_text()

    async def hashes(self) -> list[str]:
        """Every hash of a clip that there is: of the recordings, and of the consents."""
        async with VoiceStore.open(self.data) as store:
            rows = await store.database.read(
                "SELECT clip_sha256 FROM voices WHERE owner_id = ?1 UNION "
                "SELECT former_sha256 FROM voices WHERE owner_id = ?1 UNION "
                "SELECT consent_sha256 FROM consents WHERE member_id = ?1",
                (self.ada.id,),
            )
            return [row[0] for row in rows if row[0] is not None]


@pytest_asyncio.fixture(loop_scope="package")
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    data, log = tmp_path / "data", tmp_path / "log"
    data.mkdir()
    await add_operator_voice(data)
    async with LoopbackDiscord() as discord:
        discord.gateway.allowed_privileged_intents = MESSAGE_CONTENT
        guild = discord.add_guild()
        ada, bob = (discord.add_person(guild, name) for name in ("Ada", "Bob"))
        call = Call(discord, guild, ada, await ada.join_voice())
        environment = {
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "MYNAH_STORAGE__DIRECTORY": str(data),
            "MYNAH_ENGINE__KIND": "piper",
            "MYNAH_DISCORD__MESSAGE_CONTENT": "true",
            **discord.env(),
        }
        with log.open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", cwd=tmp_path, env=environment, stderr=errors
            )
        try:
            program = Running(call, bob, data, log, process)
            await program.logged("engine loaded")
            await discord.gateway.wait_ready(within=START_SECONDS)
            yield program
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        discord.assert_clean()


def first_button(message: Message) -> dict[str, str]:
    return {"custom_id": message.components[0]["components"][0]["custom_id"]}


async def record_live(ada: Person) -> None:
    """Have Ada record a voice in the call, in a language whose words are not checked."""
    ada.locale = "ja"
    card = await ada.slash("enroll", name="Live").answered(ANSWER_SECONDS)
    before = first_button(card)
    await ada.press(card, **before).acknowledged()
    await wait_until(lambda: first_button(card) != before, ANSWER_SECONDS, "the recording")
    recording = first_button(card)
    speech = np.asarray(soxr.resample(speech_samples(13), RATE, SAMPLE_RATE), np.float32)
    await ada.microphone().say(encode_opus(speech), pace=3.0)
    await ada.press(card, **recording).acknowledged()
    await wait_until(lambda: len(card.attachments) == 1, ANSWER_SECONDS, "the sample's card")
    await ada.press(card, **first_button(card)).acknowledged()
    await wait_until(lambda: not card.components, ANSWER_SECONDS, "the saved card")
    ada.locale = "en-US"


async def live(running: Running, recording: Upload) -> None:
    """Have Ada enrol, replace, speak, be read, share, block, and set what can be set."""
    ada, bob = running.ada, running.bob
    other = Upload("ada.flac", encode(speech_samples(11), RATE, "flac", "flac"), "audio/flac")
    for command, options in (
        ("enroll", {"sample": recording, "name": "Ada"}),
        ("voice replace", {"sample": other, "voice": "Ada"}),
    ):
        card = await ada.slash(command, **options).answered(ANSWER_SECONDS)
        await ada.press(card, label=SAVE).acknowledged()
        await wait_until(
            lambda c=card: c.embeds[0]["title"].startswith("Saved"), 10, "a saved card"
        )
    said = await ada.slash("say", text="The rain had stopped.", voice="Ada").answered()
    await content(said, "\nSaid.", ANSWER_SECONDS)
    others = await bob.slash("say", text="Somebody else.", voice="Ada").answered()
    await content(others, "", ANSWER_SECONDS)
    await ada.slash("read start").answered()
    heard = len(running.call.listener.audible)
    ada.send("The hens are in the garden.")
    await running.call.listener.until_heard(heard + 10, ANSWER_SECONDS)
    await ada.slash("dictionary add", written="brb", spoken="be right back").answered()
    await ada.slash("voice default", voice="Ada").answered()
    await ada.slash("voice block", member=bob).answered()
    await bob.slash("voice block", member=ada).answered()
    await record_live(ada)


async def test_nothing_of_a_member_is_left_on_the_disk_or_in_the_logs(
    running: Running, recording: Upload
) -> None:
    ada = running.ada
    await live(running, recording)
    hashes = await running.hashes()
    assert len(hashes) == 4  # two recordings, one that was replaced, and a spoken consent
    needles = spellings(ada.id, hashes)
    assert len({name for name, _ in found_in(running.data, needles)}) >= 2
    exported = await ada.slash("privacy export").answered(ANSWER_SECONDS)
    await content(exported, "This is everything that is stored about you")
    waiting = await running.call.say("This waits. " * 40, "Ada").answered()
    asked = await ada.slash("privacy delete").answered()
    await content(asked, "- 2 voices\n- 3 recordings of voices")
    presses = [ada.press(asked, label="Delete everything for good") for _double_click in range(2)]
    for press in presses:
        await press.acknowledged()
    await content(asked, "All of it is deleted:\n- 2 voices\n", ANSWER_SECONDS)
    assert found_in(running.data, needles) == []
    await content(waiting, "topped", ANSWER_SECONDS)
    gone = await ada.slash("privacy delete").answered()
    assert gone.content == "Nothing is stored about you, on any server."
    log = await running.end()
    assert found_in(running.data, needles) == []
    assert [n for n in needles if n in log.encode()] == []
    assert str(running.bob.id) not in log
    assert "voice enrolled" in log


async def test_the_worker_keeps_no_prepared_voice_of_a_member(tmp_path: Path) -> None:
    worker = Worker("engine worker", WorkerLimits(call_seconds=60), answers=ENGINE_ANSWERS)
    engine = EngineClient(worker, EngineSpec(), open_engine=open_remembering)

    async def prepared(sha256: str) -> tuple[bytes, ...]:
        request = SynthesisRequest("hello", VoiceReference(tmp_path, sha256))
        (result,) = await engine.synthesize([request])
        assert isinstance(result, Speech)
        return result.packets

    async def nothing() -> None:
        pass

    async with VoiceStore.open(tmp_path) as store:
        voice = await store.add(NewVoice(GUILD, "Ada", owner_id=11), make_clip())
        other = await store.add(NewVoice(GUILD, "Bob", owner_id=12), make_clip(1))
        await prepared(voice.clip_sha256)
        assert len(await prepared(other.clip_sha256)) == 2
        privacy = PrivacyService(
            Eraser.beside(store), forget_clip=engine.forget, flush=nothing, look=nothing
        )
        await privacy.erase_member(11)
        assert await prepared(other.clip_sha256) == (other.clip_sha256.encode(),)
    await engine.close()
