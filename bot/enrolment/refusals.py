"""Whose voices are refused: speech that an engine made, and whom the operator's list holds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bot.consent.no_go import NoGoNames
from bot.enrolment.no_go_clips import Cut, NoGoClips, NoGoSpeakers
from bot.errors import UserError
from bot.i18n import N_, _
from storage.types import CLIP_SAMPLE_RATE, ReferenceClip

MARKED = 0.5
"""From here on, a recording carries the watermark: see benchmarks/results/chatterbox-watermark.json
for what recordings with and without it have."""

SYNTHETIC = N_(
    "This is synthetic speech: the recording carries the inaudible watermark of a speech engine. "
    "Only a person's own speech becomes a voice. If I spoke in the background, record again with "
    "headphones."
)
NO_GO = N_(
    "Nobody may make a voice of this recording here. If you think that is wrong, ask whoever runs "
    "me."
)


class SpeakerJudge(Protocol):
    """What an engine can tell about who speaks.

    None where it cannot; every method raises `BusyError` where it can, but not now: waiting for the
    engine to be busy would else be a way around what it tells.
    """

    async def embedding(self, clip: ReferenceClip) -> npt.NDArray[np.float32] | None:
        """Return the direction in which a clip's speaker lies, of length 1."""

    async def similarity(self, a: ReferenceClip, b: ReferenceClip) -> float | None:
        """Return how alike two speakers sound, from -1 to 1."""

    async def watermark(self, samples: npt.NDArray[np.float32], rate: int) -> float | None:
        """Return how surely samples (mono, `rate` Hz) carry the watermark, from 0 to 1."""


class Refusals:
    """What keeps a name or a clip from becoming a voice.

    judge: None where nothing can be told about speakers. cut: makes a clip of a file's content.
    """

    def __init__(
        self,
        names: NoGoNames | None,
        clips: NoGoClips | None,
        judge: SpeakerJudge | None,
        cut: Callable[[bytes], Awaitable[ReferenceClip]],
    ) -> None:
        self._names = names or NoGoNames()
        self._judge = judge
        self._speakers = _speakers(clips, judge, cut)

    def refuse_name(self, name: str) -> None:
        """Raise `InvalidNameError` for a name that the operator lets nobody have."""
        self._names.refuse(name)

    def refuse_more_of(self, name: str) -> None:
        """Raise `UserError` if a voice of that name, which is there, may get no other recording."""
        if self._names.holds(name):
            raise UserError(
                _(
                    "A voice of this name gets no other recording here. Rename it first, or ask "
                    "whoever runs me."
                )
            )

    async def refuse_synthetic(self, clip: ReferenceClip) -> None:
        """Raise `UserError` for speech that an engine made: nobody's consent can be in it.

        Raises `BusyError` where that can be told, but not now.
        """
        if self._judge is None:
            return
        marked = await self._judge.watermark(clip.samples, CLIP_SAMPLE_RATE)
        if marked is not None and marked >= MARKED:
            raise UserError(_(SYNTHETIC))

    async def refuse_speaker(self, clip: ReferenceClip) -> None:
        """Raise `UserError` for a clip whose speaker is among the operator's recordings.

        Nothing where no engine can compare. Raises `BusyError` where it can, but not now.
        """
        if self._speakers is not None and await self._speakers.holds(clip):
            raise UserError(_(NO_GO))


def _speakers(clips: NoGoClips | None, judge: SpeakerJudge | None, cut: Cut) -> NoGoSpeakers | None:
    if clips is None or judge is None:
        return None
    return NoGoSpeakers(clips, cut, judge.embedding)
