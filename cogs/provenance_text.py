"""What is told about where a recording came from, as a pure function of what is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from discord.utils import format_dt

from bot.audit.provenance import Provenance
from bot.i18n import _, ngettext
from cogs.cards import quoted
from cogs.voices.usage import who
from storage.audit_rows import AuditRow

MOST_TOLD = 3
"""Utterances: a phrase that is repeated is spoken with the same packets each time."""


def provenance_text(found: Provenance, may_know: Callable[[AuditRow], bool]) -> str:
    """Return the answer in the current language. may_know: who spoke an utterance, and when."""
    match found.answer:
        case "made here":
            return _made_here(found.utterances, may_know)
        case "watermarked":
            return _(
                "**Synthetic, but not known here.** It carries the watermark of Chatterbox, so a "
                "machine spoke it: somewhere else, or here and the file was changed since, or so "
                "long ago that it is not written down any more."
            )
        case "unknown":
            return _unknown(found)


def _made_here(rows: Sequence[AuditRow], may_know: Callable[[AuditRow], bool]) -> str:
    known = [row for row in rows if may_know(row)]
    text = _("**Made here.** I spoke exactly this on this server.")
    if not known:
        owner = _("By whom and when, its voice's owner and those who manage the server can see.")
        return f"{text} {owner}"
    lines = [text, *(_utterance(row) for row in known[:MOST_TOLD])]
    if (more := len(known) - MOST_TOLD) > 0:
        lines.append(ngettext("… and {count} more", "… and {count} more", more).format(count=more))
    return "\n".join(lines)


def _utterance(row: AuditRow) -> str:
    told = {
        "speaker": who(row.actor),
        "voice": quoted(row.voice) if row.voice is not None else _("a deleted voice"),
        "time": format_dt(row.began, "f"),
        "seconds": _("{seconds:.1f} s").format(seconds=row.seconds or 0.0),
    }
    if row.subject is None:
        return _("{speaker} as {voice}, {time}, {seconds}").format(**told)
    text = _("{speaker} as {voice} ({owner}), {time}, {seconds}")
    return text.format(owner=who(row.subject), **told)


def _unknown(found: Provenance) -> str:
    text = _("**I cannot know.**")
    if found.comparable:
        compared = _("What I spoke on this server and still have written down is not this.")
    else:
        compared = _(
            "It is not as I make files, so there is nothing to compare: whatever was converted, "
            "cut or recorded again is not recognised."
        )
    if found.watermark is None:
        mark = _("Whether it carries a watermark I cannot tell here.")
    else:
        mark = _("It carries no watermark of Chatterbox, which other engines do not make.")
    proves = _("That does not prove that a person spoke.")
    return " ".join((text, compared, mark, proves))
