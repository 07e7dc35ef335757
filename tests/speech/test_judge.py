"""Speech that went wrong is noticed, and good speech is not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.speech.engines.chatterbox import judge

RATE = 24_000
SENTENCE = "The quick brown fox jumps over the lazy dog."  # 44 characters, about 2.5 s


def tokens(count: int) -> list[int]:
    return np.random.default_rng(0).integers(0, 6561, count).tolist()


def faults(spoken: list[int], text: str = SENTENCE, *, stopped: bool = True) -> tuple[str, ...]:
    return judge.token_faults(spoken, stopped=stopped, text=text, language="en")


def tone(seconds: float, amplitude: float = 0.3) -> npt.NDArray[np.float32]:
    time = np.arange(round(seconds * RATE)) / RATE
    return (amplitude * np.sin(2 * np.pi * 150 * time)).astype(np.float32)


def noise(seconds: float, amplitude: float) -> npt.NDArray[np.float32]:
    count = round(seconds * RATE)
    return np.random.default_rng(0).normal(0, amplitude, count).astype(np.float32)


def silence(seconds: float) -> npt.NDArray[np.float32]:
    return np.zeros(round(seconds * RATE), dtype=np.float32)


def test_a_sentence_of_ordinary_pace_is_good() -> None:
    for seconds in (1.5, 2.5, 4.0):
        assert faults(tokens(round(seconds * 25))) == ()


@pytest.mark.parametrize(
    ("seconds", "fault"), [(0.4, "too short"), (12.0, "too long")], ids=["short", "long"]
)
def test_seconds_that_do_not_fit_the_text_are_noticed(seconds: float, fault: str) -> None:
    assert faults(tokens(round(seconds * 25))) == (fault,)


def test_speech_without_an_end_is_noticed() -> None:
    assert faults(tokens(60), stopped=False) == ("no end",)


def test_a_character_of_chinese_takes_longer() -> None:
    spoken = tokens(3 * 25)
    assert judge.token_faults(spoken, stopped=True, text="你好世界", language="zh") == ()
    quick = judge.token_faults(tokens(2), stopped=True, text="你好世界", language="zh")
    assert quick == ("too short",)


def test_a_word_takes_a_quarter_of_a_second_at_least() -> None:
    assert faults(tokens(5), "Hi!") == ("too short",)
    assert faults(tokens(6), "Hi!") == faults(tokens(12), "Hi!") == ()


def test_digits_take_as_long_as_the_words_they_are_read_as() -> None:
    _, words = judge.expected_seconds("one two three four", "en")
    _, digits = judge.expected_seconds("1234", "en")
    assert digits == pytest.approx(words, rel=0.25)


@pytest.mark.parametrize("period", [1, 2, 7, 25])
def test_a_loop_is_noticed(period: int) -> None:
    start, loop = tokens(20), tokens(period)
    assert judge.loops(start + loop * (90 // period))


def test_a_pause_is_no_loop() -> None:
    assert not judge.loops(tokens(20) + [4299] * 20 + tokens(20))


@given(st.lists(st.integers(0, 6560), max_size=39))
def test_what_is_short_is_no_loop(spoken: list[int]) -> None:
    assert not judge.loops(spoken)


@given(st.text(max_size=400), st.sampled_from(["en", "zh", "he", None]))
def test_the_limit_leaves_room_for_the_longest_good_speech(text: str, language: str | None) -> None:
    _, longest = judge.expected_seconds(text, language)
    assert min(1000, longest * 25) <= judge.token_limit(text, language) <= 1000


def test_a_region_changes_no_bounds() -> None:
    assert judge.expected_seconds("你好世界", "zh_CN") == judge.expected_seconds("你好世界", "zh")
    assert judge.expected_seconds("Hei", "nb") == judge.expected_seconds("Hei", "no")


def test_speech_is_no_fault() -> None:
    assert judge.wave_faults(np.concatenate([tone(2), silence(0.5), tone(1)]), RATE) == ()


@pytest.mark.parametrize(
    ("samples", "fault"),
    [
        (silence(2), "silent"),
        (noise(2, 1e-5), "silent"),
        (np.full(RATE, np.nan, dtype=np.float32), "silent"),
        (np.concatenate([tone(0.5), silence(3)]), "mostly silence"),
    ],
    ids=["zeros", "faint", "no numbers", "a word and nothing more"],
)
def test_a_wave_without_speech_is_noticed(samples: npt.NDArray[np.float32], fault: str) -> None:
    assert judge.wave_faults(samples, RATE) == (fault,)


def test_a_long_silence_within_is_noticed() -> None:
    assert judge.wave_faults(np.concatenate([tone(3), silence(2), tone(3)]), RATE) == ()
    late = np.concatenate([tone(3), silence(3), tone(3), silence(3)])
    assert judge.wave_faults(late, RATE) == ("a long silence",)
    assert judge.wave_faults(np.concatenate([silence(3), tone(3)]), RATE) == ("a long silence",)


def test_silence_at_the_end_is_cut() -> None:
    trimmed = judge.trim_tail(np.concatenate([tone(2), silence(1)]), RATE)
    assert len(trimmed) / RATE == pytest.approx(2.12, abs=0.03)
    np.testing.assert_array_equal(trimmed[: 2 * RATE], tone(2))


def test_noise_behind_a_gap_is_cut() -> None:
    trimmed = judge.trim_tail(np.concatenate([tone(2), silence(0.6), noise(0.4, 0.05)]), RATE)
    assert len(trimmed) / RATE == pytest.approx(2.12, abs=0.03)


def test_a_last_word_behind_a_gap_is_kept() -> None:
    samples = np.concatenate([tone(2), silence(0.6), tone(0.4)])
    np.testing.assert_array_equal(judge.trim_tail(samples, RATE), samples)


def test_noise_right_behind_speech_is_cut() -> None:
    trimmed = judge.trim_tail(np.concatenate([tone(2), noise(0.8, 0.05)]), RATE)
    assert 2.1 < len(trimmed) / RATE < 2.4
    np.testing.assert_array_equal(trimmed[: 2 * RATE], tone(2))


def test_what_has_no_pitch_at_all_is_left_as_it_is() -> None:
    whisper = noise(2, 0.05) * (1.2 + tone(2, 1.0))
    assert judge.trim_tail(whisper, RATE) is whisper


def test_speech_without_a_tail_is_left_as_it_is() -> None:
    samples = tone(2)
    assert judge.trim_tail(samples, RATE) is samples


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Hi!", True),
        ("Oh no!", True),
        ("Oh - no!", True),
        ("One two three.", False),
        (SENTENCE, False),
        ("你好！", True),
        ("你好世界。", True),
        ("今天天气很好。", False),
        ("はい。", True),
        ("ありがとう。", False),
        ("안녕하세요.", True),
        ("Discord 你好。", True),
        ("我们在Discord上说话。", False),
        ("\U00020000\U00020001\U00020002\U00020003\U00020004", False),
    ],
)
def test_one_or_two_words_are_short(text: str, short: bool) -> None:
    assert judge.is_short(text) is short
