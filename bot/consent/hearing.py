"""pocketsphinx over the words of the list: which are heard, and when. Runs in the media worker."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bot.consent.challenge import WORDS

if TYPE_CHECKING:
    from pocketsphinx import Decoder

Samples = npt.NDArray[np.float32]

RATE = 16_000
"""Hz, of pocketsphinx's acoustic model."""

FRAMES_PER_SECOND = 100
WARPS = ("0.8", "0.95", "1.13")
"""Of the frequency axis, as pocketsphinx's `warp_params` has them: speakers whose vocal tracts are
longer, about as long and shorter than those of the model's mean speaker (vocal tract length
normalisation; Lee and Rose, "A frequency warping approach to speaker normalization", 1998)."""

MOST_SECONDS = 60
"""Of a recording that is listened to: the longest live one has 40, and a bound is needed."""

_KEYWORDS = Path(__file__).parent / "data" / "words.kws"
_GRAMMAR = f"#JSGF V1.0; grammar words; public <words> = ({' | '.join(WORDS)})+;"
_TAIL_SECONDS = 0.3  # of silence: a grammar is not heard to its end where speech breaks off
_PEAK = 0.7


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word of the list that was heard. start, end: in seconds of the recording.

    score: how much better the word fits than any sounds do, as pocketsphinx tells it: words that
    were said have above 0.86, chance is below 0.84 as a rule; 1 is the most.
    """

    word: str
    start: float
    end: float
    score: float

    def shares(self, other: HeardWord) -> bool:
        """Whether the two lie over each other for half of the shorter one or more."""
        common = min(self.end, other.end) - max(self.start, other.start)
        return common >= 0.5 * min(self.end - self.start, other.end - other.start)


class Listener:
    """A recording to listen to, once prepared.

    samples: float32, shape (n,), mono, at `rate` Hz; what is beyond `MOST_SECONDS` is left out.
    """

    def __init__(self, samples: Samples, rate: int) -> None:
        import soxr  # here and below: the bot process imports this module, too

        heard = soxr.resample(samples[: MOST_SECONDS * rate], rate, RATE)
        peak = float(np.abs(heard).max(initial=0.0))
        self._samples = heard * (_PEAK / peak) if peak > 0 else heard

    def spotted(self, warp: str) -> list[HeardWord]:
        """Return each word of the list wherever it may be: also by chance, also over others.

        pocketsphinx's keyword search compares each word with a loop of all phones.
        warp: of `WARPS`.
        """
        return _decoded(_decoder(warp, kws=str(_KEYWORDS)), self._samples)

    def read(self, start: float, end: float, warp: str) -> list[HeardWord]:
        """Return what a stretch (in seconds) says if it holds words of the list and nothing else.

        By a JSGF grammar of the 64 words in any number and order. warp: of `WARPS`.
        """
        decoder = _decoder(warp)
        decoder.add_jsgf_string("words", _GRAMMAR)
        decoder.activate_search("words")
        first = max(0, round(start * RATE))
        stretch = self._samples[first : max(first, round(end * RATE))]
        silence = np.zeros(round(_TAIL_SECONDS * RATE), np.float32)
        return _decoded(decoder, np.concatenate([stretch, silence]), first / RATE)


def _decoder(warp: str, **options: str) -> Decoder:
    """Return a fresh decoder: one that has heard others is used to them."""
    from pocketsphinx import Decoder

    return Decoder(samprate=RATE, lm=None, loglevel="FATAL", warp_params=warp, **options)


def _decoded(decoder: Decoder, samples: Samples, offset: float = 0.0) -> list[HeardWord]:
    if not len(samples):
        return []
    decoder.start_utt()
    decoder.process_raw((samples * 32_767).astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    if decoder.hyp() is None:
        return []
    heard = [
        HeardWord(
            segment.word.strip().partition("(")[0],  # "forest(2)" is another pronunciation
            offset + segment.start_frame / FRAMES_PER_SECOND,
            offset + (segment.end_frame + 1) / FRAMES_PER_SECOND,
            segment.prob,
        )
        for segment in decoder.seg()
    ]
    return sorted((h for h in heard if h.word in WORDS), key=lambda h: h.start)
