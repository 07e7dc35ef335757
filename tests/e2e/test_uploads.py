"""Damaged uploads through the confined media worker, a few; `make fuzz` tries many."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.app import open_media_worker
from bot.config import Settings
from bot.workers import WorkerDiedError
from tests.fuzz import uploads
from tests.fuzz.targets import CORPUS
from tests.fuzz.upload_inputs import CONTAINERS, upload

CASES = 4 * len(CONTAINERS)


@pytest.mark.timeout(300)
def test_damaged_uploads_are_refused_or_enrolled() -> None:
    report = uploads.run(CASES, 7, CORPUS / uploads.NAME)
    assert not report.failures
    assert report.cases >= CASES
    assert report.outcomes["AudioFileError"] > 10
    assert report.outcomes["enrolled"] > 10


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
