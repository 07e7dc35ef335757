"""The languages of the interface: what members read and hear, in their language or the server's.

`_` marks a text and translates it where it stands; the words of gettext.
"""

from __future__ import annotations

from bot.i18n.translating import N_, _, in_locale, ngettext

__all__ = ["N_", "_", "in_locale", "ngettext"]
