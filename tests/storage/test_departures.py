from datetime import UTC, datetime, timedelta

import pytest

from storage.audit import AuditStore
from storage.audit_events import Exported
from storage.connections import Execute
from storage.departures import THE_BOT, Departure, Departures
from storage.setting_values import SettingValues
from storage.types import NewVoice
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, OTHER_GUILD, add, make_clip

NOW = datetime(2026, 5, 1, tzinfo=UTC)
ANN, BEN = 111_000_000_000_000_001, 111_000_000_000_000_002


async def test_a_departure_keeps_the_time_at_which_it_was_first_noticed(store: VoiceStore) -> None:
    departures = Departures(store.database)
    assert await departures.note(GUILD, ANN, NOW) == NOW
    assert await departures.note(GUILD, ANN, NOW + timedelta(days=1)) == NOW


async def test_coming_back_cancels_it(store: VoiceStore) -> None:
    departures = Departures(store.database)
    await departures.note(GUILD, ANN, NOW)
    assert await departures.cancel(GUILD, ANN)
    assert not await departures.cancel(GUILD, ANN)
    assert await departures.before(NOW + timedelta(days=99)) == []


async def test_only_those_who_left_long_enough_ago_are_due_the_first_first(
    store: VoiceStore,
) -> None:
    departures = Departures(store.database)
    await departures.note(GUILD, BEN, NOW + timedelta(hours=2))
    await departures.note(GUILD, ANN, NOW + timedelta(hours=1))
    await departures.note(OTHER_GUILD, THE_BOT, NOW)
    due = await departures.before(NOW + timedelta(hours=1))
    assert due == [
        Departure(OTHER_GUILD, THE_BOT, NOW),
        Departure(GUILD, ANN, NOW + timedelta(hours=1)),
    ]
    assert await departures.of_the_bot() == [Departure(OTHER_GUILD, THE_BOT, NOW)]


async def test_guilds_with_data_are_found_without_those_the_bot_is_in(store: VoiceStore) -> None:
    await add(store, "Ann", GUILD)
    await add(store, "Ben", OTHER_GUILD, seed=1)
    await add(store, "Operator", 0, seed=2)
    assert await Departures(store.database).guilds_without({GUILD}) == [OTHER_GUILD]


async def test_members_with_data_are_found_page_by_page(store: VoiceStore) -> None:
    for seed, owner in enumerate((ANN, ANN)):
        await store.add(NewVoice(GUILD, f"voice {seed}", owner_id=owner), make_clip(seed))
    await SettingValues.beside(store).set_for_member(GUILD, BEN, "greeting", "hello")
    departures = Departures(store.database)
    assert await departures.members(GUILD, 0, 1) == [ANN]
    assert await departures.members(GUILD, ANN, 5) == [BEN]
    assert await departures.members(OTHER_GUILD, 0, 5) == []


async def test_members_are_found_who_are_named_in_the_audit_trail_alone(store: VoiceStore) -> None:
    trail = AuditStore(store.database)
    await trail.append(GUILD, [Exported(by=BEN, what="audit").row()])
    departures = Departures(store.database)
    assert await departures.members(GUILD, 0, 5) == [BEN]
    await trail.forget_member(GUILD, BEN)
    assert await departures.members(GUILD, 0, 5) == []


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        (f"UPDATE voices SET consented_by = ?, consented_at = '{NOW.isoformat()}'", [BEN]),
        ("UPDATE voices SET former_consented_by = ?", [BEN]),
        ("INSERT INTO voice_members VALUES (1, ?)", [BEN]),
        (f"INSERT INTO read_channels VALUES ({GUILD}, 7, 8, ?)", [BEN]),
        (f"INSERT INTO voice_blocks VALUES ({GUILD}, {ANN}, ?)", []),  # stays, to protect Ann
    ],
)
async def test_members_are_found_wherever_they_are_named(
    store: VoiceStore, sql: str, found: list[int]
) -> None:
    await store.add(NewVoice(GUILD, "voice", owner_id=ANN), make_clip())

    async def name(execute: Execute) -> None:
        await execute(sql, (BEN,))

    await store.database.write(name)
    departures = Departures(store.database)
    assert await departures.members(GUILD, ANN, 5) == found
    assert await departures.members(OTHER_GUILD, ANN, 5) == []
