"""Which sound track, and which channel of it, holds the voice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from bot.enrolment.decode import Source, Survey
from bot.enrolment.libraries import load_libraries
from bot.enrolment.recording import Recording, record
from bot.enrolment.types import AudioFileError, EnrolmentLimits, Origin
from bot.enrolment.work import Work

MORE_SPEECH = 1.1
"""Two tracks of one talk differ by less in the speech that is found in them."""

CHANNEL_SPEECH = 0.6
"""Where the mix is far quieter than its channels, one of them will do with so much of its speech:
in a talk with a microphone each, that leaves one speaker."""

CLEARER_DB = 3.0
LOUDER_DB = 2.0


@dataclass(frozen=True, slots=True)
class _Merits:
    speech: int  # frames
    snr_db: float
    level_db: float


def listen(data: bytes, limits: EnrolmentLimits) -> Recording:
    """Return the recording of an upload in which most is spoken; of equal ones the clearest.

    A file with one track and usual channels is decoded once. Further tracks and channels are tried
    in turn, until half of the processor time that the upload may take is used.

    Raises what `record` raises, for the first track, if none can be read.
    """
    load_libraries()
    work, survey = Work(len(data)), Survey()
    best: Recording | None = None
    problem: AudioFileError | None = None
    track = 0
    while track < survey.tracks and (track == 0 or not work.half_done):
        try:
            found = _listen_to_track(data, limits, track, work, survey)
        except AudioFileError as error:
            problem = problem or error
        else:
            best = found if best is None or is_better(found, best) else best
        track += 1
    if best is None:
        raise problem or AssertionError("no track and no problem")
    return replace(best, origin=replace(best.origin, tracks=survey.tracks))


def _listen_to_track(
    data: bytes, limits: EnrolmentLimits, track: int, work: Work, survey: Survey
) -> Recording:
    own = Survey()
    mix = record(data, limits, Source(track), work, own)
    survey.tracks = own.tracks
    best = replace(mix, origin=Origin(track + 1))
    alone = [found for found in _channels(data, limits, track, work, own)
             if found.is_speech.sum() >= CHANNEL_SPEECH * mix.is_speech.sum()]  # fmt: skip
    for number, found in enumerate(alone):
        best = found if number == 0 or is_better(found, best) else best
    return best


def _channels(
    data: bytes, limits: EnrolmentLimits, track: int, work: Work, survey: Survey
) -> Iterator[Recording]:
    for name, index in survey.balance.candidates().items():
        if work.half_done:
            return
        found = record(data, limits, Source(track, index), work)
        yield replace(found, origin=Origin(track + 1, channel=name))


def is_better(one: Recording, other: Recording) -> bool:
    """Return whether one has more speech than the other; if as much, whether it is clearer.

    If it is as clear, too, whether it is louder.
    """
    mine, its = _merits(one), _merits(other)
    if max(mine.speech, its.speech) > MORE_SPEECH * min(mine.speech, its.speech):
        return mine.speech > its.speech
    if abs(mine.snr_db - its.snr_db) > CLEARER_DB:
        return mine.snr_db > its.snr_db
    return mine.level_db > its.level_db + LOUDER_DB


def _merits(recording: Recording) -> _Merits:
    spoken = recording.power[recording.is_speech]
    pauses = recording.power[~recording.is_speech]
    level = 10 * np.log10(max(float(spoken.mean()) if len(spoken) else 0.0, 1e-12))
    noise = 10 * np.log10(max(float(np.median(pauses)) if len(pauses) else 0.0, 1e-8))
    return _Merits(len(spoken), level - noise, level)
