"""What can be exported where not all can be read."""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import aclosing
from pathlib import Path

from bot.audit.events import Spoken
from bot.audit.trail import AuditTrail
from bot.privacy.export import Exporter
from bot.settings.service import SettingsService
from storage.audit import AuditStore
from storage.sealing import KeyRing
from storage.setting_values import SettingValues
from storage.types import NewConsent, NewVoice
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, make_clip
from tests.storage.test_erasure import ANN, NOW


async def exported(store: VoiceStore) -> zipfile.ZipFile:
    audit = AuditTrail.beside(store, SettingsService(SettingValues.beside(store)))
    async with aclosing(Exporter(store, audit).archives(ANN, 10_000_000)) as archives:
        [content] = [each async for each in archives]
    return zipfile.ZipFile(io.BytesIO(content))


async def enrol(store: VoiceStore) -> None:
    consent = NewConsent(ANN, NOW, {"statement": "I am Ann."}, make_clip(9))
    await store.add(NewVoice(GUILD, "Ann", owner_id=ANN), make_clip(), consent=consent)


async def test_what_is_sealed_is_exported_as_it_was(tmp_path: Path) -> None:
    async with VoiceStore.open(tmp_path, KeyRing([b"k" * 32])) as store:
        await enrol(store)
        archive = await exported(store)
    [evidence] = json.loads(archive.read("evidence.json"))
    assert evidence["record"] == {"statement": "I am Ann."}
    recordings = [name for name in archive.namelist() if name.endswith(".wav")]
    assert [archive.read(name)[:4] for name in recordings] == [b"RIFF"] * 2


async def test_what_no_key_opens_is_told_and_keeps_nothing_else_back(tmp_path: Path) -> None:
    async with VoiceStore.open(tmp_path, KeyRing([b"k" * 32])) as store:
        await enrol(store)
    async with VoiceStore.open(tmp_path, KeyRing([b"x" * 32])) as store:
        archive = await exported(store)
    [evidence] = json.loads(archive.read("evidence.json"))
    assert evidence["member_id"] == str(ANN)
    assert [voice["name"] for voice in json.loads(archive.read("voices.json"))] == ["Ann"]
    recordings = [name for name in archive.namelist() if name.endswith(".wav")]
    assert [archive.read(name) for name in recordings] == [b"", b""]


async def test_what_others_said_in_ones_voice_is_theirs(tmp_path: Path) -> None:
    async with VoiceStore.open(tmp_path) as store:
        said = [
            Spoken(by=by, voice_id=1, owner_id=ANN, milliseconds=20, packets_sha256="a" * 64,
                   way="say", text="Hello.")
            for by in (ANN, ANN + 1)
        ]  # fmt: skip
        await AuditStore(store.database).append(GUILD, [each.row() for each in said])
        archive = await exported(store)
    rows = json.loads(archive.read("audit.json"))
    assert [(row["by"], row["texts"]) for row in rows] == [
        ("you", {"text": "Hello."}),
        ("another member", {}),
    ]
