"""The picture: small, of the right size, and showing what was found."""

import io

import numpy as np
import pytest
from PIL import Image

from bot.enrolment.activity import speech_mask
from bot.enrolment.picture import (
    BOTTOM,
    CLIPPED,
    HEIGHT,
    KEPT,
    LEFT,
    MAX_BYTES,
    OTHER,
    RIGHT,
    SPEECH,
    TOP,
    WIDTH,
    bar_heights,
    draw_picture,
)
from bot.enrolment.recording import Recording
from bot.enrolment.types import FRAME_SAMPLES
from bot.enrolment.window import Window
from bot.i18n import in_locale


def noise(frames: int, *speech: tuple[int, int]) -> Recording:
    samples = np.random.default_rng(5).uniform(-0.8, 0.8, frames * FRAME_SAMPLES).astype("f4")
    segments = np.array(speech, np.intp).reshape(-1, 2)
    return Recording(
        samples, 48_000, segments, speech_mask(segments, frames), np.zeros(frames), np.ones(frames)
    )


def waveform(png: bytes) -> np.ndarray:
    """The waveform's pixels, shape (height, width, 3)."""
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    assert image.size == (WIDTH, HEIGHT)
    return np.asarray(image.convert("RGB"))[TOP:BOTTOM, LEFT:RIGHT].astype(int)


def columns(pixels: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """Positions from 0 to 1 along the axis that show this colour."""
    close = np.abs(pixels - np.array(colour)).sum(axis=2) < 12
    return np.flatnonzero(close.any(axis=0)) / pixels.shape[1]


def test_shows_kept_and_other_speech_where_they_are() -> None:
    pixels = waveform(draw_picture(noise(1000, (100, 400), (500, 900)), Window(500, 900)))
    kept, other = columns(pixels, KEPT), columns(pixels, SPEECH)
    assert (kept.min(), kept.max()) == (pytest.approx(0.5, abs=0.01), pytest.approx(0.9, abs=0.01))
    assert (other.min(), other.max()) == (
        pytest.approx(0.1, abs=0.01),
        pytest.approx(0.4, abs=0.01),
    )
    assert columns(pixels, OTHER).max() > 0.95
    assert len(columns(pixels, CLIPPED)) == 0


def test_marks_clipping() -> None:
    made = noise(1000, (100, 900))
    made.clipped[300:320] = 0.1
    marked = columns(waveform(draw_picture(made, Window(100, 900))), CLIPPED)
    assert (marked.min(), marked.max()) == (
        pytest.approx(0.3, abs=0.01),
        pytest.approx(0.32, abs=0.01),
    )


@pytest.mark.parametrize("frames", [1, 3, 30, 1000, 20_000])
def test_fits_the_limit_at_any_length(frames: int) -> None:
    made = noise(frames, (0, frames))
    made.clipped[::7] = 0.1
    assert len(draw_picture(made, Window(0, frames))) <= MAX_BYTES


def test_of_a_rejected_recording_nothing_is_shown_as_kept() -> None:
    made = noise(1000, (100, 400), (500, 900))
    pixels = waveform(draw_picture(made, Window(500, 900), is_kept=False))
    assert len(columns(pixels, KEPT)) == 0
    assert columns(pixels, SPEECH).max() == pytest.approx(0.9, abs=0.01)


def test_nothing_recorded_can_be_drawn() -> None:
    png = draw_picture(noise(0), Window(0, 0))
    assert len(columns(waveform(png), KEPT)) == 0


def test_bars_follow_the_peaks() -> None:
    samples = np.concatenate([np.full(500, 0.1), np.full(500, -0.4)]).astype(np.float32)
    heights = bar_heights(samples, 10)
    assert heights[-1] == 1
    assert heights[0] == pytest.approx(0.25**0.7)


def test_its_words_are_in_the_members_language() -> None:
    recording = noise(200, (20, 180))
    english = draw_picture(recording, Window(40, 120))
    with in_locale("de"):
        german = draw_picture(recording, Window(40, 120))
    with in_locale("ja"):  # in English, because the font has no other letters
        assert draw_picture(recording, Window(40, 120)) == english
    assert german != english
