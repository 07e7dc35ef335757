"""A member is recorded in the call and has a voice, over the wire; nothing of it stays."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
import soxr

from bot.consent.challenge import Challenge
from bot.consent.evidence import evidence_of
from loopback import (
    Message,
    Microphone,
    Network,
    best_correlation,
    decode_opus,
    encode_opus,
    wait_until,
)
from loopback.audio import SAMPLE_RATE, Samples
from loopback.microphone import GOOD
from tests.e2e.live import SAVE, Call, Live
from tests.samples import RATE, speech_samples, spoken_text

pytestmark = pytest.mark.asyncio(loop_scope="package")

PAUSE = np.zeros(RATE, np.float32)


def shown(card: Message) -> str:
    """All that stands on a card."""
    return f"{card.content} {card.embeds}"


def labels(card: Message) -> list[str]:
    rows: Any = card.components
    return [button["label"] for row in rows for button in row["components"]]


def asked_sentence(card: Message) -> str:
    """What the card asks to be said."""
    return str(card.embeds[0]["fields"][0]["value"]).strip("*").replace("\\", "")


async def record(
    call: Call, card: Message, samples: Samples, network: Network = GOOD
) -> Microphone:
    """Press Start recording, speak, press Stop; return what was spoken into."""
    await call.ada.press(card, label="Start recording").acknowledged()
    await wait_until(lambda: "Stop" in labels(card), 10, "the bar")
    assert not bot_is_deaf(call)
    resampled = np.asarray(soxr.resample(samples, RATE, SAMPLE_RATE), np.float32)
    microphone = call.ada.microphone()
    await microphone.say(encode_opus(resampled), network)
    await wait_until(lambda: "of speech heard" in shown(card), 10, "a bar that moves")
    await call.ada.press(card, label="Stop").acknowledged()
    return microphone


def as_sent(microphone: Microphone) -> Samples:
    """What another decoder makes of all packets that were sent, at the rate of clips."""
    heard = soxr.resample(decode_opus(microphone.opus), SAMPLE_RATE, RATE)
    return np.asarray(heard, np.float32)


def bot_is_deaf(call: Call) -> bool:
    return call.guild.voice_states[call.discord.world.bot.id].self_deaf


async def test_a_member_who_speaks_in_the_call_has_a_voice_with_evidence_until_it_is_deleted(
    live: Live, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = Challenge(("forest", "photograph", "toothbrush", "calendar"), datetime.now(UTC))
    monkeypatch.setattr("cogs.live_card.draw", lambda: words)
    card = await call.ada.slash("enroll", name="Live").answered(20)
    assert bot_is_deaf(call)
    asked = asked_sentence(card)
    sentence = await asyncio.to_thread(spoken_text, asked)
    talk = await asyncio.to_thread(speech_samples, 7.5)
    microphone = await record(call, card, np.concatenate([sentence, PAUSE, talk]))
    await wait_until(lambda: SAVE in labels(card), 60, "the sample's card")
    assert bot_is_deaf(call)
    assert await live.voices.count(call.guild.id) == 0
    await call.ada.press(card, label=SAVE).acknowledged()
    await wait_until(lambda: "Saved" in shown(card), 10, "the saved card")

    voice = await live.voices.find(call.guild.id, "Live")
    stored = await live.voices.consent_of(voice.id, voice.clip_sha256)
    assert stored is not None
    evidence = evidence_of(stored.record)
    assert evidence.statement == asked
    assert (evidence.channel_id, evidence.gaps) == (call.guild.voice.id, 0)
    assert voice.level == evidence.level == "spoken"
    said, kept = await live.voices.load_consent_clip(stored), await live.voices.load_clip(voice)
    assert said is not None
    assert best_correlation(sentence, said.samples) > 0.9
    assert best_correlation(talk, kept.samples) > 0.99
    assert best_correlation(kept.samples, as_sent(microphone)) > 0.999

    question = await call.ada.slash("voice delete", voice="Live").answered()
    await call.ada.press(question, label="Delete for good").acknowledged()
    await wait_until(lambda: question.content == "“Live” is deleted.", 10, "the deletion")
    assert await live.voices.consent_of(voice.id, voice.clip_sha256) is None
    kept_names = {path.name for path in live.voices.clip_path(voice).parent.iterdir()}
    gone = (voice.clip_sha256, str(stored.consent_sha256))
    assert not any(name.startswith(gone) for name in kept_names)


async def test_a_bad_network_still_enrols_and_its_gaps_are_told_and_kept(
    live: Live, call: Call
) -> None:
    card = await call.ada.slash("enroll", name="Far away").answered(20)
    sentence = await asyncio.to_thread(spoken_text, asked_sentence(card))
    talk = await asyncio.to_thread(speech_samples, 7.5)
    bad = Network(loss=0.05, jitter=0.08, duplicates=0.02, seed=7)
    microphone = await record(call, card, np.concatenate([sentence, PAUSE, talk]), bad)
    await wait_until(lambda: SAVE in labels(card), 60, "the sample's card")
    assert "lost on the way" in shown(card)
    await call.ada.press(card, label=SAVE).acknowledged()
    await wait_until(lambda: "Saved" in shown(card), 10, "the saved card")
    voice = await live.voices.find(call.guild.id, "Far away")
    stored = await live.voices.consent_of(voice.id, voice.clip_sha256)
    assert stored is not None
    evidence = evidence_of(stored.record)
    # What is lost before the first packet that comes, or after the last, leaves no gap.
    assert 10 <= round(evidence.lost_seconds / 0.02) <= microphone.lost
    kept = await live.voices.load_clip(voice)
    # What is lost is concealed, not brought back: 0.87 to 0.96 were seen, by which packets it was.
    assert best_correlation(kept.samples, as_sent(microphone)) > 0.8


async def test_who_leaves_while_recording_is_told_and_can_start_again(
    live: Live, call: Call
) -> None:
    card = await call.ada.slash("enroll", name="Gone").answered(20)
    await call.discord.voice.wait_settled(call.guild)
    await call.ada.press(card, label="Start recording").acknowledged()
    await wait_until(lambda: "Stop" in labels(card), 10, "the bar")
    await call.ada.leave_voice()
    await wait_until(lambda: "You left the voice channel" in shown(card), 10, "the reason")
    assert "Start recording" in labels(card)
    assert await live.voices.count(call.guild.id) == 0
    await call.ada.press(card, label="Cancel").acknowledged()
    await wait_until(lambda: "Nothing was kept" in card.content, 10, "the end")
