from datetime import UTC, datetime, timedelta

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
