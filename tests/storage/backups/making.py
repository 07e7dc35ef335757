"""Backups made and restored without the command line, for tests."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from storage.backups.capture import captured
from storage.backups.envelope import EnvelopeWriter
from storage.backups.restoring import BackupReader, Restored
from storage.sealing import NO_KEYS, KeyRing
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, make_clip


def backup_of(directory: Path, keys: KeyRing | None = None) -> bytes:
    sink = io.BytesIO()
    with captured(directory, "1.0") as moment:
        if keys is None:
            moment.write(sink.write, nothing)
        else:
            envelope = EnvelopeWriter(sink, keys)
            moment.write(envelope.write, nothing)
            envelope.finish()
    return sink.getvalue()


def nothing(_count: int) -> None:
    pass


def restore(
    content: bytes, directory: Path, keys: KeyRing = NO_KEYS, *, replace: bool = False
) -> Restored:
    reader = BackupReader(io.BytesIO(content), keys)
    return reader.restore(directory, nothing, replace=replace)


async def speaks(directory: Path, name: str, seed: int = 0) -> None:
    async with VoiceStore.open(directory) as store:
        clip = await store.load_clip(await store.find(GUILD, name))
        np.testing.assert_array_equal(clip.samples, make_clip(seed).samples)


def names_of(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}
