"""What members are told of entries."""

from __future__ import annotations

from collections.abc import Iterable

import discord

from bot.dictionary.exchange import ReadEntry
from bot.dictionary.service import ImportReport
from bot.i18n import _, ngettext
from bot.languages import LANGUAGES
from bot.markup import literal, one_line
from cogs.cards import embed
from storage.dictionary import Entry

MOST_WRITTEN, MOST_SPOKEN = 40, 80
"""Characters of an entry in a list of ten, of which an embed holds 4,096 with their marks."""

MOST_REFUSED = 8

_MOST_OF_LINE = 200


def entry_line(entry: Entry) -> str:
    """Return an entry on one line, as plain text."""
    spoken = _cut(entry.spoken, MOST_SPOKEN) if entry.spoken else _("(not spoken)")
    about = [_("pattern")] if entry.pattern else []
    if entry.language:
        about.append(_(LANGUAGES.get(entry.language, entry.language)))
    return " · ".join((f"{_cut(entry.written, MOST_WRITTEN)} → {spoken}", *about))


def shown_entry(entry: Entry) -> str:
    """Return an entry as a line of a card."""
    return literal(one_line(entry_line(entry), _MOST_OF_LINE))


def whose(server: bool) -> str:
    """Return what a dictionary is called."""
    return _("The dictionary of this server") if server else _("Your dictionary")


def saved_card(entry: Entry, *, replaced: bool, server: bool) -> discord.Embed:
    """Return what is told of an entry that was stored."""
    title = _("Changed") if replaced else _("Added")
    holds = (
        _("It holds for what anybody here says or writes.")
        if server
        else _("It holds for what you say and write here.")
    )
    about = _("{dictionary}. {holds}").format(dictionary=whose(server), holds=holds)
    return embed(title, f"{shown_entry(entry)}\n-# {about}")


def removed_text(entries: Iterable[Entry]) -> str:
    """Return what is told of entries that are gone."""
    lines = "\n".join(shown_entry(entry) for entry in list(entries)[:MOST_REFUSED])
    return _("Removed:") + f"\n{lines}"


def import_card(report: ImportReport, *, server: bool) -> discord.Embed:
    """Return what became of a file."""
    added, replaced, refused = map(len, (report.added, report.replaced, report.refused))
    lines = [
        ngettext("{count} entry added", "{count} entries added", added).format(count=added),
        ngettext("{count} entry replaced", "{count} entries replaced", replaced).format(
            count=replaced
        ),
        ngettext("{count} entry refused", "{count} entries refused", refused).format(count=refused),
    ]
    card = embed(whose(server), "\n".join(lines))
    if report.refused:
        shown = "\n".join(
            literal(one_line(_refused(line), _MOST_OF_LINE))
            for line in report.refused[:MOST_REFUSED]
        )
        if refused > MOST_REFUSED:
            shown += "\n" + _("The others are in the report.")
        card.add_field(name=_("Refused"), value=_cut(shown, 1024), inline=False)
    return card


def report_file(report: ImportReport) -> bytes:
    """Return the fate of each entry of a file, in the order of that, as a text in UTF-8."""
    lines = {line.number: _refused(line) for line in report.refused}
    for read, became in ((report.added, _("added")), (report.replaced, _("replaced"))):
        lines |= {line.number: f"{line.number}. {line.written}: {became}" for line in read}
    return "".join(f"{lines[number]}\n" for number in sorted(lines)).encode()


def _refused(line: ReadEntry) -> str:
    return f"{line.number}. {_cut(line.written, MOST_WRITTEN)}: {line.reason}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
