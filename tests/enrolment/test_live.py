"""A live recording: where the sentence of consent ends, and what is kept of the rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
import soxr

from bot.consent.challenge import Challenge
from bot.consent.live import Asked
from bot.consent.packets import OPUS_RATE, PlacedPacket, RecordedSpeech
from bot.consent.recognition import WordCheck
from bot.enrolment import live
from bot.enrolment.live import live_sample
from bot.enrolment.types import EnrolmentLimits, SampleRejectedError
from loopback.audio import encode_opus
from tests.samples import RATE, Samples

SENTENCE = "I, Ann, agree that this bot may speak in my voice: potato, zebra, violin, river."
ASKED = Asked(SENTENCE, "en", Challenge(("potato", "zebra", "violin", "river"), datetime.now(UTC)))
SAID = 4.4  # s of speech before a long pause
PAUSE = 1.0


def recorded(speech: Samples, talk: float) -> RecordedSpeech:
    """Some seconds of speech, a pause, and more speech, as packets."""
    pause = np.zeros(round(PAUSE * RATE), np.float32)
    said = round(SAID * RATE)
    samples = np.concatenate([speech[:said], pause, speech[said:][: round(talk * RATE)]])
    packets = encode_opus(soxr.resample(samples, RATE, OPUS_RATE))
    placed = [PlacedPacket(960 * number, packet) for number, packet in enumerate(packets)]
    return RecordedSpeech(1, tuple(placed))


def checked(monkeypatch: pytest.MonkeyPatch, end: float | None) -> None:
    """Have the words checked with that outcome, whatever is installed."""
    check = WordCheck("passed", (), 4, end) if end is not None else WordCheck("not checked")
    monkeypatch.setattr(live, "check_words", lambda *_: check)


@pytest.mark.parametrize("end", [SAID, None])
def test_what_follows_the_sentence_is_kept(
    speech: Samples, monkeypatch: pytest.MonkeyPatch, end: float | None
) -> None:
    checked(monkeypatch, end)
    found = live_sample(recorded(speech, 7.5), ASKED, EnrolmentLimits())
    assert SAID - 0.5 < found.sentence.seconds < SAID + 0.3
    assert found.sample.report.kept_start >= SAID - 0.2
    assert found.sample.clip.seconds > 6
    assert found.level == ("live" if end is None else "spoken")


def test_all_is_kept_where_little_follows(speech: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    checked(monkeypatch, SAID)
    found = live_sample(recorded(speech, 3), ASKED, EnrolmentLimits())
    assert found.sample.report.kept_start < 1
    assert found.sample.clip.seconds > SAID + 3


def test_what_holds_no_voice_is_refused_with_its_picture(
    speech: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked(monkeypatch, None)
    with pytest.raises(SampleRejectedError) as refused:
        live_sample(recorded(0 * speech, 3), ASKED, EnrolmentLimits())
    assert refused.value.picture.startswith(b"\x89PNG")


def test_what_was_lost_is_counted(speech: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    checked(monkeypatch, SAID)
    whole = recorded(speech, 7.5)
    kept = [p for n, p in enumerate(whole.packets) if n not in (100, 300, 301)]
    lost = {101: 1, 302: 2}
    packets = tuple(replace(p, lost=lost.get(p.start // 960, 0)) for p in kept)
    found = live_sample(RecordedSpeech(1, packets), ASKED, EnrolmentLimits())
    assert (found.gaps, found.lost_seconds) == (2, pytest.approx(0.06))
