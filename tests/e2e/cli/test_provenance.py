"""`mynah provenance`."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.audit.events import Spoken
from bot.speech.audio_file import audio_bytes
from bot.speech.opus import encode_opus
from storage.audit import AuditStore
from storage.audit_rows import packets_hash
from storage.voices import VoiceStore
from tests.cli.conftest import SERVER, Mynah
from tests.cli.test_json import documented

MEMBER, OWNER = 1234567890, 987654321


@pytest.fixture(scope="module")
def packets() -> tuple[bytes, ...]:
    noise = np.random.default_rng(5).normal(0, 0.1, 24_000).astype(np.float32)
    return encode_opus(noise)


@pytest.fixture
def spoken(mynah: Mynah, tmp_path: Path, packets: tuple[bytes, ...]) -> Path:
    """A file that a member had made on a server."""
    event = Spoken(
        by=MEMBER, voice_id=3, owner_id=OWNER, milliseconds=520,
        packets_sha256=packets_hash(packets), way="file",
    )  # fmt: skip

    async def record() -> None:
        async with VoiceStore.open(mynah.data) as store:
            await AuditStore(store.database).append(SERVER, [event.row()])

    asyncio.run(record())
    file = tmp_path / "speech.ogg"
    file.write_bytes(audio_bytes(packets, "ogg"))
    return file


def told(mynah: Mynah, file: Path, code: int) -> dict[str, Any]:
    outcome = mynah("provenance", str(file), "--json")
    assert outcome.code == code, outcome.err
    document: dict[str, Any] = json.loads(outcome.out)
    return document


def test_what_was_made_here_is_told_with_who_spoke(mynah: Mynah, spoken: Path) -> None:
    outcome = mynah("provenance", str(spoken))
    assert outcome.code == 0
    assert outcome.out.startswith("Made here: exactly this was spoken.\n")
    for fact in (str(SERVER), str(MEMBER), str(OWNER), "0.5 s", "number 3"):
        assert fact in outcome.out


def test_it_is_told_by_the_documented_keys(mynah: Mynah, spoken: Path) -> None:
    document = told(mynah, spoken, 0)
    [utterance] = document["utterances"]
    assert set(document) | set(utterance) == documented("provenance")
    assert (document["answer"], utterance["speaker"]) == ("made here", str(MEMBER))


def test_what_was_encoded_anew_cannot_be_known(
    mynah: Mynah, spoken: Path, packets: tuple[bytes, ...]
) -> None:
    again = spoken.with_suffix(".wav")
    again.write_bytes(audio_bytes(packets, "wav"))
    document = told(mynah, again, 3)
    assert (document["answer"], document["comparable"]) == ("unknown", False)


def test_what_is_no_recording_is_bad_input(mynah: Mynah, tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_text("no sound", encoding="utf-8")
    outcome = mynah("provenance", str(file))
    assert (outcome.code, outcome.out) == (2, "")
    assert "This is not an audio file." in outcome.err
