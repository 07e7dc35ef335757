"""When a name is said."""

from __future__ import annotations

from bot.reading.announcer import MAX_MEMBERS, SECONDS_A_NAME_HOLDS, Announcer, When
from bot.reading.names import MAX_SPOKEN_NAME, name_of, short_name, spoken_name
from bot.settings.member import MemberSettings
from tests.reading.making import ANN, BEN, author, context

NARRATOR, ANNS, BENS = 7, 8, 9
NEXT = SECONDS_A_NAME_HOLDS - 1


def named(
    announcer: Announcer,
    member_id: int = ANN,
    name: str = "Anna",
    *,
    voice_id: int = NARRATOR,
    own: bool = False,
    when: When = "auto",
    now: float = 0.0,
) -> str | None:
    return announcer.name_for(member_id, name, voice_id=voice_id, own=own, when=when, now=now)


def test_a_name_is_said_once() -> None:
    announcer = Announcer()
    assert named(announcer) == "Anna"
    assert named(announcer, now=NEXT) is None


def test_a_name_is_said_again_after_a_minute() -> None:
    announcer = Announcer()
    named(announcer)
    named(announcer, now=NEXT)
    assert named(announcer, now=SECONDS_A_NAME_HOLDS) == "Anna"


def test_a_name_is_said_again_after_another() -> None:
    announcer = Announcer()
    named(announcer)
    assert named(announcer, BEN, "Ben", voice_id=BENS) == "Ben"
    assert named(announcer) == "Anna"


def test_a_name_is_said_again_after_one_whose_name_is_not_said() -> None:
    announcer = Announcer()
    named(announcer)
    named(announcer, BEN, "Ben", voice_id=BENS, own=True)
    assert named(announcer) == "Anna"


def test_a_name_is_said_again_in_another_voice() -> None:
    announcer = Announcer()
    named(announcer)
    assert named(announcer, voice_id=BENS) == "Anna"


def test_a_name_is_said_again_after_a_notice() -> None:
    announcer = Announcer()
    named(announcer)
    announcer.interrupted()
    assert named(announcer) == "Anna"


def test_a_name_is_said_again_after_a_command_of_another() -> None:
    announcer = Announcer()
    named(announcer)
    announcer.interrupted(BEN)
    assert named(announcer) == "Anna"


def test_a_name_is_not_said_again_after_a_command_of_the_same_member() -> None:
    announcer = Announcer()
    named(announcer)
    announcer.interrupted(ANN)
    assert named(announcer) is None


def test_a_voice_of_ones_own_needs_no_name() -> None:
    assert named(Announcer(), voice_id=ANNS, own=True) is None


def test_a_voice_that_two_chose_needs_names() -> None:
    announcer = Announcer()
    assert named(announcer, own=True) is None
    assert named(announcer, BEN, "Ben", own=True) == "Ben"
    assert named(announcer, own=True) == "Anna"


def test_names_are_said_always_or_never() -> None:
    assert named(Announcer(), voice_id=ANNS, own=True, when="always") == "Anna"
    assert named(Announcer(), when="never") is None


def test_two_of_one_name_are_told_apart() -> None:
    announcer = Announcer()
    assert named(announcer) == "Anna"
    assert named(announcer, BEN, "anna") == "anna 2"
    assert named(announcer) == "Anna"
    assert named(announcer, 3, "Anna") == "Anna 3"
    assert named(announcer, BEN, "anna") == "anna 2"


def test_a_new_name_is_said() -> None:
    announcer = Announcer()
    named(announcer)
    named(announcer, BEN, "Ben")
    assert named(announcer, name="Anni") == "Anni"


def test_what_is_remembered_is_bounded() -> None:
    announcer = Announcer()
    for member_id in range(MAX_MEMBERS * 2):
        named(announcer, member_id + 1, "Anna")
    assert len(announcer._members) == MAX_MEMBERS
    assert named(announcer, 10**6, "Zoe") == "Zoe"


def test_names_are_cleaned_and_cut() -> None:
    assert short_name("✨ Anna_B ✨") == "Anna B"
    assert (
        short_name("The Very Long Name Of Somebody Important") == "The Very Long Name Of Somebody"
    )
    assert len(short_name("a" * 20 + "bcdefghij" * 9)) == MAX_SPOKEN_NAME


def test_a_name_without_anything_to_say_is_somebody() -> None:
    assert spoken_name("🌙✨") == "Somebody"
    assert spoken_name("***") == "Somebody"


def test_a_member_is_called_as_they_wish() -> None:
    wish = MemberSettings(spoken_name="Annie")
    assert name_of(author(name="xX_4nn4_Xx"), context(member=wish)) == "Annie"
    unsayable = MemberSettings(spoken_name="!!")
    assert name_of(author(), context(member=unsayable)) == "Anna"
