"""Settings over a real database: kept, changed, logged, and noticed from another process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.commit_watch import CommitWatch
from bot.errors import UserError
from bot.settings import service as service_module
from bot.settings.guild import GuildSettings
from bot.settings.member import MemberSettings
from bot.settings.service import SettingChange, SettingsService
from loopback import wait_until
from storage import setting_values
from storage.connections import Execute
from storage.errors import VoiceNotFoundError
from storage.read_channels import ReadChannel, ReadChannels
from storage.setting_values import GuildCounts, SettingValues
from storage.voices import VoiceStore
from tests.storage import stored
from tests.storage.conftest import OTHER_GUILD, add

GUILD, ANN, MO = 10, 1, 3


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[VoiceStore]:
    async with VoiceStore.open(tmp_path) as opened:
        yield opened


@pytest.fixture
def settings(store: VoiceStore) -> SettingsService:
    return SettingsService(SettingValues.beside(store))


@pytest.fixture
def changes(settings: SettingsService) -> list[SettingChange]:
    changes: list[SettingChange] = []

    async def note(change: SettingChange) -> None:
        changes.append(change)

    settings.subscribe(note)
    return changes


async def test_a_guild_has_the_defaults_until_something_is_changed(
    settings: SettingsService,
) -> None:
    assert await settings.guild(GUILD) == GuildSettings()
    changed = await settings.change_guild(GUILD, "speed", 1.5, changed_by=MO)
    assert changed == await settings.guild(GUILD) == GuildSettings(speed=1.5)
    assert await settings.guild(OTHER_GUILD) == GuildSettings()
    assert await settings.change_guild(GUILD, "speed", None, changed_by=MO) == GuildSettings()


async def test_every_setting_is_stored_and_read_again(
    store: VoiceStore, settings: SettingsService
) -> None:
    voice = await add(store, "Anna", GUILD)
    values = {
        "announce_names": "never",
        "skip_prefix": "",
        "muted_members": (1, 2),
        "moderation_channel": 2**62,
        "default_voice": voice.id,
    }
    for key, value in values.items():
        await settings.change_guild(GUILD, key, value, changed_by=MO)
    again = SettingsService(SettingValues.beside(store))
    assert await again.guild(GUILD) == GuildSettings(**values)


async def test_changes_are_logged_with_who_and_when_and_from_what(
    settings: SettingsService,
) -> None:
    await settings.change_guild(GUILD, "speed", 1.5, changed_by=MO)
    await settings.change_guild(GUILD, "speed", 1.5, changed_by=MO)  # which is no change
    await settings.change_guild(GUILD, "speed", 1.0, changed_by=None)  # which is the default
    newest, oldest = await settings.log(GUILD)
    assert (oldest.changed_by, oldest.key, oldest.before, oldest.value) == (MO, "speed", 1, 1.5)
    assert (newest.changed_by, newest.before, newest.value) == (None, 1.5, 1)
    assert newest.changed_at is not None
    assert oldest.changed_at is not None
    assert newest.changed_at >= oldest.changed_at


async def test_the_log_of_a_guild_is_bounded(
    settings: SettingsService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setting_values, "MAX_LOG_ROWS", 3)
    await settings.change_guild(OTHER_GUILD, "speed", 2, changed_by=MO)
    for number in range(5):
        await settings.change_guild(GUILD, "max_characters", 100 + number, changed_by=MO)
    assert [change.value for change in await settings.log(GUILD)] == [104, 103, 102]
    assert len(await settings.log(OTHER_GUILD)) == 1


@pytest.mark.parametrize(("key", "value"), [("speed", 9), ("locale", "nl"), ("volume", 1)])
async def test_what_is_not_allowed_changes_nothing(
    settings: SettingsService, changes: list[SettingChange], key: str, value: object
) -> None:
    with pytest.raises(UserError):
        await settings.change_guild(GUILD, key, value, changed_by=MO)
    assert await settings.guild(GUILD) == GuildSettings()
    assert await settings.log(GUILD) == []
    assert changes == []


async def test_a_voice_of_another_server_cannot_be_the_default(
    store: VoiceStore, settings: SettingsService
) -> None:
    foreign = await add(store, "Anna", OTHER_GUILD)
    with pytest.raises(VoiceNotFoundError):
        await settings.change_guild(GUILD, "default_voice", foreign.id, changed_by=MO)
    with pytest.raises(VoiceNotFoundError):
        await settings.change_member(GUILD, ANN, "default_voice", foreign.id)
    assert (await settings.guild(GUILD)).default_voice is None
    assert await settings.log(GUILD) == []


async def test_a_deleted_voice_is_no_default_any_more(
    store: VoiceStore, settings: SettingsService
) -> None:
    voice = await add(store, "Anna", GUILD)
    await settings.change_guild(GUILD, "default_voice", voice.id, changed_by=MO)
    await settings.change_member(GUILD, ANN, "default_voice", voice.id)
    assert (await settings.member(GUILD, ANN)).default_voice == voice.id
    await store.delete(voice.id)
    await settings.take_in()
    assert (await settings.guild(GUILD)).default_voice is None
    assert await settings.member(GUILD, ANN) == MemberSettings()


async def test_a_member_has_settings_of_their_own_on_each_server(
    settings: SettingsService,
) -> None:
    changed = await settings.change_member(GUILD, ANN, "spoken_name", "Annie")
    assert changed == MemberSettings(spoken_name="Annie")
    assert await settings.member(GUILD, MO) == MemberSettings()
    assert await settings.member(OTHER_GUILD, ANN) == MemberSettings()
    assert await settings.change_member(GUILD, ANN, "spoken_name", "") == MemberSettings()


async def test_subscribers_hear_of_each_change_once_though_one_of_them_fails(
    settings: SettingsService, changes: list[SettingChange]
) -> None:
    async def fail(_change: SettingChange) -> None:
        raise RuntimeError("a fault of its own")

    end = settings.subscribe(fail)
    await settings.change_guild(GUILD, "hurry", False, changed_by=MO)
    end()
    await settings.take_in()
    await settings.change_guild(GUILD, "hurry", None, changed_by=None)
    assert changes == [
        SettingChange(GUILD, "hurry", False, MO, before=True),
        SettingChange(GUILD, "hurry", True, None, before=False),
    ]


async def test_a_change_by_another_process_applies_and_is_told_within_a_second(
    store: VoiceStore, settings: SettingsService, changes: list[SettingChange], tmp_path: Path
) -> None:
    assert await settings.guild(GUILD) == GuildSettings()
    commits = CommitWatch(store.version)
    commits.subscribe(settings.take_in)
    await settings.take_in()  # what was changed before is no news
    async with commits.running(), VoiceStore.open(tmp_path) as other:
        elsewhere = SettingsService(SettingValues.beside(other))
        await elsewhere.change_guild(GUILD, "speed", 2, changed_by=None)
        await elsewhere.change_member(GUILD, ANN, "be_read", False)
        await wait_until(lambda: len(changes) == 1, 10, "the change")
    assert changes == [SettingChange(GUILD, "speed", 2, None, before=1)]
    assert (await settings.guild(GUILD)).speed == 2
    assert not (await settings.member(GUILD, ANN)).be_read


async def test_settings_are_read_once_until_something_changes(
    settings: SettingsService, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    of_guild = SettingValues.of_guild

    async def counted(self: SettingValues, guild_id: int) -> dict[str, object]:
        reads.append(guild_id)
        return await of_guild(self, guild_id)

    monkeypatch.setattr(SettingValues, "of_guild", counted)
    monkeypatch.setattr(settings._guilds, "_most", 2)
    for guild in (1, 1, 2, 1, 3, 1):
        await settings.guild(guild)
    assert reads == [1, 2, 3]
    await settings.guild(2)  # which was read longest ago, so it was given up for 3
    assert reads == [1, 2, 3, 2]
    assert len(settings._guilds._settings) == 2 < service_module.MAX_GUILDS


async def test_what_was_read_before_a_change_is_not_kept_after_it(
    settings: SettingsService, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_guild = SettingValues.of_guild

    async def overtaken(self: SettingValues, guild_id: int) -> dict[str, object]:
        values = await of_guild(self, guild_id)
        monkeypatch.setattr(SettingValues, "of_guild", of_guild)
        await settings.change_guild(guild_id, "speed", 2, changed_by=MO)
        return values

    monkeypatch.setattr(SettingValues, "of_guild", overtaken)
    assert (await settings.guild(GUILD)).speed == 1
    assert (await settings.guild(GUILD)).speed == 2


async def test_rows_of_another_program_break_nothing(
    store: VoiceStore, settings: SettingsService, tmp_path: Path
) -> None:
    rows = {"speed": "9", "hurry": "false", "newer": '{"a": 1}', "locale": "null", "auto_join": "7"}

    async def write(execute: Execute) -> None:
        for key, value in (*rows.items(), ("read_bots", "{")):
            await execute("INSERT INTO guild_settings VALUES (?, ?, ?)", (GUILD, key, value))
        for number, values in ((8, "'newer', NULL, '1'"), (9, "'hurry', '{', 'false'")):
            await execute(
                f"INSERT INTO settings_log VALUES (?, ?, 'x', 1, {values})", (number, GUILD)
            )

    await stored.rows_of(tmp_path).change(write)
    assert await settings.guild(GUILD) == GuildSettings(hurry=False)
    [change] = await settings.log(GUILD)
    assert (change.changed_at, change.before, change.value) == (None, True, False)
    assert (await settings.change_guild(GUILD, "read_bots", True, changed_by=MO)).read_bots


async def test_guilds_are_those_with_voices_settings_or_channels_that_are_read(
    store: VoiceStore, settings: SettingsService
) -> None:
    values = SettingValues.beside(store)
    assert await values.guilds() == []
    voice = await add(store, "Anna", 5)
    await add(store, "Operator's", 0, seed=1)
    await settings.change_guild(5, "default_voice", voice.id, changed_by=None)
    await settings.change_guild(6, "speed", 2, changed_by=None)
    await ReadChannels(store.database).replace(7, (ReadChannel(7, 70, 71, ANN),))
    assert await values.guilds() == [
        GuildCounts(5, voices=1, settings=1, read_channels=0),
        GuildCounts(6, voices=0, settings=1, read_channels=0),
        GuildCounts(7, voices=0, settings=0, read_channels=1),
    ]
