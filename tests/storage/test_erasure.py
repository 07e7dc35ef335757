"""What is erased is gone: from every table, every file, and every byte of the data directory."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import struct
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.departures import Departures
from storage.dictionary import DictionaryStore, Entry, Owner
from storage.erasure import Erased, Eraser
from storage.errors import StorageError, VoiceNotFoundError
from storage.forgotten import FORGOTTEN, stand_in
from storage.read_channels import ReadChannel, ReadChannels
from storage.setting_values import DEFAULT_VOICE, SettingValues
from storage.types import NewConsent, NewVoice, VoiceProfile
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, OTHER_GUILD, clip_files, make_clip
from tests.storage.stored import StoredClips

NOW = datetime(2026, 5, 1, tzinfo=UTC)
ANN, BEN, MO = (1_101_202_303_404_505_000 + number for number in range(3))


async def enrol(
    store: VoiceStore, name: str, owner: int, seed: int, guild_id: int = GUILD
) -> VoiceProfile:
    new = NewVoice(
        guild_id, name, owner_id=owner, consented_by=owner, consented_at=NOW, level="live"
    )
    consent = NewConsent(owner, NOW, {"statement": f"I am {owner}"}, make_clip(seed + 500))
    return await store.add(new, make_clip(seed), consent=consent)


async def replace(store: VoiceStore, voice: VoiceProfile, by: int, seed: int) -> VoiceProfile:
    return await store.replace(
        voice.id, make_clip(seed), pitch_hz=None, quality=None, consented_by=by, consented_at=NOW,
        level="declared", consent=NewConsent(by, NOW, {"by": str(by)}, make_clip(seed + 500)),
    )  # fmt: skip


async def live(store: VoiceStore, user_id: int, seed: int) -> list[str]:
    """Have a member leave traces everywhere; return the hashes of their clips."""
    database, values = store.database, SettingValues.beside(store)
    voice = await enrol(store, f"voice {seed}", user_id, seed)
    voice = await replace(store, voice, user_id, seed + 1)
    elsewhere = await enrol(store, f"voice {seed}", user_id, seed + 2, OTHER_GUILD)
    for guild_id, chosen in ((GUILD, voice), (OTHER_GUILD, elsewhere)):
        await values.set_for_member(guild_id, user_id, DEFAULT_VOICE, chosen.id)
        await values.set_for_member(guild_id, user_id, "greeting", f"hello {seed}")
        await values.set_for_guild(guild_id, "max_characters", 200 + seed, changed_by=user_id)
        await values.set_for_guild(guild_id, "blocked_members", [user_id, MO], changed_by=MO)
        entries = DictionaryStore(database)
        await entries.put(Owner(guild_id, user_id), [Entry(f"own {seed}", "mine")], user_id)
        await entries.put(Owner(guild_id), [Entry(f"shared {seed}", "ours")], user_id)
    channel = ReadChannel(GUILD, 7, 8, user_id)
    await ReadChannels.beside(store).replace(GUILD, (channel,))
    await Departures(database).note(OTHER_GUILD, user_id, NOW)
    former = make_clip(seed).sha256
    hashes = [former, voice.clip_sha256, elsewhere.clip_sha256]
    return [*hashes, *(make_clip(seed + 500 + number).sha256 for number in range(3))]


async def block_and_share(store: VoiceStore, user_id: int, other: VoiceProfile) -> None:
    async def work(execute: object) -> None:
        blocks = [(GUILD, user_id, MO), (GUILD, MO, user_id)]
        for row in blocks:
            await execute("INSERT INTO voice_blocks VALUES (?, ?, ?)", row)  # type: ignore[operator]
        await execute("INSERT INTO voice_members VALUES (?, ?)", (other.id, user_id))  # type: ignore[operator]

    await store.database.write(work)


def spellings(user_id: int, hashes: Iterable[str]) -> list[bytes]:
    return [
        str(user_id).encode(), struct.pack(">q", user_id), struct.pack("<q", user_id),
        *(sha256.encode() for sha256 in hashes), *(bytes.fromhex(sha256) for sha256 in hashes),
    ]  # fmt: skip


def found_in(directory: Path, needles: Iterable[bytes]) -> list[tuple[str, bytes]]:
    """Search names and bytes of all files below a directory."""
    files = [path for path in directory.rglob("*") if path.is_file()]
    assert files
    contents = {str(path): str(path).encode() + path.read_bytes() for path in files}
    return [(name, n) for n in needles for name, content in contents.items() if n in content]


async def test_nothing_of_a_member_can_be_found_in_the_bytes_of_the_directory(
    store: VoiceStore, directory: Path
) -> None:
    mo = await enrol(store, "Mo", MO, 100)
    hashes = await live(store, ANN, 1)
    await block_and_share(store, ANN, mo)
    assert {name for name, _ in found_in(directory, spellings(ANN, hashes))}
    await Eraser.beside(store).erase_member(ANN)
    assert found_in(directory, spellings(ANN, hashes)) == []
    assert found_in(directory, [struct.pack(">q", MO)])  # the search does find what is there


async def test_what_is_surveyed_is_what_goes(store: VoiceStore) -> None:
    mo = await enrol(store, "Mo", MO, 100)
    await live(store, ANN, 1)
    await block_and_share(store, ANN, mo)
    eraser = Eraser.beside(store)
    survey = await eraser.survey_member(ANN)
    assert survey == Erased(
        voices=2, recordings=3, evidence=3, settings=2, entries=2, defaults=2, shares=1, blocks=1,
        audit=survey.audit, nameless=survey.nameless,
    )  # fmt: skip
    assert survey.nameless == 2 + 2 + 1 + 1 + 2 + 2  # log, entries, channel, block, lists
    assert survey.audit == 12  # the row that tells of it among them
    assert await eraser.survey_member(ANN) == survey
    assert await eraser.erase_member(ANN) == survey
    assert (await eraser.survey_member(ANN)).nothing


async def test_others_keep_what_is_theirs(store: VoiceStore, directory: Path) -> None:
    before = set(await live(store, BEN, 50))
    await live(store, ANN, 1)
    await Eraser.beside(store).erase_member(ANN)
    assert {name.partition(".")[0] for name in clip_files(directory)} == before
    assert (await Eraser.beside(store).survey_member(BEN)).voices == 2


async def test_what_was_done_for_others_stays_without_the_name(store: VoiceStore) -> None:
    await live(store, ANN, 1)
    await Eraser.beside(store).erase_member(ANN)
    changes = await SettingValues.beside(store).changes_of(GUILD)
    assert {change.changed_by for change in changes} == {MO, FORGOTTEN}
    assert [each.started_by for each in await ReadChannels.beside(store).all()] == [FORGOTTEN]
    assert await DictionaryStore(store.database).entries(Owner(GUILD)) == [
        Entry("shared 1", "ours")
    ]


async def test_who_was_blocked_stays_blocked(store: VoiceStore) -> None:
    mo = await enrol(store, "Mo", MO, 100)
    await live(store, ANN, 1)
    await block_and_share(store, ANN, mo)
    for _again in range(2):  # they come back, are blocked again, and go again
        await Eraser.beside(store).erase_member(ANN)
        rows = await store.database.read("SELECT owner_id, blocked_id FROM voice_blocks")
        assert [tuple(row) for row in rows] == [(MO, stand_in(ANN))]
        values = await SettingValues.beside(store).of_guild(GUILD)
        assert values["blocked_members"] == [stand_in(ANN), MO]
        await block_and_share(store, ANN, mo)
        await store.database.write(lambda execute: execute("DELETE FROM voice_members"))


async def test_a_voice_that_named_them_counts_a_change_of_its_reach(store: VoiceStore) -> None:
    mo = await enrol(store, "Mo", MO, 100)
    await block_and_share(store, ANN, mo)
    await Eraser.beside(store).erase_member(ANN)
    assert (await store.get(mo.id)).access_version == mo.access_version + 1


async def test_in_one_guild_only_what_is_there_goes(store: VoiceStore) -> None:
    await live(store, ANN, 1)
    erased = await Eraser.beside(store).erase_member(ANN, GUILD)
    assert (erased.voices, erased.recordings, erased.settings) == (1, 2, 1)
    left = await Eraser.beside(store).survey_member(ANN)
    assert (left.voices, left.settings, left.entries) == (1, 1, 1)
    assert (await SettingValues.beside(store).of_guild(OTHER_GUILD))["blocked_members"][0] == ANN


async def test_a_recording_that_they_agreed_to_goes_from_anothers_voice(
    store: VoiceStore, directory: Path
) -> None:
    voice = await enrol(store, "Ben", BEN, 1)
    replaced = await replace(store, voice, ANN, 2)
    await Eraser.beside(store).erase_member(ANN)
    now = await store.get(voice.id)
    assert (now.clip_sha256, now.consented_by, now.level) == (voice.clip_sha256, BEN, "live")
    assert now.former_until is None
    assert f"{replaced.clip_sha256}.pickle.gz" not in clip_files(directory)
    assert len(await store.consents_of(voice.id)) == 1


async def test_a_former_recording_that_they_agreed_to_goes(
    store: VoiceStore, directory: Path
) -> None:
    voice = await replace(store, await enrol(store, "Ann's", ANN, 1), BEN, 2)
    await store.database.write(lambda execute: execute("UPDATE voices SET owner_id = ?", (BEN,)))
    await Eraser.beside(store).erase_member(ANN)
    now = await store.get(voice.id)
    assert (now.clip_sha256, now.former_until) == (voice.clip_sha256, None)
    assert len(clip_files(directory)) == 2  # the recording and its consent


async def test_a_voice_whose_only_recording_they_agreed_to_goes(store: VoiceStore) -> None:
    voice = await store.add(
        NewVoice(GUILD, "Ben", owner_id=BEN, consented_by=ANN, consented_at=NOW), make_clip(1)
    )
    assert (await Eraser.beside(store).erase_member(ANN)).voices == 1
    with pytest.raises(VoiceNotFoundError):
        await store.get(voice.id)


async def test_a_clip_that_anothers_voice_shares_stays(store: VoiceStore, directory: Path) -> None:
    await enrol(store, "Ann", ANN, 1)
    shared = await store.add(NewVoice(GUILD, "Ben", owner_id=BEN), make_clip(1))
    await Eraser.beside(store).erase_member(ANN)
    assert (await store.load_clip(shared)).sha256 == shared.clip_sha256


async def test_of_a_guild_all_goes_and_of_others_nothing(
    store: VoiceStore, directory: Path
) -> None:
    await live(store, ANN, 1)
    kept = await store.add(NewVoice(0, "Operator"), make_clip(9))
    survey = await Eraser.beside(store).survey_guild(GUILD)
    assert await Eraser.beside(store).erase_guild(GUILD) == survey
    assert (survey.voices, survey.recordings, survey.evidence) == (1, 2, 2)
    assert found_in(directory, [struct.pack(">q", GUILD), str(GUILD).encode()]) == []
    assert await store.guild_ids() == [0, OTHER_GUILD]
    assert (await store.load_clip(kept)).sha256 == kept.clip_sha256


async def test_after_erasing_everything_the_directory_is_empty_and_works(
    store: VoiceStore, directory: Path, clips: StoredClips
) -> None:
    hashes = await live(store, ANN, 1)
    clips.write(f"lost/{'a' * 64}.pickle.gz", b"x")
    await Eraser.beside(store).erase_all()
    assert found_in(directory, spellings(ANN, [*hashes, "a" * 64])) == []
    assert (clips.names(), clips.names("lost")) == ([], [])
    assert (await Eraser.beside(store).survey_all()).nothing
    await enrol(store, "Ann", ANN, 1)


async def test_each_erasure_is_counted_for_the_processes_beside(
    store: VoiceStore, directory: Path
) -> None:
    async with VoiceStore.open(directory) as beside:
        before = await Eraser.beside(beside).number()
        await Eraser.beside(store).erase_member(ANN)
        assert await Eraser.beside(beside).number() == before + 1


async def test_a_file_that_cannot_be_removed_is_told(
    store: VoiceStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    voice = await enrol(store, "Ann", ANN, 1)

    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refuse)
        assert (await Eraser.beside(store).erase_member(ANN)).left == 2
    assert voice.clip_sha256 not in caplog.text
    assert "cannot be removed" in caplog.text
    assert len((await store.check()).swept) == 2


async def test_lists_that_are_not_of_members_stay(store: VoiceStore) -> None:
    values = SettingValues.beside(store)
    await values.set_for_guild(GUILD, "text_channels", [ANN + 10], changed_by=MO)
    await values.set_for_guild(GUILD, "locale", json.loads('"de"'), changed_by=MO)
    assert (await Eraser.beside(store).erase_member(ANN)).nameless == 0


async def test_while_another_program_reads_it_is_not_finished_and_then_it_is(
    store: VoiceStore, directory: Path
) -> None:
    await store.database._writer.execute_fetchall("PRAGMA busy_timeout = 10")
    hashes = await live(store, ANN, 1)
    eraser = Eraser.beside(store)
    with contextlib.closing(sqlite3.connect(directory / "mynah.db")) as reading:
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM voices").fetchone()
        with pytest.raises(StorageError, match="another program reads"):
            await eraser.erase_member(ANN)
    assert (await eraser.survey_member(ANN)).nothing
    await Eraser.beside(store).finish()  # another one, as after a restart
    assert found_in(directory, spellings(ANN, hashes)) == []


async def test_who_knows_the_changes_before_an_erasure_finds_those_after_it(
    store: VoiceStore,
) -> None:
    values = SettingValues.beside(store)
    await values.set_for_guild(GUILD, "locale", "de", changed_by=MO)
    known = await values.newest_change()
    await Eraser.beside(store).erase_all()
    await values.set_for_guild(OTHER_GUILD, "locale", "fr", changed_by=MO)
    assert [change.guild_id for change in await values.changes_after(known)] == [OTHER_GUILD]
