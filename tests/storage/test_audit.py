"""The audit trail: chains of rows that members can be forgotten in."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.audit import AuditStore
from storage.audit_events import Blocked, Renamed, SettingChanged, Shared, Spoken
from storage.audit_reading import AuditFilter, AuditReader
from storage.audit_rows import AuditRow, packets_hash
from storage.errors import StorageError
from storage.voices import VoiceStore

GUILD, OTHER = 4321, 99
ANNA, BEN, EVE = 1001, 1002, 1003
PACKETS = (b"\x01\x02", b"\x03")
RENAMED = Renamed(by=ANNA, voice_id=3, owner_id=ANNA, voice="Nightingale", former_name="Sparrow")
SPOKEN = Spoken(
    by=BEN, voice_id=3, owner_id=ANNA, milliseconds=40, packets_sha256=packets_hash(PACKETS),
    way="say", channel_id=77, text="Good morning.",
)  # fmt: skip
EVERYTHING = AuditFilter()


@pytest.fixture
async def voices(tmp_path: Path) -> AsyncIterator[VoiceStore]:
    async with VoiceStore.open(tmp_path) as store:
        yield store


@pytest.fixture
def trail(voices: VoiceStore) -> AuditStore:
    return AuditStore(voices.database)


@pytest.fixture
def reader(voices: VoiceStore) -> AuditReader:
    return AuditReader(voices.database)


async def newest(reader: AuditReader, guild_id: int = GUILD) -> AuditRow:
    [row] = await reader.page(guild_id, EVERYTHING, 1)
    return row


async def test_a_row_is_read_as_it_was_written(trail: AuditStore, reader: AuditReader) -> None:
    await trail.append(GUILD, [SPOKEN.row()])
    row = await newest(reader)
    assert (row.actor, row.subject, row.voice_id, row.seconds) == (BEN, ANNA, 3, 0.04)
    assert row.packets_sha256 == packets_hash(PACKETS)
    assert row.data == {"way": "say", "channel_id": 77, "end": "played"}
    assert row.texts == {"text": "Good morning."}


async def test_rows_of_each_guild_have_numbers_of_their_own(
    trail: AuditStore, reader: AuditReader
) -> None:
    await trail.append(GUILD, [RENAMED.row(), SPOKEN.row()])
    await trail.append_all({OTHER: [SPOKEN.row()], GUILD: [SPOKEN.row()]})
    assert [row.number for row in await reader.page(GUILD, EVERYTHING, 10)] == [3, 2, 1]
    assert [row.number for row in await reader.page(OTHER, EVERYTHING, 10)] == [1]


async def test_members_that_a_row_lists_are_named(trail: AuditStore, reader: AuditReader) -> None:
    shared = Shared(by=ANNA, voice_id=3, owner_id=ANNA, reach="named", added=(BEN, EVE))
    await trail.append(GUILD, [shared.row()])
    assert (await newest(reader)).members == {"added": [BEN, EVE]}
    await trail.forget_member(GUILD, EVE)
    assert (await newest(reader)).members == {"added": [BEN, "deleted"]}


@pytest.mark.parametrize(
    ("which", "numbers"),
    [
        (AuditFilter(member_id=EVE), [3]),
        (AuditFilter(member_id=ANNA), [3, 2, 1]),
        (AuditFilter(member_id=BEN), [2]),
        (AuditFilter(voice_id=3), [2, 1]),
        (AuditFilter(kind="spoken"), [2]),
        (AuditFilter(member_id=ANNA, kind="renamed"), [1]),
        (AuditFilter(member_id=5), []),
    ],
)
async def test_rows_are_filtered(
    trail: AuditStore, reader: AuditReader, which: AuditFilter, numbers: list[int]
) -> None:
    await trail.append(GUILD, [RENAMED.row(), SPOKEN.row(), Blocked(by=ANNA, member_id=EVE).row()])
    await trail.append(OTHER, [Blocked(by=ANNA, member_id=EVE).row()])
    assert [row.number for row in await reader.page(GUILD, which, 10)] == numbers
    assert await reader.count(GUILD, which) == len(numbers)


async def test_a_member_in_a_list_is_found(trail: AuditStore, reader: AuditReader) -> None:
    await trail.append(GUILD, [SettingChanged(by=ANNA, key="muted_members", added=(EVE,)).row()])
    assert len(await reader.page(GUILD, AuditFilter(member_id=EVE), 10)) == 1


async def test_all_rows_come_oldest_first_in_batches(
    trail: AuditStore, reader: AuditReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.audit_reading.BATCH", 2)
    await trail.append(GUILD, [SPOKEN.row()] * 5)
    assert [row.number async for row in reader.all_rows(GUILD)] == [1, 2, 3, 4, 5]


async def test_packets_tell_who_spoke_them(trail: AuditStore, reader: AuditReader) -> None:
    await trail.append_all({GUILD: [SPOKEN.row(), RENAMED.row()], OTHER: [SPOKEN.row()]})
    found = await reader.find(packets_hash(PACKETS))
    assert {(row.guild_id, row.actor) for row in found} == {(GUILD, BEN), (OTHER, BEN)}
    assert [row.guild_id for row in await reader.find(packets_hash(PACKETS), OTHER)] == [OTHER]
    assert await reader.find(packets_hash([b"\x01", b"\x02\x03"])) == []


async def test_what_a_voice_said_is_listed_and_counted(
    trail: AuditStore, reader: AuditReader
) -> None:
    await trail.append(GUILD, [SPOKEN.row(), RENAMED.row(), SPOKEN.row()])
    assert [row.number for row in await reader.utterances_of(GUILD, 3, 10)] == [3, 1]
    assert [row.number for row in await reader.utterances_of(GUILD, 3, 10, offset=1)] == [1]
    usage = await reader.usage_of(GUILD, 3)
    assert (usage.utterances, usage.seconds) == (2, 0.08)


async def test_forgetting_a_member_leaves_no_id_and_no_text(
    trail: AuditStore, reader: AuditReader, tmp_path: Path
) -> None:
    await trail.append(GUILD, [RENAMED.row(), SPOKEN.row()])
    assert await reader.guilds_naming(ANNA) == [GUILD]
    assert await trail.forget_member(GUILD, ANNA) == 2
    assert [row.subject for row in await reader.page(GUILD, EVERYTHING, 9)] == ["deleted"] * 2
    assert await reader.guilds_naming(ANNA) == []
    with sqlite3.connect(tmp_path / "mynah.db") as connection:
        dump = "\n".join(connection.iterdump())
    connection.close()
    assert str(ANNA) not in dump
    assert "Sparrow" not in dump
    assert "Good morning" not in dump


async def test_whoever_comes_back_is_not_who_was_forgotten(
    trail: AuditStore, reader: AuditReader
) -> None:
    await trail.append(GUILD, [SPOKEN.row()])
    await trail.forget_member(GUILD, BEN)
    await trail.append(GUILD, [SPOKEN.row()])
    assert [row.actor for row in await reader.page(GUILD, EVERYTHING, 9)] == [BEN, "deleted"]


async def test_a_member_has_another_pseudonym_on_each_server(
    trail: AuditStore, voices: VoiceStore
) -> None:
    await trail.append_all({GUILD: [SPOKEN.row()], OTHER: [SPOKEN.row()]})
    rows = await voices.database.read("SELECT DISTINCT actor FROM audit")
    assert len(rows) == 2


async def test_old_rows_go_in_batches_and_the_chain_begins_later(
    trail: AuditStore, reader: AuditReader
) -> None:
    now = datetime.now(UTC)
    await trail.append(GUILD, [Renamed(by=EVE, voice_id=4, voice="X").row()])
    await trail.append(GUILD, [SPOKEN.row()] * 3)
    later = now + timedelta(days=1)
    assert [await trail.prune(GUILD, later, limit=3) for _ in range(2)] == [3, 1]
    assert await trail.prune(GUILD, later) == 0
    await trail.append(GUILD, [SPOKEN.row()])
    assert (await newest(reader)).number == 5
    assert await reader.guilds_naming(EVE) == []
    [chain] = await trail.chains()
    assert (chain.first, chain.last) == (5, 5)


async def test_rows_that_are_young_enough_stay(trail: AuditStore, reader: AuditReader) -> None:
    await trail.append(GUILD, [SPOKEN.row()])
    assert await trail.prune(GUILD, datetime.now(UTC) - timedelta(days=7)) == 0
    assert await reader.count(GUILD, EVERYTHING) == 1


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit SET kind = 'renamed'",
        "DELETE FROM audit WHERE number = 2",
        "UPDATE audit_texts SET text = 'x'",
        "INSERT INTO audit SELECT guild_id, 9, at, kind, actor, subject, voice_id, milliseconds, "
        "packets_sha256, data, hash FROM audit LIMIT 1",
    ],
)
async def test_the_database_refuses_to_change_rows(
    trail: AuditStore, voices: VoiceStore, sql: str
) -> None:
    await trail.append(GUILD, [SPOKEN.row(), SPOKEN.row()])
    with pytest.raises(StorageError, match="only appended to"):
        await voices.database.write(lambda execute: execute(sql))


async def test_the_database_refuses_to_replace_rows(trail: AuditStore, voices: VoiceStore) -> None:
    await trail.append(GUILD, [SPOKEN.row(), SPOKEN.row()])
    sql = "REPLACE INTO audit SELECT * FROM audit WHERE number = 1"
    with pytest.raises(StorageError, match="only appended to"):
        await voices.database.write(lambda execute: execute(sql))


async def test_a_guild_can_go_as_a_whole(
    trail: AuditStore, reader: AuditReader, voices: VoiceStore
) -> None:
    await trail.append_all({GUILD: [SPOKEN.row(), RENAMED.row()], OTHER: [SPOKEN.row()]})
    assert await trail.delete_guild(GUILD) == 2
    for table in ("audit", "audit_chains", "audit_members", "audit_texts"):
        rows = await voices.database.read(f"SELECT DISTINCT guild_id FROM {table}")
        assert [row[0] for row in rows] == [OTHER]
    await trail.append(GUILD, [SPOKEN.row()])
    assert (await newest(reader)).number == 1
