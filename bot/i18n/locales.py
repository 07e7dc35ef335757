"""The languages that the interface has, and which of them somebody is served in."""

from __future__ import annotations

SOURCE_LOCALE = "en"

LOCALES = ("en", "de", "ja", "es", "fr")
"""Of the interface, by ISO 639-1; the first is the language of the source."""

TRANSLATED = LOCALES[1:]


def supported(discord_locale: object) -> str:
    """Return the language for one of Discord's locales, such as "es-419"; English without one.

    https://discord.com/developers/docs/reference#locales
    """
    language = str(discord_locale).replace("_", "-").partition("-")[0].lower()
    return language if language in LOCALES else SOURCE_LOCALE


def server_locale(chosen: str, preferred: object) -> str:
    """Return the language of what a whole server sees or hears.

    chosen: `GuildSettings.locale`. preferred: the guild's `preferred_locale`, for "auto".
    """
    return supported(preferred if chosen == "auto" else chosen)
