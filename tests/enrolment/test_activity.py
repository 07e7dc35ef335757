"""Speech detection: probabilities by frame, and segments of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.enrolment import activity
from bot.enrolment.activity import (
    MIN_PAUSE_FRAMES,
    MIN_SPEECH_FRAMES,
    PADDING_FRAMES,
    find_segments,
    speech_mask,
    speech_probabilities,
)
from bot.enrolment.types import FRAME_SAMPLES
from tests.samples import Samples


def probabilities(*stretches: tuple[int, float]) -> np.ndarray:
    return np.concatenate([np.full(count, value, np.float32) for count, value in stretches])


def test_speech_is_found_and_pauses_are_not(speech: Samples) -> None:
    quiet = np.zeros(3 * 24_000, np.float32)
    found = speech_probabilities(np.concatenate([quiet, speech, quiet]))
    frame = len(quiet) // FRAME_SAMPLES
    assert found[: frame - 2].max() < 0.35
    assert found[-frame + 8 :].max() < 0.35
    assert (found[frame:-frame] > 0.5).mean() > 0.75


@pytest.mark.parametrize("kind", ["silence", "noise", "hum", "click"])
def test_other_sounds_are_not_speech(kind: str, rng: np.random.Generator) -> None:
    count = 5 * 24_000
    sound = {
        "silence": np.zeros(count),
        "noise": 0.1 * rng.standard_normal(count),
        "hum": 0.3 * np.sin(np.arange(count) * 2 * np.pi * 100 / 24_000),
        "click": 0.9 * (np.arange(count) % 12_000 == 0),
    }[kind]
    assert len(find_segments(speech_probabilities(sound.astype(np.float32)))) == 0


@pytest.mark.parametrize("length", [1, 100, FRAME_SAMPLES, FRAME_SAMPLES + 1, 20_000])
def test_every_frame_is_judged_also_the_last_incomplete_one(length: int) -> None:
    assert len(speech_probabilities(np.zeros(length, np.float32))) == -(-length // FRAME_SAMPLES)


def test_no_audio_has_no_frames() -> None:
    assert len(speech_probabilities(np.empty(0, np.float32))) == 0


def test_blocks_side_by_side_find_what_one_run_finds(
    speech: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = speech_probabilities(speech)
    monkeypatch.setattr(activity, "BLOCK_FRAMES", 90)
    in_blocks = speech_probabilities(speech)
    assert len(at_once) < 480 <= 6 * 90
    assert len(in_blocks) == len(at_once)
    assert ((in_blocks > 0.5) == (at_once > 0.5)).mean() > 0.98


def test_speech_lasts_over_a_dip_and_a_short_gap() -> None:
    found = find_segments(
        probabilities((20, 0), (20, 0.9), (10, 0.4), (MIN_PAUSE_FRAMES - 1, 0), (20, 0.9), (20, 0))
    )
    end = 20 + 20 + 10 + MIN_PAUSE_FRAMES - 1 + 20
    assert found.tolist() == [[20 - PADDING_FRAMES, end + PADDING_FRAMES]]


def test_a_pause_divides() -> None:
    found = find_segments(probabilities((20, 0.9), (MIN_PAUSE_FRAMES, 0), (20, 0.9)))
    assert len(found) == 2


def test_what_never_gets_certain_or_is_too_short_is_no_speech() -> None:
    assert len(find_segments(probabilities((30, 0.45), (20, 0), (MIN_SPEECH_FRAMES - 1, 1)))) == 0


@given(st.lists(st.tuples(st.integers(1, 30), st.floats(0, 1, width=32)), max_size=20))
def test_segments_are_ordered_apart_and_within(stretches: list[tuple[int, float]]) -> None:
    found = probabilities((0, 0), *stretches)
    segments = find_segments(found)
    assert (segments[:, 0] < segments[:, 1]).all()
    assert (segments[1:, 0] >= segments[:-1, 1]).all()
    assert (segments >= 0).all()
    assert (segments <= len(found)).all()
    mask = speech_mask(segments, len(found))
    assert mask.sum() == (segments[:, 1] - segments[:, 0]).sum()
