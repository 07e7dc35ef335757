"""Resampling in blocks equals resampling at once."""

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.enrolment.resample import BLOCK_SECONDS, BlockResampler
from tests.samples import Samples

NOISE = np.random.default_rng(3).uniform(-0.5, 0.5, 8_000 * 30).astype(np.float32)


def resampled(samples: Samples, source: int, target: int, cuts: list[int]) -> Samples:
    resampler = BlockResampler(source, target)
    blocks = [block for piece in np.split(samples, sorted(cuts)) for block in resampler.feed(piece)]
    return np.concatenate([*blocks, resampler.flush()])


def at_once(samples: Samples, source: int, target: int) -> Samples:
    return librosa.resample(samples, orig_sr=source, target_sr=target, res_type="soxr_hq")


@pytest.mark.parametrize("source", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_equals_librosa_on_the_whole_signal(source: int, rng: np.random.Generator) -> None:
    samples = rng.uniform(-0.5, 0.5, int(source * (2 * BLOCK_SECONDS + 1.377))).astype(np.float32)
    pieces = resampled(samples, source, 24_000, list(range(0, len(samples), 30_011)))
    whole = at_once(samples, source, 24_000)
    assert len(pieces) == len(whole)
    assert np.abs(pieces - whole).max() < 2e-6


@settings(max_examples=25, deadline=None)
@given(
    length=st.integers(1, len(NOISE)),
    cuts=st.lists(st.integers(0, len(NOISE)), max_size=8),
)
def test_however_it_is_cut(length: int, cuts: list[int]) -> None:
    samples = NOISE[:length]
    pieces = resampled(samples, 8_000, 24_000, [min(cut, length) for cut in cuts])
    assert len(pieces) == 3 * length
    assert np.abs(pieces - at_once(samples, 8_000, 24_000)).max() < 2e-6


def test_nothing_in_nothing_out() -> None:
    assert len(BlockResampler(44_100, 24_000).flush()) == 0


def test_can_be_used_again_after_a_flush() -> None:
    resampler = BlockResampler(8_000, 24_000)
    first, second = ([*resampler.feed(NOISE), resampler.flush()] for _ in range(2))
    assert np.array_equal(np.concatenate(first), np.concatenate(second))


def test_holds_only_a_block_and_its_context() -> None:
    resampler = BlockResampler(8_000, 24_000)
    for _ in range(4):
        for _ in resampler.feed(NOISE):
            pass
        assert resampler.held_seconds <= BLOCK_SECONDS + 2
