"""The languages of the interface: what members read and hear, in their language or the server's.

`_` marks a text and translates it where it stands; the words of gettext.
"""

from __future__ import annotations

from bot.i18n.catalogue import load_catalogues
from bot.i18n.locales import LOCALES, SOURCE_LOCALE, TRANSLATED, server_locale, supported
from bot.i18n.translatable import Translatable, error_text, joined, translated
from bot.i18n.translating import N_, _, in_locale, listed, locale, ngettext, pgettext

__all__ = [
    "LOCALES",
    "N_",
    "SOURCE_LOCALE",
    "TRANSLATED",
    "Translatable",
    "_",
    "error_text",
    "in_locale",
    "joined",
    "listed",
    "load_catalogues",
    "locale",
    "ngettext",
    "pgettext",
    "server_locale",
    "supported",
    "translated",
]
