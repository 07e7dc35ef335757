"""The translations, one gettext catalogue a language."""

from __future__ import annotations

import gettext
import io
from functools import cache
from importlib import resources

from bot.i18n.locales import TRANSLATED


@cache
def catalogue(locale: str) -> gettext.NullTranslations:
    """Return the translations of a language; of one without a catalogue, none.

    Reading one takes some 100 ms, once: `load_catalogues` does so before they are needed.
    """
    # Not at `mynah --help`.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    source = resources.files("bot.i18n") / "catalogues" / f"{locale}.po"
    if locale not in TRANSLATED or not source.is_file():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def load_catalogues() -> None:
    """Read all of them; for a thread, before members are served."""
    for locale in TRANSLATED:
        catalogue(locale)
