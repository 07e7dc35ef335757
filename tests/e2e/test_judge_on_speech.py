"""The judge on real speech, that of the embedded voice: nothing is wrong with it, nothing of it is
cut, and what is done to it is noticed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pytest
import soxr

from bot.speech.engines.base import Samples
from bot.speech.engines.chatterbox import judge
from bot.speech.engines.piper import PiperEngine
from bot.speech.types import EngineSpec

RATE = 24_000

SENTENCES = (
    "Hi!",
    "Oh no!",
    "Stop it.",
    "Six.",
    "Fish.",
    "Perhaps.",
    "Are you there?",
    "What a day!",
    "Hush, hush, hush.",
    "This is the house.",
    "Six thick thistle sticks.",
    "Nobody knows what happened next",
    "She sells sea shells by the sea shore.",
    "Where did you put the keys to the car?",
    "Wait... I had something to say... never mind.",
    "It costs 49 dollars and 99 cents.",
    "Call me at 555 0199 before 6 p.m.",
    "In 1969, 600 million people watched it.",
    "He whispered: this is the last time.",
    "First, open the door; second, look around; third, leave.",
    "Could you say that again, please, a little slower?",
    "Well, if you ask me, and nobody does, it was a mistake.",
    "Yes, yes, yes; I will be there as soon as I can get out of this place.",
    "People who live here, all of them, will tell you the same story about the winter when the "
    "river froze and the mill stood still for more than seven weeks.",
)
SPOKEN_ON = SENTENCES[8:20:2]
"""What faults are put into."""

every_sentence = pytest.mark.parametrize("text", SENTENCES)
some_sentences = pytest.mark.parametrize("text", SPOKEN_ON)


@pytest.fixture(scope="module")
def speech() -> Mapping[str, Samples]:
    """The sentences, spoken the same way each time: float32 at `RATE`."""
    # onnxruntime seeds a session once, so all of them come from one.
    voice = PiperEngine(EngineSpec(kind="piper"), "test")._seeded_voice(1)
    spoken = {}
    for text in SENTENCES:
        chunks = [chunk.audio_float_array for chunk in voice.synthesize(text)]
        samples = soxr.resample(np.concatenate(chunks), voice.config.sample_rate, RATE)
        spoken[text] = samples.astype(np.float32)
    return spoken


@dataclasses.dataclass(frozen=True)
class Tail:
    """Noise after speech, of `seconds`, `db` louder than the speech, `gap` seconds behind it."""

    kind: str
    gap: float
    seconds: float = 1.0
    db: float = -15.0

    def after(self, samples: Samples) -> Samples:
        count = round(self.seconds * RATE)
        level = np.sqrt(np.square(samples).mean()) * 10 ** (self.db / 20)
        gap = np.zeros(round(self.gap * RATE))
        return np.concatenate([samples, gap, level * noise(self.kind, count)]).astype(np.float32)


def noise(kind: str, count: int) -> Samples:
    """Noise of unit power: white, pink, dull (below 2 kHz) or a hiss (3 to 9 kHz)."""
    spectrum = np.fft.rfft(np.random.default_rng(1).normal(size=count))
    hz = np.fft.rfftfreq(count, 1 / RATE)
    spectrum *= {
        "white": np.ones(len(hz)),
        "pink": (hz + 1) ** -0.5,
        "dull": (1 + (hz / 2000) ** 4) ** -0.5,
        "hiss": np.where((hz > 3000) & (hz < 9000), 1.0, 0.03),
    }[kind]
    samples = np.fft.irfft(spectrum, count)
    return np.asarray(samples / samples.std(), dtype=np.float32)


def lost_db(samples: Samples, kept: int) -> float:
    """The energy of what comes after `kept` samples, relative to all of it."""
    lost = np.square(samples[kept:], dtype=np.float64).sum()
    return float(10 * np.log10((lost + 1e-20) / np.square(samples, dtype=np.float64).sum()))


def tokens_of(samples: Samples) -> list[int]:
    """25 tokens a second, made as the model's are: eight features of a frame, three steps each."""
    frame = RATE // 25
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame)
    power = np.abs(np.fft.rfft(frames * np.hanning(frame), axis=1)) ** 2
    bands = np.log(np.stack([part.sum(axis=1) for part in np.split(power[:, 1:], 40, axis=1)]) + 1)
    features = np.random.default_rng(0).normal(size=(8, 40)) @ (bands - bands.mean())
    steps = np.round(np.tanh(features / features.std())) + 1
    return [int(token) for token in 3 ** np.arange(8) @ steps]


