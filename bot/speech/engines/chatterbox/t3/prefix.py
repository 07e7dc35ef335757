"""Reading what comes before the speech: the voice, then the text.

GPT-2 looks back only, and 376 of some 400 positions are the voice's. So what they become is kept,
and a further sentence in that voice has only its text read: 0.3 s sooner with Nano on two cores.
Llama's voice is 34 positions, which its exaggeration changes.
"""

from __future__ import annotations

from torch.utils.weak import WeakTensorKeyDictionary

from bot.speech.engines.chatterbox.t3.attention import KeyValueCache
from bot.speech.engines.chatterbox.t3.backbone import Backbone, Tensor, positions_from

MOST_BYTES = 256 * 1024**2
"""Of voices kept: nine of Nano's, three of Turbo's."""


class PrefixReader:
    """Fills rows of a cache from position 0.

    most_bytes: of keys and values of voices that are kept; the one unused for longest gives way,
    and each goes with the last reference to its key.
    """

    def __init__(self, backbone: Backbone, cache: KeyValueCache, most_bytes: int) -> None:
        self._backbone, self._cache = backbone, cache
        self._most_bytes = most_bytes
        self._held = WeakTensorKeyDictionary()

    @property
    def bytes_used(self) -> int:
        """Bytes of the voices that are kept."""
        return sum(held.nbytes for held in self._held.values())

    def read(self, first: int, embeds: Tensor, seen: list[Tensor]) -> Tensor:
        """Read embeddings (rows, length, dim) into rows `first` and following.

        seen: see `KeyValueCache.prefill`. Returns the hidden states (rows, length, dim).
        """
        return self._read(first, embeds, 0, seen)

    def read_behind(self, voice: Tensor, length: int, row: int, embeds: Tensor) -> Tensor:
        """Read (1, any, dim), whose first `length` are those of a voice, into a row.

        voice: a tensor that stands for the voice as long as it is prepared. Returns the hidden
        states behind the voice. Known or not, it is read apart, so that the rounding is the same.
        """
        held = self._held.pop(voice, None)
        if held is None:
            self._read(row, embeds[:, :length], 0, [])
            held = self._cache.copy(row, length)
        else:
            self._cache.fill(row, held)
        self._keep(voice, held)
        return self._read(row, embeds[:, length:], length, [])

    def _read(self, first: int, embeds: Tensor, start: int, seen: list[Tensor]) -> Tensor:
        positions = positions_from(start, embeds)
        return self._backbone.run(embeds, positions, self._cache.prefill(first, seen, start))

    def _keep(self, voice: Tensor, held: Tensor) -> None:
        self._held[voice] = held
        while self.bytes_used > self._most_bytes:
            del self._held[next(iter(self._held.keys()))]
