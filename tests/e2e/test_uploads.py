"""Damaged uploads through the confined media worker, a few; `make fuzz` tries many."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from bot.app import open_media_worker
from bot.config import Settings
from bot.enrolment.service import traces_of
from bot.enrolment.types import EnrolmentLimits
from bot.speech.audio_file import audio_bytes
from bot.speech.opus import encode_opus
from bot.workers import WorkerDiedError
from tests.fuzz import uploads
from tests.fuzz.targets import CORPUS
from tests.fuzz.upload_inputs import CONTAINERS, upload
from tests.samples import RATE, Samples, speech_samples

CASES = 4 * len(CONTAINERS)


@pytest.mark.timeout(300)
def test_damaged_uploads_are_refused_or_decoded() -> None:
    report = uploads.run(CASES, 7, CORPUS / uploads.NAME)
    assert not report.failures
    assert report.cases >= CASES
    assert report.outcomes["AudioFileError"] > 10
    assert report.outcomes["decoded"] > 10
    assert report.outcomes["enrolled"] > 3


@pytest.mark.timeout(120)
async def test_the_wires_end_a_worker_that_opens_anything() -> None:
    """Or the test above could not fail."""
    async with open_media_worker(Settings(), decodes=False) as worker:
        for function, argument in ((os.open, "/dev/null"), (Path.read_text, Path("/dev/null"))):
            await worker.run(uploads.lay_wires)
            arguments = (argument, os.O_RDONLY) if function is os.open else (argument,)
            with pytest.raises(WorkerDiedError, match="SIGSYS"):
                await worker.run(function, *arguments)


@pytest.mark.timeout(300)
async def test_every_kind_is_enrolled_behind_the_walls() -> None:
    async with open_media_worker(Settings()) as worker:
        outcomes = {kind: await worker.run(uploads.attempt, upload(*kind)) for kind in CONTAINERS}
        assert all(wall.stands or wall.missing for wall in worker.walls)
    assert set(outcomes.values()) == {"enrolled"}, outcomes


def heard_words(samples: Samples) -> int:
    """How much pocketsphinx, which reads its model from files, hears of the words of consent."""
    from bot.consent.hearing import WARPS, Listener

    listener = Listener(samples, RATE)
    return len(listener.spotted(WARPS[1])) + len(listener.read(0, 3, WARPS[1]))


@pytest.mark.timeout(300)
async def test_all_else_that_the_worker_does_is_done_behind_the_walls() -> None:
    packets = encode_opus(np.repeat(speech_samples(1), 2))  # from 24 to 48 kHz
    async with open_media_worker(Settings(), decodes=False) as worker:
        for audio_format, start in (("wav", b"RIFF"), ("ogg", b"OggS"), ("flac", b"fLaC")):
            assert (await worker.run(audio_bytes, packets, audio_format)).startswith(start)
        assert len(await worker.run(audio_bytes, packets, "mp3")) > 1000
        ogg = await worker.run(audio_bytes, packets, "ogg")
        assert (await worker.run(traces_of, ogg, EnrolmentLimits())).packets_sha256
        assert await worker.run(heard_words, speech_samples(4)) > 0
        assert worker.walls
