"""The definitions that panel, checks and documents are made from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UserError
from bot.languages import LANGUAGES
from bot.settings.catalogue import Definition, Kind, definition, definitions, pages
from bot.settings.definition import Page, Settings
from bot.settings.guild import GuildSettings
from bot.settings.member import MemberSettings
from bot.settings.values import checked, parse
from bot.settings.words import allowed, shown

MODELS: tuple[type[Settings], ...] = (GuildSettings, MemberSettings)
EVERY = [(model, each) for model in MODELS for each in definitions(model)]
every = pytest.mark.parametrize(
    ("model", "about"), EVERY, ids=[f"{m.__name__}.{d.key}" for m, d in EVERY]
)


@every
def test_each_fits_where_discord_shows_it(model: type[Settings], about: Definition) -> None:
    assert 0 < len(about.label) <= 45
    assert 0 < len(about.meaning) <= 100
    assert all(len(meaning) <= 100 for meaning in (about.choices or {}).values())
    assert len(about.choices or {}) <= 25


@every
def test_each_says_what_it_is_and_what_it_can_be(model: type[Settings], about: Definition) -> None:
    assert shown(about, about.default)
    assert allowed(about)
    if about.kind in (Kind.WHOLE, Kind.NUMBER):
        assert about.lowest is not None
        assert about.highest is not None
    if about.kind in (Kind.TEXT, Kind.SEVERAL):
        assert about.most is not None
    if about.optional or about.kind is Kind.SEVERAL:
        assert about.empty


@every
def test_the_default_is_allowed(model: type[Settings], about: Definition) -> None:
    assert checked(model, about.key, about.default) == about.default


@pytest.mark.parametrize(("model", "about"), [(m, d) for m, d in EVERY if d.lowest is not None])
def test_both_ends_of_a_range_are_allowed_and_nothing_beyond(
    model: type[Settings], about: Definition
) -> None:
    assert about.lowest is not None
    assert about.highest is not None
    for inside in (about.lowest, about.highest):
        assert parse(model, about.key, str(inside)) == inside
    for outside in (about.lowest - 1, about.highest + 1):
        with pytest.raises(UserError, match=f"“{about.label}” takes a .*number from"):
            parse(model, about.key, str(outside))


def test_every_page_of_the_panel_has_settings() -> None:
    assert pages(GuildSettings) == tuple(Page)
    assert sum(len(definitions(GuildSettings, page)) for page in Page) == len(
        GuildSettings.model_fields
    )


def test_a_key_is_found_as_people_write_it() -> None:
    assert definition(GuildSettings, " Max-Characters ").key == "max_characters"


def test_an_unknown_key_names_what_is_close_or_all() -> None:
    with pytest.raises(UserError, match=r"Did you mean .*max_characters"):
        definition(GuildSettings, "max_character")
    with pytest.raises(UserError, match=r"There are: speed, volume_db"):
        definition(GuildSettings, "zzz")


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("speed", "1.5", 1.5),
        ("speed", "1,5×", 1.5),
        ("speed", "×2", 2),
        ("speed", "１．５", 1.5),
        ("volume_db", "−3 dB", -3),
        ("volume_db", "+6", 6),
        ("loudness_lufs", "-16 LUFS", -16),
        ("max_characters", "500 characters", 500),
        ("hurry", "Off", False),
        ("hurry", "YES", True),
        ("announce_names", "Always", "always"),
        ("announce_names", "where a member has no voice of their own", "auto"),
        ("locale", "日本語", "ja"),
        ("skip_prefix", "  !! ", "!!"),
        ("skip_prefix", "", ""),
        ("say_roles", "<@&12>, 13;14  12", (12, 13, 14)),
        ("say_roles", "everybody", ()),
        ("say_roles", "", ()),
        ("blocked_members", "<@!5> <@6>", (5, 6)),
        ("moderation_channel", "<#7>", 7),
        ("moderation_channel", "none", None),
    ],
)
def test_a_text_is_read_as_people_write_it(key: str, text: str, value: object) -> None:
    assert parse(GuildSettings, key, text) == value


@pytest.mark.parametrize(
    ("key", "text", "told"),
    [
        ("speed", "3", "“Speed” takes a number from 0.5 to 2×. Nothing was changed."),
        ("speed", "nan", "a number from 0.5"),
        ("speed", "1e0", "a number from 0.5"),
        ("speed", "", "a number from 0.5"),
        ("max_characters", "30.5", "a whole number from 20 to 2000 characters"),
        ("max_characters", "9" * 5000, "a whole number"),
        ("hurry", "perhaps", "“Hurry first” takes on or off"),
        ("locale", "nl", "one of these: auto, en, de, ja, es, fr"),
        ("skip_prefix", "x" * 11, "a text of at most 10 characters"),
        ("say_roles", "VIP", "at most 25 roles"),
        ("say_roles", " ".join(map(str, range(1, 27))), "at most 25 roles"),
        ("say_roles", "0", "at most 25 roles"),
        ("say_roles", str(2**63), "at most 25 roles"),
        ("say_roles", "٣", "at most 25 roles"),
        ("moderation_channel", "1 2", "takes a text channel"),
        ("moderation_channel", "general", "takes a text channel"),
    ],
)
def test_what_is_not_allowed_is_told_with_what_is(key: str, text: str, told: str) -> None:
    with pytest.raises(UserError) as refused:
        parse(GuildSettings, key, text)
    assert told in str(refused.value)
    assert "pydantic" not in str(refused.value)


def test_a_members_language_is_one_that_a_voice_can_have() -> None:
    assert parse(MemberSettings, "language", "German") == "de"
    assert set(definition(MemberSettings, "language").choices or {}) == set(LANGUAGES)
    with pytest.raises(UserError):
        checked(MemberSettings, "language", "tlh")


def test_what_a_member_leaves_empty_is_left_to_others() -> None:
    assert parse(MemberSettings, "spoken_name", "  ") is None
    assert parse(MemberSettings, "speed", "none") is None


def test_a_text_becomes_one_line_that_can_be_stored() -> None:
    assert checked(MemberSettings, "greeting", " Hello\n\tthere\0 ") == "Hello there"
    with pytest.raises(UserError):
        checked(MemberSettings, "greeting", "\ud800")


@given(st.sampled_from(definitions(GuildSettings)), st.text(max_size=60))
def test_whatever_is_typed_is_a_value_or_is_refused_in_words(about: Definition, text: str) -> None:
    try:
        value = parse(GuildSettings, about.key, text)
    except UserError as error:
        told = str(error)
    else:
        assert checked(GuildSettings, about.key, value) == value
        told = f"It is {shown(about, value)}. Nothing was changed."
    assert told.endswith(". Nothing was changed.")


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("speed", 1.5, "1.5×"),
        ("loudness_lufs", -20.0, "-20 LUFS"),
        ("max_characters", 2000, "2000 characters"),
        ("hurry", True, "on"),
        ("announce_names", "always", "Always"),
        ("skip_prefix", "-", "“-”"),
        ("skip_prefix", "", "nothing is skipped"),
        ("enrol_roles", (), "everybody"),
        ("text_channels", (), "all"),
        ("blocked_members", (), "nobody"),
        ("auto_join", (), "nowhere"),
        ("say_roles", (5, 6), "role 5, role 6"),
        ("moderation_channel", 7, "text channel 7"),
        ("muted_members", tuple(range(1, 13)), "member 10 and 2 more"),
    ],
)
def test_a_value_is_shown_for_people(key: str, value: object, text: str) -> None:
    named = shown(definition(GuildSettings, key), value, lambda kind, number: f"{kind} {number}")
    assert named.endswith(text)


def test_what_another_program_stored_is_left_out() -> None:
    settings = GuildSettings.from_stored(
        {"speed": 9, "hurry": "perhaps", "unheard_of": 1, "locale": ["de"], "read_bots": True}
    )
    assert settings == GuildSettings(read_bots=True)
