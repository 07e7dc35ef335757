"""Which names can be taken for others, and what is done about it."""

from __future__ import annotations

import pytest

from storage.errors import NameTakenError
from storage.skeletons import lookalike
from storage.types import OPERATOR_GUILD_ID, NewVoice
from storage.voices import VoiceStore
from tests.storage.conftest import GUILD, make_clip


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Тауlor", "Taylor"),
        ("Robin 1", "Robin l"),
        ("Ian", "lan"),
        ("ANNA0", "annao"),
        ("Arnold", "Amold"),
        ("Ꭺnna", "Anna"),
        ("ВОВ", "BOB"),
        ("Νina", "Nina"),
        ("Mo-Li", "Mo‐Li"),
        ("J0hn", "JOHN"),
    ],
)
def test_a_name_that_can_be_taken_for_another(name: str, other: str) -> None:
    assert lookalike(name, ["Somebody", other]) == other
    assert lookalike(other, [name]) == name


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Robin 1", "Robin 2"),
        ("José", "Jose"),
        ("Anna", "Anne"),
        ("Anna B", "AnnaB"),
        ("Максим", "Maksim"),
        ("日本", "日木"),
        ("Ärger", "Arger"),
        ("⭐", "🌟"),
    ],
)
def test_a_name_that_only_resembles_another(name: str, other: str) -> None:
    assert lookalike(name, [other]) is None


async def add(store: VoiceStore, name: str, guild_id: int = GUILD) -> int:
    voice = NewVoice(guild_id=guild_id, name=name)
    return (await store.add(voice, make_clip(hash(name) % 2**31))).id


@pytest.mark.parametrize("guild_id", [GUILD, OPERATOR_GUILD_ID], ids=["the guild", "operator"])
async def test_a_new_name_that_looks_like_anothers_is_refused(
    store: VoiceStore, guild_id: int
) -> None:
    await add(store, "Taylor", guild_id)
    with pytest.raises(NameTakenError, match="looks like “Taylor”, which is here already"):
        await add(store, "Тауlor")
    assert await store.count(GUILD) == (guild_id == GUILD)


async def test_a_voice_is_not_renamed_to_look_like_another(store: VoiceStore) -> None:
    await add(store, "Taylor")
    other = await add(store, "Robin")
    with pytest.raises(NameTakenError, match="“Taylor”"):
        await store.rename(other, "Тауlor")
    assert (await store.get(other)).name == "Robin"


async def test_a_voice_may_look_like_its_own_name(store: VoiceStore) -> None:
    voice = await add(store, "Robin 1")
    assert (await store.rename(voice, "Robin l")).name == "Robin l"


async def test_other_servers_have_their_own_names(store: VoiceStore) -> None:
    await add(store, "Taylor", GUILD + 1)
    await add(store, "Тауlor")


async def test_the_same_name_as_an_operators_may_be_had(store: VoiceStore) -> None:
    await add(store, "Taylor", OPERATOR_GUILD_ID)
    assert (await store.get(await add(store, "taylor"))).name == "taylor"
