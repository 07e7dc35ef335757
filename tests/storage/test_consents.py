"""The evidence of a consent is stored, kept, restored and deleted with its recording."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.errors import DamagedClipError, NameTakenError, StorageError
from storage.former import KEPT_FOR
from storage.types import Consent, NewConsent, NewVoice, ReferenceClip, VoiceProfile
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, clip_files, make_clip
from tests.storage.stored import StoredClips

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def consent(seed: int | None = 90, member_id: int = 7) -> NewConsent:
    clip = make_clip(seed, 0.3) if seed is not None else None
    return NewConsent(member_id, NOW, {"statement": f"I agree {seed}"}, clip)


async def enrolled(store: VoiceStore, name: str = "Anna", seed: int = 90) -> VoiceProfile:
    voice = NewVoice(GUILD, name, owner_id=7, level="spoken")
    return await store.add(voice, make_clip(), consent=consent(seed))


async def replaced(
    store: VoiceStore, voice: VoiceProfile, evidence: NewConsent | None, seed: int = 1
) -> VoiceProfile:
    clip = make_clip(seed)
    return await store.replace(voice.id, clip, pitch_hz=None, quality=None, consent=evidence,
                               level="live", now=NOW)  # fmt: skip


async def kept(store: VoiceStore, voice: VoiceProfile) -> list[str]:
    """The statements of the evidence that is kept with a voice."""
    return sorted(consent.record["statement"] for consent in await store.consents_of(voice.id))


def files(*clips: ReferenceClip) -> set[str]:
    return {f"{clip.sha256}.pickle.gz" for clip in clips}


async def test_a_consent_is_there_as_it_was_given(store: VoiceStore) -> None:
    voice = await enrolled(store)
    stored = await store.consent_of(voice.id, voice.clip_sha256)
    sentence = make_clip(90, 0.3)
    assert stored == Consent(
        voice.id, voice.clip_sha256, 7, NOW, sentence.sha256, {"statement": "I agree 90"}
    )
    read = await store.load_consent_clip(stored)
    assert read is not None
    assert read.sha256 == sentence.sha256


async def test_a_consent_without_a_sentence_has_no_clip(store: VoiceStore) -> None:
    voice = await store.add(NewVoice(GUILD, "Anna"), make_clip(), consent=consent(None))
    stored = await store.consent_of(voice.id, voice.clip_sha256)
    assert stored is not None
    assert stored.consent_sha256 is None
    assert await store.load_consent_clip(stored) is None


async def test_without_evidence_there_is_none(store: VoiceStore) -> None:
    voice = await store.add(NewVoice(GUILD, "Anna"), make_clip())
    assert await store.consent_of(voice.id, voice.clip_sha256) is None


async def test_deleting_a_voice_removes_evidence_and_clips(
    store: VoiceStore, directory: Path
) -> None:
    voice = await enrolled(store)
    await replaced(store, voice, consent(91))
    await store.delete(voice.id)
    assert clip_files(directory) == set()
    assert await store.database.read("SELECT * FROM consents") == []
    assert await store.database.read("SELECT * FROM unneeded_clips") == []


async def test_the_former_recording_keeps_its_evidence_until_it_is_forgotten(
    store: VoiceStore, directory: Path
) -> None:
    voice = await enrolled(store)
    await replaced(store, voice, consent(91))
    assert await kept(store, voice) == ["I agree 90", "I agree 91"]
    assert await store.forget_expired(now=NOW + KEPT_FOR) == 1
    assert await kept(store, voice) == ["I agree 91"]
    assert clip_files(directory) == files(make_clip(1), make_clip(91, 0.3))


async def test_a_restored_recording_brings_back_its_level_and_evidence(store: VoiceStore) -> None:
    voice = await enrolled(store)
    assert (await replaced(store, voice, consent(91))).level == "live"
    restored = await store.restore(voice.id, now=NOW)
    assert restored.level == "spoken"
    stored = await store.consent_of(voice.id, restored.clip_sha256)
    assert stored is not None
    assert stored.record == {"statement": "I agree 90"}
    assert await kept(store, voice) == ["I agree 90", "I agree 91"]


async def test_a_recording_before_the_former_one_takes_its_evidence_along(
    store: VoiceStore, directory: Path
) -> None:
    voice = await enrolled(store)
    await replaced(store, voice, consent(91))
    await replaced(store, voice, consent(92), seed=2)
    assert await kept(store, voice) == ["I agree 91", "I agree 92"]
    clips = (make_clip(1), make_clip(2), make_clip(91, 0.3), make_clip(92, 0.3))
    assert clip_files(directory) == files(*clips)


async def test_the_same_recording_with_another_consent_replaces_the_evidence(
    store: VoiceStore, directory: Path
) -> None:
    voice = await enrolled(store)
    await replaced(store, voice, consent(91), seed=0)
    assert await kept(store, voice) == ["I agree 91"]
    assert clip_files(directory) == files(make_clip(), make_clip(91, 0.3))


async def test_the_same_recording_without_evidence_has_none_any_more(
    store: VoiceStore, directory: Path
) -> None:
    voice = await enrolled(store)
    await replaced(store, voice, None, seed=0)
    assert await kept(store, voice) == []
    assert clip_files(directory) == files(make_clip())


async def test_a_shared_sentence_stays_as_long_as_one_voice_needs_it(
    store: VoiceStore, directory: Path
) -> None:
    anna, ben = await enrolled(store), await enrolled(store, "Ben")
    await store.delete(anna.id)
    assert clip_files(directory) == files(make_clip(), make_clip(90, 0.3))
    await store.delete(ben.id)
    assert clip_files(directory) == set()


async def test_a_name_that_is_taken_leaves_nothing_behind(
    store: VoiceStore, directory: Path
) -> None:
    await enrolled(store)
    with pytest.raises(NameTakenError):
        await enrolled(store, seed=91)
    await store.check()
    assert clip_files(directory) == files(make_clip(), make_clip(90, 0.3))


async def test_upkeep_leaves_needed_sentences_alone(store: VoiceStore) -> None:
    await enrolled(store)
    report = await store.check(verify=True)
    assert (report.swept, report.moved, report.damaged) == ((), (), ())


async def test_a_sentence_that_came_to_lost_comes_back(
    store: VoiceStore, clips: StoredClips
) -> None:
    await enrolled(store)
    [name] = files(make_clip(90, 0.3))
    clips.write(f"lost/{name}", clips.read(f"clips/{name}"))
    clips.remove(f"clips/{name}")
    assert (await store.check()).returned == (name,)


@pytest.mark.parametrize("content", [None, b"\x1f\x8bno clip"])
async def test_a_damaged_sentence_is_reported_and_the_voice_speaks(
    store: VoiceStore, clips: StoredClips, content: bytes | None
) -> None:
    voice = await enrolled(store)
    stored = await store.consent_of(voice.id, voice.clip_sha256)
    assert stored is not None
    key = f"clips/{stored.consent_sha256}.pickle.gz"
    clips.remove(key) if content is None else clips.write(key, content)
    with pytest.raises(DamagedClipError):
        await store.load_consent_clip(stored)
    report = await store.check(verify=True)
    [told] = report.damaged_evidence
    assert told.startswith("“Anna”")
    assert report.damaged == ()
    assert len((await store.check()).damaged_evidence) == (1 if content is None else 0)


@pytest.mark.parametrize("record", [b"\0", b"[1]"])
async def test_a_damaged_record_is_reported(store: VoiceStore, record: bytes) -> None:
    voice = await enrolled(store)
    await store.database.write(lambda execute: execute("UPDATE consents SET record = ?", (record,)))
    with pytest.raises(StorageError, match="damaged in the database"):
        await store.consent_of(voice.id, voice.clip_sha256)
    assert len((await store.check(verify=True)).damaged_evidence) == 1


async def test_a_sentence_that_cannot_be_written_leaves_nothing_behind(
    store: VoiceStore, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        assert clip_files(directory) == files(make_clip())  # the voice's own is there already
        raise StorageError("The disk is full.")

    monkeypatch.setattr("storage.consents.write_file", fail)
    with pytest.raises(StorageError, match="full"):
        await enrolled(store)
    assert await store.count(GUILD) == 0
    assert await store.database.read("SELECT * FROM consents") == []
    await store.check()
    assert clip_files(directory) == set()
