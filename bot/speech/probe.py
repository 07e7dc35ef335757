"""A voice that hums, to see whether an engine speaks where nobody may have enrolled."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bot.speech.types import VoiceReference
from storage.clips import clip_path, write_clip
from storage.types import CLIP_SAMPLE_RATE, ReferenceClip

HUM_HZ = 120.0
HUM_SECONDS = 10  # what Chatterbox conditions on; its turbo model refuses 5 s and less
HUM_HARMONICS = 20


@contextmanager
def temporary_voice() -> Iterator[VoiceReference]:
    """Yield a voice that hums, in a directory of its own: a check must not need enrolled voices."""
    with tempfile.TemporaryDirectory(prefix="mynah-check-") as folder:
        clip = _hum()
        path = clip_path(Path(folder), clip.sha256)
        write_clip(path, clip)
        yield VoiceReference(path, clip.sha256, HUM_HZ)


def _hum() -> ReferenceClip:
    """A sum of harmonics that swells and fades three times a second, like syllables."""
    time = np.arange(HUM_SECONDS * CLIP_SAMPLE_RATE) / CLIP_SAMPLE_RATE
    order = np.arange(1, HUM_HARMONICS + 1)[:, np.newaxis]
    tone = (np.sin(2 * np.pi * HUM_HZ * order * time) / order).sum(axis=0)
    hum = 0.1 * tone * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * time))
    return ReferenceClip(hum.astype(np.float32))
