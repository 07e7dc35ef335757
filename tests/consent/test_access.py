"""Who may speak as a voice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.consent.access import NOBODY, may_speak_as
from bot.settings.guild import GuildSettings
from bot.settings.permissions import MemberFacts, Place
from storage.access import VoiceAccess
from storage.types import OPERATOR_GUILD_ID, Reach

GUILD, ELSEWHERE = 1000, 2000
ANN, BEN, CLEO, MO = 1, 2, 3, 4
FRIENDS, VIP = 10, 11
VOICE = 7

anns = VoiceAccess(VOICE, GUILD, "Ann", owner=ANN, reach="owner")
HERE = Place(guild=GUILD)
ann, ben = MemberFacts(ANN), MemberFacts(BEN)
friend = MemberFacts(CLEO, frozenset({FRIENDS}))
admin = MemberFacts(MO, frozenset(), manages=True)


def told(
    member: MemberFacts, voice: VoiceAccess = anns, place: Place = HERE, **settings: object
) -> str | None:
    return may_speak_as(member, voice, place, GuildSettings.model_validate(settings))


def test_a_voice_that_nobody_else_may_use_is_its_owners_alone() -> None:
    assert told(ann) is None
    for other in (ben, friend, admin, NOBODY):
        refused = told(other)
        assert refused is not None
        assert "“Ann” is not shared with you" in refused


def test_named_members_and_roles_may_and_nobody_else() -> None:
    named = replace(anns, reach="named", members=frozenset({BEN}), roles=frozenset({FRIENDS}))
    assert [told(each, named) is None for each in (ann, ben, friend, admin, NOBODY)] == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_names_do_not_count_where_only_the_owner_may() -> None:
    kept = replace(anns, members=frozenset({BEN}), roles=frozenset({FRIENDS}))
    assert told(ben, kept) is not None
    assert told(friend, kept) is not None


@pytest.mark.parametrize("reach", ["named", "everybody"])
def test_who_is_blocked_may_not_and_does_not_hear_of_the_block(reach: Reach) -> None:
    voice = replace(anns, reach=reach, members=frozenset({BEN}), blocked=frozenset({BEN}))
    refused = told(ben, voice)
    assert refused is not None
    assert "block" not in refused


@pytest.mark.parametrize("by", ["paused_by_owner", "paused_by_admin"])
def test_a_paused_voice_is_nobodys(by: str) -> None:
    for voice in (anns, replace(anns, owner=None, guild_id=OPERATOR_GUILD_ID)):
        paused = replace(voice, reach="everybody", **{by: True})
        for member in (ann, ben, admin, NOBODY):
            assert "is paused" in (told(member, paused) or "")


def test_a_voice_of_another_server_is_not_even_named() -> None:
    voice = replace(anns, reach="everybody")
    for member in (ann, ben, admin):
        refused = told(member, voice, Place(guild=ELSEWHERE))
        assert refused is not None
        assert "Ann" not in refused


def test_voices_without_an_owner_are_everybodys_and_the_operators_everywhere() -> None:
    for guild in (GUILD, OPERATOR_GUILD_ID):
        voice = replace(anns, owner=None, guild_id=guild)
        assert told(ben, voice, others_voices_roles=(VIP,)) is None
        assert told(NOBODY, voice) is None
    assert told(ben, replace(anns, owner=None), Place(guild=ELSEWHERE)) is not None
    assert told(ben, replace(anns, owner=None, guild_id=0), Place(guild=ELSEWHERE)) is None


def test_a_server_may_ask_for_a_role_besides() -> None:
    voice = replace(anns, reach="everybody")
    refused = told(ben, voice, others_voices_roles=(VIP,))
    assert refused is not None
    assert f"<@&{VIP}>" in refused
    assert told(MemberFacts(BEN, frozenset({VIP})), voice, others_voices_roles=(VIP,)) is None
    assert told(admin, voice, others_voices_roles=(VIP,)) is None
    assert told(ann, voice, others_voices_roles=(VIP,)) is None
    assert told(ben, voice, others_voices_roles=(VIP,), default_voice=VOICE) is None


def test_the_servers_default_stops_speaking_for_others_when_its_owner_wants_that() -> None:
    assert told(ben, anns, default_voice=VOICE) is not None
    assert told(NOBODY, anns, default_voice=VOICE) is not None


IDS = st.integers(1, 6)
ROLES = st.integers(10, 13)
MEMBERS = st.builds(MemberFacts, IDS, st.frozensets(ROLES), st.booleans())
VOICES = st.builds(
    VoiceAccess,
    voice_id=st.just(VOICE),
    guild_id=st.sampled_from([0, GUILD, ELSEWHERE]),
    name=st.just("Ann"),
    owner=st.none() | IDS,
    reach=st.sampled_from(["owner", "named", "everybody"]),
    members=st.frozensets(IDS),
    roles=st.frozensets(ROLES),
    blocked=st.frozensets(IDS),
    paused_by_owner=st.booleans(),
    paused_by_admin=st.booleans(),
)
SETTINGS = st.builds(
    GuildSettings,
    others_voices_roles=st.lists(ROLES, max_size=3, unique=True).map(tuple),
    default_voice=st.none() | st.just(VOICE),
)
PLACES = st.sampled_from([Place(), HERE, Place(guild=ELSEWHERE)])
REACHES: tuple[Reach, ...] = ("owner", "named", "everybody")


def smaller(voice: VoiceAccess) -> VoiceAccess:
    return replace(voice, reach=REACHES[max(0, REACHES.index(voice.reach) - 1)])


NARROWINGS: list[Callable[[VoiceAccess, int], VoiceAccess]] = [
    lambda voice, which: replace(voice, members=voice.members - {which}),
    lambda voice, which: replace(voice, roles=voice.roles - {which + 9}),
    lambda voice, which: replace(voice, blocked=voice.blocked | {which}),
    lambda voice, _which: replace(voice, paused_by_owner=True),
    lambda voice, _which: replace(voice, paused_by_admin=True),
    lambda voice, _which: smaller(voice),
]
STEPS = st.lists(st.tuples(st.sampled_from(NARROWINGS), IDS), max_size=6)


@given(MEMBERS, VOICES, PLACES, SETTINGS, STEPS)
def test_who_is_refused_stays_refused_however_it_is_narrowed(
    member: MemberFacts,
    voice: VoiceAccess,
    place: Place,
    settings: GuildSettings,
    steps: list[tuple[Callable[[VoiceAccess, int], VoiceAccess], int]],
) -> None:
    refused = may_speak_as(member, voice, place, settings) is not None
    for narrow, which in steps:
        voice = narrow(voice, which)
        still = may_speak_as(member, voice, place, settings) is not None
        assert still or not refused
        refused = still


@given(MEMBERS, VOICES, PLACES, st.none() | st.just(VOICE))
def test_manage_server_widens_nothing_that_an_owner_decided(
    member: MemberFacts, voice: VoiceAccess, place: Place, default: int | None
) -> None:
    settings = GuildSettings(default_voice=default)
    without, with_it = replace(member, manages=False), replace(member, manages=True)
    assert may_speak_as(without, voice, place, settings) == may_speak_as(
        with_it, voice, place, settings
    )


@given(MEMBERS, VOICES, PLACES, SETTINGS)
def test_what_everybody_may_each_member_may_but_who_is_blocked_or_lacks_the_role(
    member: MemberFacts, voice: VoiceAccess, place: Place, settings: GuildSettings
) -> None:
    if may_speak_as(NOBODY, voice, place, settings) is None and member.id not in voice.blocked:
        assert may_speak_as(member, voice, place, settings) is None
