"""The cards of a panel, as pure functions of what is stored."""

from __future__ import annotations

import discord

from bot.i18n import _
from bot.settings.catalogue import Definition, Kind
from bot.settings.definition import Settings
from bot.settings.words import allowed
from cogs.cards import embed
from cogs.settings.controls import cut
from cogs.settings.naming import Names
from cogs.settings.sections import Section

_MAX_DESCRIPTION = 4096
_MAX_FIELD = 1024
_MAX_TITLE = 256


def overview(
    title: str, section: Section, settings: Settings, names: Names, note: str = ""
) -> discord.Embed:
    """Return a section: each setting with its value and what it means."""
    lines = [line(definition, settings, names) for definition in section.definitions]
    text = "\n".join([note, "", *lines] if note else lines)
    return embed(cut(f"{_(title)} · {section.title}", _MAX_TITLE), cut(text, _MAX_DESCRIPTION))


def line(definition: Definition, settings: Settings, names: Names) -> str:
    """Return what a setting is, marked where it is not the default, and what it means."""
    value = getattr(settings, definition.key)
    text = f"**{_(definition.label)}**: {names.value(definition, value)}"
    if value != definition.default:
        default = names.value(definition, definition.default)
        text += " · *" + _("changed; by default: {value}").format(value=default) + "*"
    return f"{text}\n-# {_(definition.meaning)}"


def one(
    title: str, definition: Definition, settings: Settings, names: Names, note: str = ""
) -> discord.Embed:
    """Return one setting, with what it can be."""
    text = f"{_(definition.meaning)}\n\n{note}" if note else _(definition.meaning)
    card = embed(
        cut(f"{_(title)} · {_(definition.label)}", _MAX_TITLE), cut(text, _MAX_DESCRIPTION)
    )
    now = names.value(definition, getattr(settings, definition.key))
    card.add_field(name=_("Now"), value=cut(now, _MAX_FIELD))
    card.add_field(name=_("By default"), value=names.value(definition, definition.default))
    if definition.kind not in (Kind.SWITCH, Kind.CHOICE, Kind.ONE):
        card.add_field(name=_("Can be"), value=cut(allowed(definition), _MAX_FIELD))
    return card


def refusal(text: str) -> str:
    """Return a note that something was not done."""
    return f"⚠️ {text}"


def done(text: str) -> str:
    """Return a note that something was done."""
    return f"✅ {text}"