@every_sentence
def test_ordinary_speech_is_good(text: str, speech: Mapping[str, Samples]) -> None:
    samples = speech[text]
    shortest, longest = judge.expected_seconds(text, "en")
    # Room for someone who speaks half as fast or half again as fast.
    assert 1.5 * shortest < len(samples) / RATE < longest / 2 + 1
    assert judge.wave_faults(samples, RATE) == ()
    assert not judge.loops(tokens_of(samples))


@every_sentence
@pytest.mark.parametrize("higher", [0.75, 1.0, 1.4, 2.2])
def test_no_speech_is_cut(text: str, higher: float, speech: Mapping[str, Samples]) -> None:
    samples = soxr.resample(speech[text], RATE * higher, RATE)
    trimmed = judge.trim_tail(samples, RATE)
    assert lost_db(samples, len(trimmed)) < -50
    assert len(samples) - len(trimmed) < 0.2 * RATE
    faded = round(0.03 * RATE)
    np.testing.assert_array_equal(trimmed[:-faded], samples[: len(trimmed) - faded])


@every_sentence
def test_no_speech_is_cut_in_a_room_with_some_noise(
    text: str, speech: Mapping[str, Samples]
) -> None:
    samples = speech[text]
    room = 0.003 * np.abs(samples).max() * noise("white", len(samples))
    kept = len(judge.trim_tail(samples + room, RATE))
    assert lost_db(samples, kept) < -40


@some_sentences
@pytest.mark.parametrize("kind", ["white", "pink", "dull", "hiss"])
@pytest.mark.parametrize("gap", [0.0, 0.2, 0.6])
def test_a_second_of_noise_at_the_end_is_cut(
    kind: str, gap: float, text: str, speech: Mapping[str, Samples]
) -> None:
    samples = judge.trim_tail(speech[text], RATE)
    noisy = Tail(kind, gap).after(samples)
    kept = len(judge.trim_tail(noisy, RATE))
    assert lost_db(samples, kept) < -40
    assert kept - len(samples) < 0.4 * RATE


@some_sentences
@pytest.mark.parametrize("gap", [0.0, 0.6])
def test_louder_and_longer_noise_is_cut(
    gap: float, text: str, speech: Mapping[str, Samples]
) -> None:
    samples = judge.trim_tail(speech[text], RATE)
    for tail in (Tail("white", gap, 3.0, 0.0), Tail("white", gap, 0.7, -20.0)):
        kept = len(judge.trim_tail(tail.after(samples), RATE))
        assert lost_db(samples, kept) < -35
        assert kept - len(samples) < 0.4 * RATE


@some_sentences
def test_another_word_after_a_pause_is_kept(text: str, speech: Mapping[str, Samples]) -> None:
    for word in ("Six.", "Fish.", "Hi!"):
        pause = np.zeros(round(0.8 * RATE), dtype=np.float32)
        samples = np.concatenate([speech[text], pause, speech[word]])
        assert lost_db(samples, len(judge.trim_tail(samples, RATE))) < -50


@some_sentences
def test_silence_of_half_the_length_is_found_or_cut(
    text: str, speech: Mapping[str, Samples]
) -> None:
    samples = speech[text]
    pause = np.zeros(max(len(samples), 3 * RATE), dtype=np.float32)
    assert judge.wave_faults(np.concatenate([pause, samples]), RATE)
    half = len(samples) // 2
    assert judge.wave_faults(np.concatenate([samples[:half], pause, samples[half:]]), RATE)
    trimmed = judge.trim_tail(np.concatenate([samples, pause]), RATE)
    assert len(trimmed) <= len(samples) + 0.12 * RATE


@some_sentences
@pytest.mark.parametrize("seconds", [0.2, 0.5, 1.0])
def test_speech_that_repeats_itself_is_found(
    seconds: float, text: str, speech: Mapping[str, Samples]
) -> None:
    tokens = tokens_of(speech[text])
    middle = len(tokens) // 2
    again = tokens[middle - round(12 * seconds) :][: round(25 * seconds)]
    assert judge.loops(tokens[:middle] + 8 * again + tokens[middle:])
