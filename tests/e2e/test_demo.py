"""`make demo`: a speech recogniser understands what it leaves, and it sees when nothing comes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from difflib import SequenceMatcher
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
from pocketsphinx import Decoder

from bot.condition import Condition
from bot.demo.errors import DemoFailedError, RefusedError
from bot.demo.member import SAID, ending, over, refused, say
from bot.demo.timeline import Timeline
from bot.voice.player import Ticket
from bot.voice.utterances import Progress, UtteranceEnd
from cogs.progress import progress_text
from cogs.speech_cards import say_text
from cogs.ui import engine_note
from loopback import Channel, ChannelKind, Interaction, Listener, Message
from loopback.interactions import Kind, Reply
from loopback.model import User
from tests.samples import RATE, encode, speech_samples

ROBIN = User(1, "Robin")

ROOT = Path(__file__).parents[2]
TEXT = "The weather is good today. We will go to the market, and buy some bread for the children."


def recognise(path: Path) -> list[str]:
    samples, rate = soundfile.read(path, dtype="float32")
    speech = np.clip(soxr.resample(samples, rate, 16_000), -1, 1)
    decoder = Decoder(samprate=16_000, loglevel="FATAL")
    decoder.start_utt()
    decoder.process_raw((speech * 32_767).astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    return str(decoder.hyp().hypstr).split()


def share_found(said: str, heard: list[str]) -> float:
    """Share of the said words that were heard, in order."""
    words = [word.strip(".,").lower() for word in said.split()]
    blocks = SequenceMatcher(None, words, heard, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / len(words)


def demo(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.demo"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_demo_leaves_speech_that_is_understood(tmp_path: Path) -> None:
    run = demo(tmp_path, TEXT=TEXT)
    assert run.returncode == 0, run.stdout + run.stderr
    for step in (
        "/enroll sample.m4a acknowledged",
        "Save pressed",
        "first packet",
        "p99",
        "Privacy",
    ):
        assert step in run.stdout
    assert share_found(TEXT, recognise(tmp_path / "demo.wav")) > 0.6
    assert [path.name for path in tmp_path.iterdir()] == ["demo.wav"]


def test_demo_enrols_a_recording_of_ones_own_and_speaks_one_sentence(tmp_path: Path) -> None:
    sample = tmp_path / "my voice.flac"
    sample.write_bytes(encode(speech_samples(8), RATE, "flac", "flac"))
    run = demo(tmp_path, SAMPLE=str(sample), TEXT="Good morning, everyone.")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "/enroll my voice.flac acknowledged" in run.stdout


def test_demo_says_why_it_failed(tmp_path: Path) -> None:
    run = demo(tmp_path, SAMPLE="nowhere.wav")
    assert run.returncode == 1
    assert run.stderr.splitlines() == [
        "The demo failed: there is no file nowhere.wav; name a recording of speech as the sample"
    ]


def answered(content: str) -> Interaction:
    """A /say with this answer."""
    command = Interaction(Kind.COMMAND, ROBIN, Channel(2, 3, ChannelKind.TEXT, "chat"), 0.0, None)
    command.reply = Reply.MESSAGE
    command.original = Message(4, 2, 3, ROBIN, content=content)
    return command


def followed(progress: Progress) -> Interaction:
    """A /say whose answer has followed the speech so far, as the bot writes it."""
    loading: Any = SimpleNamespace(ready=False, info=None, condition=lambda: Condition("starting"))
    first = say_text("Robin", "Demo", Ticket(0, 0.0, asyncio.Future())) + engine_note(loading)
    return answered(f"{first}\n{progress_text(progress)}")


async def test_a_speech_under_way_is_not_over() -> None:
    for played, started in ((0, False), (0, True), (2, True)):
        command = followed(Progress(3, played, started=started, notes=("It ignores seed.",)))
        assert (refused(command), over(command), ending(command)) == (False, False, [])


@pytest.mark.parametrize("error", [None, "The voice engine made no sound for this text."])
@pytest.mark.parametrize("end", list(UtteranceEnd))
async def test_every_end_is_seen(end: UtteranceEnd, error: str | None) -> None:
    command = followed(Progress(3, 1, started=True, end=end, error=error, notes=("Note.",)))
    assert over(command)
    assert (SAID in ending(command)) is (end is UtteranceEnd.PLAYED)


async def said(command: Interaction) -> None:
    """Let the demo wait for a /say of which nothing is heard."""
    member: Any = SimpleNamespace(slash=lambda *_, **__: command)
    await asyncio.wait_for(say(member, Listener(ROBIN), TEXT, Timeline()), 5.0)


async def test_a_failure_before_the_first_packet_ends_the_demo_at_once() -> None:
    failed = Progress(3, 0, started=False, end=UtteranceEnd.FAILED, error="No sound. Try again.")
    with pytest.raises(DemoFailedError, match=r"nothing was heard: .* No sound\. Try again\.$"):
        await said(followed(failed))


async def test_a_refusal_ends_the_demo_at_once() -> None:
    with pytest.raises(RefusedError, match="was refused: I am in no voice channel"):
        await said(answered("I am in no voice channel any more. Send the text again."))
