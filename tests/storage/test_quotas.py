"""Limits of members and guilds: where they end, and that they hold in the transaction."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.audit import AuditStore
from storage.audit_events import Spoken
from storage.quotas import EnrolmentQuotas, Limited, Quota, QuotaReachedError
from storage.types import NewVoice, VoiceProfile
from storage.usage import UploadQuotas, UsageStore, forget_uploads
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, make_clip
from tests.storage.stored import StoredClips, key_of

ANN, BEN = 111_000_000_000_000_001, 111_000_000_000_000_002
MANY = Quota(1000, 1000)
BYTES = Quota(2**40, 2**40)


def quotas(**given: Quota) -> EnrolmentQuotas:
    return EnrolmentQuotas(**{"voices": MANY, "stored": BYTES, "enrolments": MANY, **given})


async def enrol(
    store: VoiceStore, name: str, member: int | None, most: EnrolmentQuotas, guild: int = GUILD
) -> VoiceProfile:
    voice = NewVoice(
        guild_id=guild, name=name, owner_id=member, consented_by=member,
        consented_at=datetime.now(UTC) if member else None,
    )  # fmt: skip
    return await store.add(voice, make_clip(len(name)), quotas=most)


async def replace(
    store: VoiceStore, voice: VoiceProfile, member: int, most: EnrolmentQuotas
) -> None:
    await store.replace(
        voice.id, make_clip(9), pitch_hz=None, quality=None, consented_by=member,
        consented_at=datetime.now(UTC), quotas=most,
    )  # fmt: skip


async def test_a_member_has_no_more_voices_than_they_may(store: VoiceStore) -> None:
    most = quotas(voices=Quota(2, 1000))
    for name in ("One", "Two"):
        await enrol(store, name, ANN, most)
    with pytest.raises(QuotaReachedError) as reached:
        await enrol(store, "Three", ANN, most)
    error = reached.value
    assert (error.what, error.used, error.limit, error.by_member, error.again) == (
        Limited.VOICES, 2, 2, True, None
    )  # fmt: skip
    await enrol(store, "Bens", BEN, most)
    assert await store.count(GUILD) == 3


async def test_a_guild_has_no_more_voices_than_it_may(store: VoiceStore) -> None:
    most = quotas(voices=Quota(10, 2))
    await enrol(store, "One", ANN, most)
    await enrol(store, "Two", None, most)
    for member in (BEN, None):
        with pytest.raises(QuotaReachedError) as reached:
            await enrol(store, "Three", member, most)
        assert not reached.value.by_member
    await enrol(store, "Elsewhere", BEN, most, GUILD + 1)


async def test_of_two_at_once_one_is_stored(store: VoiceStore) -> None:
    most = quotas(voices=Quota(1, 1000))
    results = await asyncio.gather(
        *(enrol(store, f"Voice {name}", ANN, most) for name in "abcde"), return_exceptions=True
    )
    refused = [each for each in results if isinstance(each, QuotaReachedError)]
    assert (len(refused), await store.count(GUILD)) == (4, 1)


@pytest.mark.parametrize(
    ("most", "by_member"), [(Quota(2, 1000), True), (Quota(1000, 2), False)], ids=["own", "all"]
)
async def test_a_day_has_so_many_enrolments_deleted_and_replaced_ones_included(
    store: VoiceStore, most: Quota, by_member: bool
) -> None:
    limits = quotas(enrolments=most)
    await store.delete((await enrol(store, "One", ANN, limits)).id)
    voice = await enrol(store, "Two", ANN, limits)
    before = datetime.now(UTC)
    for attempt in (enrol(store, "Three", ANN, limits), replace(store, voice, ANN, limits)):
        with pytest.raises(QuotaReachedError) as reached:
            await attempt
        again = reached.value.again
        assert reached.value.by_member is by_member
        assert again is not None
        assert timedelta(hours=23, minutes=59) < again - before <= timedelta(days=1)
    await enrol(store, "Elsewhere", ANN, limits, GUILD + 1)


async def test_what_was_done_counts_after_a_restart(store: VoiceStore, directory: Path) -> None:
    limits = quotas(enrolments=Quota(1, 1000))
    await enrol(store, "One", ANN, limits)
    async with VoiceStore.open(directory) as again:
        with pytest.raises(QuotaReachedError):
            await enrol(again, "Two", ANN, limits)


async def test_recordings_take_no_more_bytes_than_they_may(
    store: VoiceStore, clips: StoredClips
) -> None:
    voice = await enrol(store, "One", ANN, quotas())
    size = len(clips.read(key_of(voice)))
    limits = quotas(stored=Quota(size + 10, 2**40))
    with pytest.raises(QuotaReachedError) as reached:
        await replace(store, voice, ANN, limits)
    assert (reached.value.what, reached.value.used) == (Limited.STORED, size)
    assert (await store.get(voice.id)).clip_sha256 == voice.clip_sha256
    await enrol(store, "Bens", BEN, limits)


async def test_uploads_of_a_day_are_counted_in_number_and_bytes(store: VoiceStore) -> None:
    times = [datetime(2026, 5, 1, tzinfo=UTC)]
    usage = UsageStore(store.database, lambda: times[-1])
    most = UploadQuotas(Quota(3, 1000), Quota(100, 150))
    await usage.take_upload(GUILD, ANN, 60, most)
    times.append(times[0] + timedelta(hours=1))
    await usage.take_upload(GUILD, ANN, 30, most)
    with pytest.raises(QuotaReachedError) as reached:
        await usage.take_upload(GUILD, ANN, 20, most)
    assert (reached.value.what, reached.value.used, reached.value.more) == (Limited.UPLOADS, 90, 20)
    assert reached.value.again == times[0] + timedelta(days=1)
    with pytest.raises(QuotaReachedError) as of_all:
        await usage.take_upload(GUILD, BEN, 70, most)
    assert not of_all.value.by_member
    with pytest.raises(QuotaReachedError) as too_large:
        await usage.take_upload(GUILD, BEN, 200, most)
    assert too_large.value.again is None
    await usage.take_upload(GUILD, ANN, 0, most)
    with pytest.raises(QuotaReachedError) as too_many:
        await usage.take_upload(GUILD, ANN, 0, most)
    assert too_many.value.what is Limited.RECORDINGS
    times.append(times[0] + timedelta(days=1, minutes=1))
    await usage.take_upload(GUILD, ANN, 60, most)
    await forget_uploads(store.database, times[-1] + timedelta(days=2))
    assert await store.database.read("SELECT * FROM uploads") == []


async def test_speech_of_a_day_is_that_of_the_trail(store: VoiceStore) -> None:
    present = datetime(2026, 5, 2, tzinfo=UTC)
    audit, usage = AuditStore(store.database), UsageStore(store.database, lambda: present)

    def spoken(by: int | None, milliseconds: int, hours_ago: float) -> Spoken:
        return Spoken(
            by=by, voice_id=1, milliseconds=milliseconds, packets_sha256="0" * 64, way="read",
            at=present - timedelta(hours=hours_ago),
        )  # fmt: skip

    said = [spoken(ANN, 7, 30), spoken(ANN, 500, 20), spoken(BEN, 40, 3), spoken(ANN, 600, 2)]
    await audit.append(GUILD, [each.row() for each in (*said, spoken(None, 3, 1))])
    assert await usage.spoken(GUILD) == {ANN: 1100, BEN: 40, None: 3}
    await usage.require_speech(GUILD, ANN, 1200)
    with pytest.raises(QuotaReachedError) as reached:
        await usage.require_speech(GUILD, ANN, 1100)
    assert reached.value.again == present + timedelta(hours=4)
    with pytest.raises(QuotaReachedError) as of_all:
        await usage.require_speech(GUILD, None, 1000)
    assert of_all.value.used == 1143
    assert not of_all.value.by_member


async def test_what_a_wrong_clock_put_into_the_far_future_counts_no_more(store: VoiceStore) -> None:
    """A year ahead for a moment, then right again: nobody waits for a year."""
    present = datetime.now(UTC)
    times = [present + timedelta(days=365)]
    audit, usage = AuditStore(store.database), UsageStore(store.database, lambda: times[-1])
    uploads = UploadQuotas(Quota(1, 1), BYTES)
    await usage.take_upload(GUILD, ANN, 1, uploads)
    said = Spoken(
        by=ANN, voice_id=1, milliseconds=500, packets_sha256="0" * 64, way="read", at=times[0]
    )
    made = dataclasses.replace(said.row(), kind="enrolled", milliseconds=None, packets_sha256=None)
    await audit.append(GUILD, [said.row(), made])
    times.append(present)
    await usage.take_upload(GUILD, ANN, 1, uploads)
    assert await usage.spoken(GUILD) == {}
    await usage.require_speech(GUILD, ANN, 100)
    await usage.require_speech(GUILD, None, 100)
    await enrol(store, "Late", ANN, quotas(enrolments=Quota(1, 1)))


async def test_a_clock_that_is_put_back_an_hour_gives_no_second_day(store: VoiceStore) -> None:
    times = [datetime.now(UTC)]
    usage = UsageStore(store.database, lambda: times[-1])
    uploads = UploadQuotas(Quota(1, 100), Quota(1000, 1000))
    await usage.take_upload(GUILD, ANN, 1, uploads)
    times.append(times[0] - timedelta(hours=1))
    with pytest.raises(QuotaReachedError):
        await usage.take_upload(GUILD, ANN, 1, uploads)
