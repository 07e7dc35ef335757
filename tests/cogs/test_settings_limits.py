"""Whatever is stored, every page of every panel fits Discord, in every language."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import discord
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.i18n import LOCALES, in_locale
from bot.settings.catalogue import Definition, Kind, definitions
from bot.settings.definition import Settings
from bot.settings.guild import GuildSettings
from bot.settings.member import MemberSettings
from bot.settings.words import allowed
from cogs.settings.data import settings_text, voices_text
from cogs.settings.dialogs import Field, TypingDialog
from cogs.settings.editors import groups_of, may_be_empty, most_characters, text_of
from cogs.settings.layout import Place
from cogs.settings.me import member_sections
from cogs.settings.naming import Names
from cogs.settings.panel import Panel
from cogs.settings.sections import Section, sections_by_page
from cogs.settings.subjects import GuildSubject, MemberSubject
from storage.names import MAX_NAME_LENGTH
from storage.types import VoiceProfile

IDS = st.integers(2**60, 2**63 - 1)
LINES = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=100) | st.just("*" * 100)
TODAY = datetime(2026, 11, 27, tzinfo=UTC)


def values_of(definition: Definition) -> st.SearchStrategy[Any]:
    """What can be stored."""
    match definition.kind:
        case Kind.SWITCH:
            values: st.SearchStrategy[Any] = st.booleans()
        case Kind.WHOLE:
            values = st.integers(int(definition.lowest or 0), int(definition.highest or 0))
        case Kind.NUMBER:
            values = st.floats(definition.lowest, definition.highest)
        case Kind.TEXT:
            values = LINES.map(lambda text: text[: definition.most])
        case Kind.CHOICE:
            values = st.sampled_from(list(definition.choices or ()))
        case Kind.ONE:
            values = IDS
        case Kind.SEVERAL:
            ids = st.integers(0, definition.most or 0).map(lambda n: tuple(range(2**62, 2**62 + n)))
            values = ids | st.just(tuple(range(2**62, 2**62 + (definition.most or 0))))
    return st.none() | values if definition.optional else values


def stored(model: type[Settings]) -> st.SearchStrategy[Settings]:
    return st.fixed_dictionaries({each.key: values_of(each) for each in definitions(model)}).map(
        model.from_stored
    )


def longest(model: type[Settings]) -> Settings:
    """All that takes much room, at once."""
    long: dict[str, Any] = {}
    for each in definitions(model):
        if each.kind is Kind.SEVERAL:
            long[each.key] = tuple(range(2**62, 2**62 + (each.most or 0)))
        elif each.kind is Kind.TEXT:
            long[each.key] = "*" * (each.most or 0)
        elif each.kind is Kind.ONE:
            long[each.key] = 59
        elif each.kind is Kind.CHOICE:
            long[each.key] = max(each.choices or {}, key=lambda value: len(value))
    return model.from_stored(long)


def voice(number: int) -> VoiceProfile:
    return VoiceProfile(
        number, 1, f"{number:02}" + "_" * (MAX_NAME_LENGTH - 2), "0" * 64, 29.9, None, 1, 1, TODAY,
        None, None, TODAY, None, 0, None, former_until=TODAY,
    )  # fmt: skip


VOICES = [voice(number) for number in range(60)]


def panel_of(model: type[Settings], sections: list[Section]) -> Panel:
    answer: Any = SimpleNamespace(extras={})
    services: Any = SimpleNamespace(settings=None, voices=None)
    guild = model is GuildSettings
    subject = GuildSubject(services, 1) if guild else MemberSubject(services, 1, 2)
    return Panel(answer, subject, sections, asyncio.Lock())


def check_card(card: discord.Embed) -> None:
    assert len(card) <= 6000
    assert len(card.title or "") <= 256
    assert len(card.description or "") <= 4096
    for field in card.fields:
        assert 0 < len(field.name or "") <= 256
        assert 0 < len(field.value or "") <= 1024


def check_controls(panel: Panel) -> None:
    rows: list[Any] = panel.to_components()
    assert len(rows) <= 5
    controls = [control for row in rows for control in row["components"]]
    assert len({control["custom_id"] for control in controls}) == len(controls)
    for row in rows:
        assert len(row["components"]) <= (5 if row["components"][0]["type"] == 2 else 1)
    for control in controls:
        assert len(control.get("label") or "") <= 80
        assert len(control.get("placeholder") or "") <= 150
        options = control.get("options") or []
        assert len(options) <= 25
        assert len({option["value"] for option in options}) == len(options)
        assert len(control.get("default_values") or []) <= control.get("max_values", 25) <= 25
        for option in options:
            assert 0 < len(option["label"]) <= 100
            assert 0 < len(option["value"]) <= 100
            assert len(option.get("description") or "") <= 100


def check_dialog(definition: Definition, value: Any) -> None:
    field = Field(
        definition.label,
        allowed(definition),
        text_of(definition, value),
        most_characters(definition),
        required=not may_be_empty(definition),
    )
    (label,) = TypingDialog(field, None, 1.0).to_dict()["components"]  # type: ignore[arg-type]
    assert len(label["label"]) <= 45
    assert 0 < len(label["description"]) <= 100
    assert len(label["component"].get("value", "")) <= label["component"]["max_length"] <= 4000


async def check_panel(settings: Settings, sections: list[Section]) -> None:
    panel = panel_of(type(settings), sections)
    names = Names(None, {each.id: each.name for each in VOICES})
    notes = ["⚠️ " + "n" * 300, "⚠️ " + "h" * 200]
    for section in sections:
        panel.place = Place(section)
        check_card(panel.lay_out(settings, names, notes))
        check_controls(panel)
        for definition in section.definitions:
            value = getattr(settings, definition.key)
            for group in {0, groups_of(definition, value) - 1}:
                panel.place = Place(section, definition, group)
                check_card(panel.lay_out(settings, names, notes, VOICES[:25]))
                check_controls(panel)
            check_dialog(definition, value)


# Where it fails, the card or menu says enough: a smaller example is not worth its minutes.
@settings(max_examples=15, deadline=None, phases=[Phase.generate], derandomize=True)
@given(st.sampled_from(LOCALES), stored(GuildSettings), stored(MemberSettings))
def test_every_page_fits(locale: str, guild: Settings, member: Settings) -> None:
    with in_locale(locale):
        asyncio.run(check_panel(guild, sections_by_page(GuildSettings)))
        asyncio.run(check_panel(member, member_sections()))


@pytest.mark.parametrize("locale", LOCALES)
def test_the_longest_that_can_be_stored_fits(locale: str) -> None:
    with in_locale(locale):
        asyncio.run(check_panel(longest(GuildSettings), sections_by_page(GuildSettings)))
        asyncio.run(check_panel(longest(MemberSettings), member_sections()))


@pytest.mark.parametrize("locale", LOCALES)
def test_what_is_stored_about_a_member_fits(locale: str) -> None:
    changed = MemberSettings(default_voice=1, speed=2, volume_db=1, language="de", be_read=False)
    with in_locale(locale):
        assert 0 < len(voices_text(VOICES)) <= 1024
        assert 0 < len(voices_text([])) <= 1024
        assert 0 < len(settings_text(changed)) <= 1024
