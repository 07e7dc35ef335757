"""Brings the catalogues up to date and says what is not translated."""

from __future__ import annotations

import asyncio
import sys

from bot.i18n import TRANSLATED
from tools.catalogues.commands import command_texts
from tools.catalogues.files import content_of, is_translated, path_of, template_of, updated
from tools.catalogues.sources import marked_texts


def main() -> int:
    """Write every catalogue; return 1 while one lacks translations."""
    template = template_of([*marked_texts(), *asyncio.run(command_texts())])
    missing = 0
    for locale in TRANSLATED:
        catalog = updated(locale, template)
        path_of(locale).write_bytes(content_of(catalog))
        lacking = [message for message in catalog if message.id and not is_translated(message)]
        missing += len(lacking)
        print(f"{path_of(locale).name}: {len(catalog)} texts, {len(lacking)} to translate")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
