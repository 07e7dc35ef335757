"""What the media worker does with a live recording: the words, where the sentence of consent ends,
and which part of the rest becomes the clip.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from bot.consent.live import Asked, LiveSample
from bot.consent.packets import OPUS_RATE, RecordedSpeech
from bot.consent.recognition import check_words
from bot.consent.sentence import Pause, likely_end
from bot.enrolment.activity import speech_mask
from bot.enrolment.decode import Chunk
from bot.enrolment.libraries import load_libraries
from bot.enrolment.packets import decode_speech
from bot.enrolment.pipeline import cut, judged
from bot.enrolment.quality import SHORT_SECONDS
from bot.enrolment.recording import Recording, recorded
from bot.enrolment.tops import CLIPPED_LEVEL
from bot.enrolment.types import FRAME_SECONDS, EnrolmentLimits
from bot.enrolment.window import Window, choose_window
from storage.types import ReferenceClip

PACKET_SECONDS = 0.02
"""Of Discord's clients."""

TAIL_FRAMES = round(0.6 / FRAME_SECONDS)
"""Of the last word, after the point where it is said to end; less is no word of its own."""


def live_sample(speech: RecordedSpeech, asked: Asked, limits: EnrolmentLimits) -> LiveSample:
    """Turn what one member said into a sample and the sentence of consent.

    Raises `SampleRejectedError` (with report and picture) if no voice can be made of it.
    """
    load_libraries()
    live = sample_of(decode_speech(speech).samples, asked, limits)
    gaps = sum(packet.lost > 0 for packet in speech.packets)
    return replace(live, gaps=gaps, lost_seconds=speech.lost * PACKET_SECONDS)


def sample_of(
    samples: npt.NDArray[np.float32], asked: Asked, limits: EnrolmentLimits
) -> LiveSample:
    """Do as `live_sample` with what was decoded: float32, shape (n,), mono, 48 kHz."""
    words = check_words(samples, OPUS_RATE, asked.challenge, asked.language)
    clipped = np.flatnonzero(np.abs(samples) >= CLIPPED_LEVEL)
    recording = recorded(iter([Chunk(samples, OPUS_RATE, clipped)]), limits.max_seconds)
    said = words.end_seconds
    end = said if said is not None else _likely_end(recording, asked.text)
    frame = _past_the_word(recording, min(max(1, round(end / FRAME_SECONDS)), len(recording.power)))
    sample = judged(recording, _window(recording, frame, limits), limits)
    return LiveSample(sample, _sentence(recording, frame), words)


def _likely_end(recording: Recording, text: str) -> float:
    segments = recording.speech * FRAME_SECONDS
    spoken = np.cumsum(segments[:, 1] - segments[:, 0])
    pauses = [
        Pause(float(segments[i, 1]), float(segments[i + 1, 0]), float(spoken[i]))
        for i in range(len(segments) - 1)
    ]
    return likely_end(text, pauses, float(segments[-1, 1]) if len(segments) else 0.0)


def _past_the_word(recording: Recording, frame: int) -> int:
    """Return where the stretch of speech ends that `frame` lies in, if that is at once."""
    for start, end in recording.speech.tolist():
        if start < frame < end <= frame + TAIL_FRAMES:
            return int(end)
    return frame


def _window(recording: Recording, sentence_end: int, limits: EnrolmentLimits) -> Window:
    """Return the part to keep: of what follows the sentence, if that is enough."""
    rest = _after(recording, sentence_end)
    enough = max(SHORT_SECONDS, limits.min_speech_seconds)
    if rest.is_speech.sum() * FRAME_SECONDS >= enough:
        window = choose_window(rest, limits.keep_seconds)
        if not limits.clip_need.lacks((window.end - window.start) * FRAME_SECONDS):
            return window
    return choose_window(recording, limits.keep_seconds)


def _after(recording: Recording, frame: int) -> Recording:
    """Return a recording in which nobody speaks before `frame`."""
    speech = recording.speech[recording.speech[:, 1] > frame]
    speech = np.maximum(speech, frame)
    return replace(
        recording, speech=speech, is_speech=speech_mask(speech, len(recording.is_speech))
    )


def _sentence(recording: Recording, end: int) -> ReferenceClip:
    heard = recording.speech[recording.speech[:, 0] < end]
    start = int(heard[0, 0]) if len(heard) else 0
    return ReferenceClip(cut(recording, Window(start, end)))
