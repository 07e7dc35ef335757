"""How much goes, in words."""

from __future__ import annotations

from bot.i18n import ngettext
from storage.erasure import Erased


def counts(erased: Erased) -> list[str]:
    """Return a line for each kind of which there is something, in the current language."""
    settings = erased.settings + erased.defaults
    lines = (
        (erased.voices, ngettext("{count} voice", "{count} voices", erased.voices)),
        (
            erased.recordings,
            ngettext(
                "{count} recording of voices, current and former",
                "{count} recordings of voices, current and former",
                erased.recordings,
            ),
        ),
        (
            erased.evidence,
            ngettext(
                "evidence of {count} consent", "evidence of {count} consents", erased.evidence
            ),
        ),
        (
            settings,
            ngettext("{count} setting of yours", "{count} settings of yours", settings),
        ),
        (
            erased.entries,
            ngettext(
                "{count} entry of your dictionaries",
                "{count} entries of your dictionaries",
                erased.entries,
            ),
        ),
        (erased.blocks, ngettext("{count} block", "{count} blocks", erased.blocks)),
        (
            erased.shares,
            ngettext(
                "your name on the list of {count} voice of others",
                "your name on the lists of {count} voices of others",
                erased.shares,
            ),
        ),
        (
            erased.audit,
            ngettext(
                "your name in {count} entry of audit trails",
                "your name in {count} entries of audit trails",
                erased.audit,
            ),
        ),
        (
            erased.nameless,
            ngettext(
                "your name at {count} other entry, such as a changed setting",
                "your name at {count} other entries, such as changed settings",
                erased.nameless,
            ),
        ),
    )
    return [text.format(count=count) for count, text in lines if count]
