"""Who may do what where."""

from __future__ import annotations

from typing import Any

import pytest

from bot.settings.guild import GuildSettings
from bot.settings.permissions import Action, MemberFacts, Place, refusal

ANN, BEN, MO = 1, 2, 3
VIP, OTHER = 10, 11
GENERAL, BOTS, LOUNGE, HALL = 20, 21, 30, 31

ann = MemberFacts(ANN, frozenset({OTHER}))
vip = MemberFacts(BEN, frozenset({VIP}))
mo = MemberFacts(MO, frozenset(), manages=True)
here = Place((GENERAL,), LOUNGE)


def asked(
    action: Action, member: MemberFacts = ann, place: Place = here, **settings: Any
) -> str | None:
    return refusal(action, member, place, GuildSettings(**settings))


@pytest.mark.parametrize("action", Action)
def test_at_first_everybody_may_everything(action: Action) -> None:
    assert asked(action) is None


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("member", [ann, mo], ids=["member", "manager"])
def test_who_is_blocked_may_nothing_and_hears_who_can_change_that(
    action: Action, member: MemberFacts
) -> None:
    told = asked(action, member, blocked_members=(ANN, MO))
    assert told is not None
    assert "blocked" in told
    assert "Manage Server" in told


@pytest.mark.parametrize(
    ("action", "key"),
    [
        (Action.ENROL, "enrol_roles"),
        (Action.SAY, "say_roles"),
        (Action.BE_READ, "read_roles"),
    ],
)
def test_a_role_is_needed_where_roles_are_chosen(action: Action, key: str) -> None:
    told = asked(action, **{key: (VIP,)})
    assert told is not None
    assert f"<@&{VIP}>" in told
    assert asked(action, vip, **{key: (OTHER, VIP)}) is None
    assert asked(action, mo, **{key: (VIP,)}) is None
    for other in set(Action) - {action}:
        assert asked(other, **{key: (VIP,)}) is None


def test_only_the_chosen_text_channels_count_and_their_threads() -> None:
    told = asked(Action.SAY, text_channels=(BOTS,))
    assert told is not None
    assert f"<#{BOTS}>" in told
    assert asked(Action.SAY, place=Place((BOTS,)), text_channels=(BOTS,)) is None
    assert asked(Action.SAY, place=Place((99, BOTS)), text_channels=(BOTS,)) is None
    assert asked(Action.SAY, mo, text_channels=(BOTS,)) is not None


def test_the_chat_of_a_chosen_voice_channel_belongs_to_it() -> None:
    chosen: dict[str, Any] = {"text_channels": (BOTS,), "voice_channels": (LOUNGE,)}
    assert asked(Action.SAY, place=Place((LOUNGE,), LOUNGE), **chosen) is None
    assert asked(Action.SAY, place=Place((HALL,), LOUNGE), **chosen) is not None


def test_only_the_chosen_voice_channels_count() -> None:
    told = asked(Action.CALL, voice_channels=(HALL,))
    assert told is not None
    assert f"<#{HALL}>" in told
    assert asked(Action.CALL, place=Place((GENERAL,), HALL), voice_channels=(HALL,)) is None
    assert asked(Action.ENROL, place=Place((GENERAL,)), voice_channels=(HALL,)) is None


def test_a_refusal_names_few_of_many_roles() -> None:
    told = asked(Action.SAY, say_roles=tuple(range(100, 125)))
    assert told is not None
    assert "and 20 more" in told
    assert len(told) < 400
