"""In whose voice a member is read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bot.clip_need import ClipNeed
from bot.reading.facts import voices_for
from bot.reading.speaker import Speakers, ranked
from bot.settings.guild import GuildSettings
from storage.access import VoiceAccess
from storage.settings import SettingsStore
from storage.types import OPERATOR_GUILD_ID
from storage.voices import VoiceStore
from tests.reading.making import ANN, BEN, GUILD, add, author
from tests.storage.conftest import set_guild_default, set_member_default

OTHER_GUILD, ROLE = GUILD + 1, 100


def anyone(voice: VoiceAccess) -> bool:
    return True


async def spoken_by(
    choices: SettingsStore, member_id: int = ANN, guild_id: int = GUILD
) -> tuple[str, bool] | None:
    speaker = await Speakers(choices).of_member(guild_id, member_id, anyone)
    return (speaker.voice.name, speaker.own) if speaker else None


async def test_without_voices_nobody_speaks(choices: SettingsStore) -> None:
    assert await spoken_by(choices) is None
    assert await Speakers(choices).of_guild(GUILD, anyone) is None


async def test_the_default_of_a_member_comes_first(
    store: VoiceStore, choices: SettingsStore
) -> None:
    narrator = await add(store, "narrator", OPERATOR_GUILD_ID)
    await add(store, "ann", owner=ANN)
    await set_member_default(store, GUILD, ANN, narrator.id)
    assert await spoken_by(choices) == ("narrator", True)


async def test_the_voice_of_another_is_not_ones_own(
    store: VoiceStore, choices: SettingsStore
) -> None:
    bens = await add(store, "ben", owner=BEN)
    await set_member_default(store, GUILD, ANN, bens.id)
    assert await spoken_by(choices) == ("ben", False)


async def test_then_the_voice_that_they_enrolled_last(
    store: VoiceStore, choices: SettingsStore
) -> None:
    bens = await add(store, "ben", owner=BEN)
    await set_guild_default(store, GUILD, bens.id)
    await add(store, "narrator", OPERATOR_GUILD_ID)
    await add(store, "ann", owner=ANN)
    await add(store, "ann as a child", owner=ANN)
    await add(store, "elsewhere", OTHER_GUILD, owner=ANN)
    assert await spoken_by(choices) == ("ann as a child", True)


async def test_then_one_of_the_operators_that_stays_the_same(
    store: VoiceStore, choices: SettingsStore
) -> None:
    default = await add(store, "default")
    await set_guild_default(store, GUILD, default.id)
    for number in range(4):
        await add(store, f"voice {number}", OPERATOR_GUILD_ID)
    first = {member: await spoken_by(choices, member) for member in range(1, 40)}
    assert first == {member: await spoken_by(choices, member) for member in range(1, 40)}
    assert set(first.values()) == {(f"voice {n}", False) for n in range(4)}


async def test_then_the_guilds_default(store: VoiceStore, choices: SettingsStore) -> None:
    bens = await add(store, "ben", owner=BEN)
    await set_guild_default(store, GUILD, bens.id)
    assert await spoken_by(choices) == ("ben", False)
    assert await spoken_by(choices, guild_id=OTHER_GUILD) is None


async def test_a_damaged_voice_is_passed_over(
    store: VoiceStore, choices: SettingsStore, tmp_path: Path
) -> None:
    broken = await add(store, "broken", owner=ANN)
    await add(store, "operators own", OPERATOR_GUILD_ID)
    (tmp_path / "data" / "clips" / f"{broken.clip_sha256}.pickle.gz").unlink()
    await store.check()
    assert await spoken_by(choices) == ("operators own", False)


async def test_a_voice_that_is_too_short_for_the_model_is_passed_over(
    store: VoiceStore, choices: SettingsStore
) -> None:
    await add(store, "long", owner=ANN, seconds=0.5)
    await add(store, "short", owner=ANN, seconds=0.2)
    await add(store, "guilds", seconds=0.2)
    need = Speakers(choices, lambda: ClipNeed(0.3, "nano"))
    speaker = await need.of_member(GUILD, ANN, anyone)
    assert speaker is not None
    assert speaker.voice.name == "long"
    assert await need.of_member(GUILD, BEN, anyone) is None


async def test_a_voice_of_another_that_may_be_used_no_more_is_passed_over(
    store: VoiceStore, choices: SettingsStore
) -> None:
    bens = await add(store, "ben", owner=BEN)
    await set_member_default(store, GUILD, ANN, bens.id)
    await add(store, "narrator", OPERATOR_GUILD_ID)
    guild = GuildSettings(others_voices_roles=(ROLE,))
    allowed = voices_for(author(roles=frozenset({ROLE})), GUILD, guild)
    with_role = await Speakers(choices).of_member(GUILD, ANN, allowed)
    refused = voices_for(author(), GUILD, guild)
    without = await Speakers(choices).of_member(GUILD, ANN, refused)
    assert with_role is not None
    assert without is not None
    assert (with_role.voice.name, without.voice.name) == ("ben", "narrator")


async def test_what_nobody_wrote_is_said_by_the_guilds_default(
    store: VoiceStore, choices: SettingsStore
) -> None:
    await add(store, "narrator", OPERATOR_GUILD_ID)
    speaker = await Speakers(choices).of_guild(GUILD, anyone)
    assert speaker is not None
    assert speaker.voice.name == "narrator"
    default = await add(store, "default")
    await set_guild_default(store, GUILD, default.id)
    speaker = await Speakers(choices).of_guild(GUILD, anyone)
    assert speaker is not None
    assert speaker.voice.name == "default"


IDS = st.lists(st.integers(1, 10**6), min_size=1, max_size=30, unique=True)


@given(st.text(max_size=20), IDS, st.integers())
def test_the_order_of_voices_does_not_matter(key: str, ids: list[int], seed: int) -> None:
    shuffled = Random(seed).sample(ids, len(ids))
    assert ranked(key, ids) == ranked(key, shuffled)


@given(IDS, st.integers(10**6 + 1, 10**7))
def test_a_voice_that_comes_moves_members_to_itself_alone(ids: list[int], new: int) -> None:
    for member in range(20):
        before, after = ranked(f"1:{member}", ids)[0], ranked(f"1:{member}", [*ids, new])[0]
        assert after in (before, new)


def test_members_are_spread_over_the_voices() -> None:
    counts = Counter(ranked(f"1:{member}", range(1, 5))[0] for member in range(1000))
    assert all(200 < counts[voice] < 300 for voice in range(1, 5))
