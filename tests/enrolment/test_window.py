"""Which part of a recording is kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.enrolment.activity import speech_mask
from bot.enrolment.recording import Recording
from bot.enrolment.types import FRAME_SAMPLES, FRAME_SECONDS
from bot.enrolment.window import Window, choose_window, split_phrases

SPEECH_POWER = 1e-2
FLOOR_POWER = 1e-6


def at(second: float) -> int:
    return round(second / FRAME_SECONDS)


def recording(seconds: float, *speech: tuple[float, float]) -> Recording:
    """A recording with clean speech at these seconds."""
    count = at(seconds)
    segments = np.array([(at(start), at(end)) for start, end in speech], np.intp).reshape(-1, 2)
    is_speech = speech_mask(segments, count)
    return Recording(
        samples=np.zeros(count * FRAME_SAMPLES, np.float32),
        source_rate=48_000,
        speech=segments,
        is_speech=is_speech,
        clipped=np.zeros(count),
        power=np.where(is_speech, SPEECH_POWER, FLOOR_POWER),
    )


def phrases(start: float, end: float, length: float = 2.0, pause: float = 0.5):
    """Phrases from start to end."""
    starts = np.arange(start, end - length + 1e-6, length + pause)
    return [(float(first), float(first + length)) for first in starts]


def seconds(window: Window) -> tuple[float, float]:
    return window.start * FRAME_SECONDS, window.end * FRAME_SECONDS


def test_a_short_recording_is_kept_from_first_to_last_word() -> None:
    kept = seconds(choose_window(recording(20, (1, 4), (5, 12)), 30))
    assert kept == pytest.approx((1, 12), abs=FRAME_SECONDS)


def test_nothing_is_kept_of_silence() -> None:
    assert choose_window(recording(20), 30) == Window(0, 0)


def test_the_densest_speech_is_kept() -> None:
    sparse = [(float(second), second + 0.5) for second in range(0, 60, 4)]
    dense = phrases(60, 88)
    start, end = seconds(choose_window(recording(150, *sparse, *dense, (120, 121)), 30))
    assert start == pytest.approx(60, abs=0.1)
    assert end == pytest.approx(87, abs=0.6)


def test_noisy_speech_is_left_out() -> None:
    made = recording(80, *phrases(0, 80))
    made.power[: at(45)] += SPEECH_POWER / 4
    start, _ = seconds(choose_window(made, 30))
    assert 45 <= start <= 51


def test_clipped_speech_is_left_out() -> None:
    made = recording(80, *phrases(0, 80))
    made.clipped[at(12) : at(14)] = 0.2
    made.clipped[at(55)] = 0.1
    window = choose_window(made, 30)
    assert made.clipped[window.start : window.end].sum() == 0
    assert seconds(window)[1] - seconds(window)[0] > 25


def test_the_best_ten_seconds_come_first() -> None:
    made = recording(60, *phrases(0, 60))
    noisy = np.ones(len(made.power), bool)
    noisy[at(25) : at(45)] = False
    made.power[noisy] += SPEECH_POWER / 10
    start, end = seconds(choose_window(made, 30))
    assert 25 <= start <= 35
    assert end - start > 20


def test_speech_without_a_pause_is_cut_where_it_is_quietest() -> None:
    made = recording(60, (0, 60))
    made.power[at(5.5)] = made.power[at(5.5) + 1] = made.power[at(5.5) + 2] = SPEECH_POWER / 50
    cuts = split_phrases(made.speech, made.power, at(8))
    assert cuts[0, 1] == pytest.approx(at(5.5) + 1, abs=1)
    start, end = seconds(choose_window(made, 30))
    assert 15 < end - start <= 30


def test_speech_that_is_clipped_all_over_is_kept_in_full(rng: np.random.Generator) -> None:
    made = recording(60, *phrases(0, 60))
    made.clipped[:] = rng.exponential(0.03, len(made.clipped))
    start, end = seconds(choose_window(made, 20))
    assert end - start > 16


def test_a_clipped_end_of_a_phrase_costs_the_phrase() -> None:
    made = recording(40, *phrases(0, 15), (15.5, 19.5))
    made.clipped[at(17) : at(19.5)] = 0.04
    start, end = seconds(choose_window(made, 30))
    assert (start, end) == pytest.approx((0, 14.5), abs=0.6)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_windows_fit_begin_and_end_at_pauses(data: st.DataObject) -> None:
    lengths = data.draw(
        st.lists(st.tuples(st.floats(0.3, 7.5), st.floats(0.3, 5)), min_size=1, max_size=40)
    )
    keep = data.draw(st.floats(10, 60))
    ends = np.cumsum([speech + pause for speech, pause in lengths])
    spans = [(end - pause - speech, end - pause)
             for end, (speech, pause) in zip(ends, lengths, strict=True)]  # fmt: skip
    made = recording(float(ends[-1]) + 1, *spans)
    made.clipped[data.draw(st.integers(0, len(made.clipped) - 1))] = 0.3
    window = choose_window(made, keep)
    assert 0 < (window.end - window.start) * FRAME_SECONDS <= keep
    assert window.start in made.speech[:, 0]
    assert window.end in made.speech[:, 1]
