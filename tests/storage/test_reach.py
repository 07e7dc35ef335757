"""Whose a voice is, as it is stored."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from bot.consent.access import asker_of, may_speak_as
from bot.settings.guild import GuildSettings
from bot.settings.permissions import MemberFacts, Place
from storage.access import SharingChange
from storage.errors import NotSharedError, VoiceNotFoundError
from storage.forgotten import stand_in
from storage.reach import (
    MAX_BLOCKS,
    MAX_MEMBERS,
    MAX_ROLES,
    ReachStore,
    SharingRefusedError,
    TooManyBlockedError,
)
from storage.types import OPERATOR_GUILD_ID, NewVoice, Reach, VoiceProfile
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, OTHER_GUILD, make_clip, names, set_guild_default

ANN, BEN, CLEO, MO = 1001, 1002, 1003, 1004
FRIENDS, VIP = 2001, 2002


@pytest.fixture
def reach(store: VoiceStore) -> ReachStore:
    return ReachStore.beside(store)


async def add(
    store: VoiceStore,
    name: str = "Ann",
    owner: int | None = ANN,
    reach: Reach = "owner",
    guild: int = GUILD,
) -> VoiceProfile:
    return await store.add(NewVoice(guild, name, owner_id=owner, reach=reach), make_clip())


async def trail(store: VoiceStore) -> list[str]:
    rows = await store.database.read("SELECT kind FROM audit WHERE guild_id = ?", (GUILD,))
    return [row["kind"] for row in rows]


async def test_an_owner_shares_with_members_and_roles_and_takes_them_back(
    store: VoiceStore, reach: ReachStore
) -> None:
    voice = await add(store)
    given = SharingChange("named", frozenset({BEN, CLEO}), frozenset({VIP}))
    access = await reach.share(voice.id, given, by="owner", actor=ANN)
    assert (access.reach, access.members, access.roles) == ("named", {BEN, CLEO}, {VIP})
    taken = SharingChange(remove_members=frozenset({BEN}), remove_roles=frozenset({VIP}))
    access = await reach.share(voice.id, taken, by="owner", actor=ANN)
    assert (access.reach, access.members, access.roles) == ("named", {CLEO}, set())
    assert await reach.access_of([voice.id, 999]) == {voice.id: access}
    assert access.version == voice.access_version + 2


async def test_what_changes_nothing_is_no_change(store: VoiceStore, reach: ReachStore) -> None:
    voice = await add(store)
    access = await reach.share(voice.id, SharingChange("owner"), by="owner", actor=ANN)
    assert access.version == voice.access_version
    assert await trail(store) == ["enrolled"]


@pytest.mark.parametrize(
    "widening",
    [
        SharingChange("everybody"),
        SharingChange(add_members=frozenset({CLEO})),
        SharingChange(add_roles=frozenset({VIP}), remove_members=frozenset({BEN})),
    ],
)
async def test_an_admin_never_widens(
    store: VoiceStore, reach: ReachStore, widening: SharingChange
) -> None:
    voice = await add(store)
    before = await reach.share(
        voice.id, SharingChange("named", frozenset({BEN})), by="owner", actor=ANN
    )
    with pytest.raises(SharingRefusedError, match="Only its owner"):
        await reach.share(voice.id, widening, by="admin", actor=MO)
    assert await reach.access_of([voice.id]) == {voice.id: before}


@pytest.mark.parametrize(
    "narrowing",
    [SharingChange("owner"), SharingChange(remove_members=frozenset({BEN})), SharingChange()],
)
async def test_an_admin_narrows(
    store: VoiceStore, reach: ReachStore, narrowing: SharingChange
) -> None:
    voice = await add(store)
    shared = SharingChange("named", frozenset({BEN}))
    await reach.share(voice.id, shared, by="owner", actor=ANN)
    await reach.share(voice.id, narrowing, by="admin", actor=MO)


async def test_what_nobody_owns_is_not_shared(store: VoiceStore, reach: ReachStore) -> None:
    for guild in (GUILD, OPERATOR_GUILD_ID):
        voice = await add(store, "Narrator", owner=None, reach="everybody", guild=guild)
        with pytest.raises(SharingRefusedError, match="belongs to no member"):
            await reach.share(voice.id, SharingChange("owner"), by="admin", actor="operator")


async def test_the_numbers_are_bounded(store: VoiceStore, reach: ReachStore) -> None:
    voice = await add(store)
    full = SharingChange(
        "named", frozenset(range(1, MAX_MEMBERS + 1)), frozenset(range(1, MAX_ROLES + 1))
    )
    access = await reach.share(voice.id, full, by="owner", actor=ANN)
    for more in (SharingChange(None, frozenset({CLEO})), SharingChange(add_roles=frozenset({VIP}))):
        with pytest.raises(SharingRefusedError, match="100 members and 25 roles"):
            await reach.share(voice.id, more, by="owner", actor=ANN)
    assert await reach.access_of([voice.id]) == {voice.id: access}
    for member in range(5000, 5000 + MAX_BLOCKS):
        await reach.block(GUILD, ANN, member)
    with pytest.raises(TooManyBlockedError):
        await reach.block(GUILD, ANN, BEN)
    assert not await reach.block(GUILD, ANN, 5000)  # who is blocked already takes no room


async def test_each_takes_back_their_own_pause_alone(store: VoiceStore, reach: ReachStore) -> None:
    voice = await add(store)
    assert (await reach.pause(voice.id, by="owner", actor=ANN))[1]
    assert not (await reach.pause(voice.id, by="owner", actor=ANN))[1]
    paused, _changed = await reach.pause(voice.id, by="admin", actor=MO)
    assert paused.paused
    half, changed = await reach.resume(voice.id, by="owner", actor=ANN)
    assert changed
    assert half.paused
    assert half.paused_by_owner_at is None
    assert not (await reach.resume(voice.id, by="owner", actor=ANN))[1]
    going, _changed = await reach.resume(voice.id, by="admin", actor=MO)
    assert not going.paused
    assert going.access_version == voice.access_version + 4


async def test_a_block_holds_for_all_voices_of_an_owner_on_that_server(
    store: VoiceStore, reach: ReachStore
) -> None:
    one, two = await add(store, "One"), await add(store, "Two")
    bens, away = await add(store, "Ben", BEN), await add(store, "Away", guild=OTHER_GUILD)
    ids = [one.id, two.id, bens.id, away.id]
    assert await reach.block(GUILD, ANN, CLEO)
    assert not await reach.block(GUILD, ANN, CLEO)
    access = await reach.access_of(ids)
    assert [access[each].blocked for each in ids] == [{CLEO}, {CLEO}, set(), set()]
    assert [access[each].version for each in ids] == [1, 1, 0, 0]
    assert await reach.blocks(GUILD, ANN) == [CLEO]
    assert await reach.unblock(GUILD, ANN, [CLEO, BEN]) == 1
    assert (await reach.access_of([one.id]))[one.id].version == 2


async def test_who_had_their_data_deleted_stays_blocked_until_they_are_unblocked(
    store: VoiceStore, reach: ReachStore
) -> None:
    voice = await add(store, reach="everybody")
    await reach.block(GUILD, ANN, stand_in(CLEO))
    access = (await reach.access_of([voice.id]))[voice.id]
    cleo, settings = MemberFacts(CLEO), GuildSettings()
    assert may_speak_as(cleo, access, Place(guild=GUILD), settings) is not None
    assert await reach.search(GUILD, "", 25, asker_of(cleo, settings)) == []
    assert not await reach.block(GUILD, ANN, CLEO)
    assert await reach.unblock(GUILD, ANN, [CLEO]) == 1
    assert await reach.blocks(GUILD, ANN) == []


async def test_all_of_it_is_in_the_audit_trail(store: VoiceStore, reach: ReachStore) -> None:
    voice = await add(store)
    await reach.share(voice.id, SharingChange("named", frozenset({BEN})), by="owner", actor=ANN)
    await reach.pause(voice.id, by="admin", actor=MO)
    await reach.resume(voice.id, by="admin", actor=MO)
    await reach.block(GUILD, ANN, CLEO)
    await reach.unblock(GUILD, ANN, [CLEO])
    assert sorted(await trail(store)) == [
        "blocked", "enrolled", "paused", "resumed", "shared", "unblocked",
    ]  # fmt: skip


async def test_a_voice_that_is_gone_cannot_be_changed(reach: ReachStore) -> None:
    for change in (
        reach.share(9, SharingChange("owner"), by="owner", actor=ANN),
        reach.pause(9, by="owner", actor=ANN),
        reach.resume(9, by="owner", actor=ANN),
    ):
        with pytest.raises(VoiceNotFoundError):
            await change


async def test_what_goes_with_a_voice_goes(store: VoiceStore, reach: ReachStore) -> None:
    voice = await add(store)
    shared = SharingChange("named", frozenset({BEN}), frozenset({VIP}))
    await reach.share(voice.id, shared, by="owner", actor=ANN)
    await store.delete(voice.id)
    for table in ("voice_members", "voice_roles"):
        assert await store.database.read(f"SELECT * FROM {table}") == []


async def test_only_what_is_everybodys_speaks_for_a_server(store: VoiceStore) -> None:
    private, shared = await add(store, "Private"), await add(store, "Shared", reach="everybody")
    with pytest.raises(NotSharedError, match="Private"):
        await set_guild_default(store, GUILD, private.id)
    await set_guild_default(store, GUILD, shared.id)


# Finding what may be used.


@asynccontextmanager
async def crowd(directory: Path, seed: int) -> AsyncIterator[tuple[VoiceStore, list[int]]]:
    """Open a store with voices of all kinds."""
    random = Random(seed)
    async with VoiceStore.open(directory) as store:
        reach, ids = ReachStore.beside(store), []
        for number in range(40):
            owner = random.choice([None, ANN, BEN, CLEO])
            kind: Reach = random.choice(["owner", "named", "everybody"])
            guild = random.choice([GUILD, GUILD, OPERATOR_GUILD_ID, OTHER_GUILD])
            # The operator's hide behind those of the server that have their names.
            name = f"a voice {number if guild else number + random.choice([1, 100])}"
            voice = await add(store, name, owner if guild else None, kind, guild)
            ids.append(voice.id)
            if owner is not None and guild:
                members = frozenset(random.sample([ANN, BEN, CLEO], random.randrange(3)))
                roles = frozenset(random.sample([FRIENDS, VIP], random.randrange(2)))
                change = SharingChange(None, members, roles)
                await reach.share(voice.id, change, by="owner", actor=owner)
            if random.random() < 0.2:
                await reach.pause(voice.id, by=random.choice(["owner", "admin"]), actor=None)
        for _ in range(3):
            await reach.block(GUILD, *random.sample([ANN, BEN, CLEO], 2))
        yield store, ids


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_offered_is_what_may_be_used(directory: Path, seed: int) -> None:
    async with crowd(directory, seed) as (store, ids):
        access = await ReachStore.beside(store).access_of(ids)
        own = {each.name for each in access.values() if each.guild_id == GUILD}
        for member in (
            MemberFacts(ANN),
            MemberFacts(BEN, frozenset({VIP})),
            MemberFacts(CLEO, frozenset({FRIENDS}), manages=True),
            MemberFacts(0),
        ):
            for settings in (
                GuildSettings(),
                GuildSettings(others_voices_roles=(VIP,), default_voice=ids[0]),
            ):
                expected = {
                    each.name
                    for each in access.values()
                    if may_speak_as(member, each, Place(guild=GUILD), settings) is None
                    and (each.guild_id == GUILD or each.name not in own)
                }
                asker = asker_of(member, settings)
                found = await ReachStore.beside(store).search(GUILD, "", 100, asker)
                assert set(names(found)) == expected
                by_word = await ReachStore.beside(store).search(GUILD, "voi", 100, asker)
                assert set(names(by_word)) == expected


async def test_of_a_thousand_voices_the_one_that_may_be_used_is_offered(store: VoiceStore) -> None:
    await store.database.write(
        lambda execute: execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
            " INSERT INTO voices (guild_id, name, name_key, clip_sha256, seconds, owner_id,"
            " created_at, reach) SELECT ?, 'v' || i, 'v' || i, ?, 1.0, ?, ?, 'owner' FROM n",
            (GUILD, "a" * 64, BEN, "2026-01-01T00:00:00+00:00"),
        )
    )
    last = await add(store, "zoe", ANN)
    found = await ReachStore.beside(store).search(
        GUILD, "", 25, asker_of(MemberFacts(ANN), GuildSettings())
    )
    assert [each.id for each in found] == [last.id]
