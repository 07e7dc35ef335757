"""Make bot/text/data/times.toml from Unicode's CLDR, as the package babel has it.

    python -m tools.time_words

Babel itself is 33 MB, which the base install has no room for; a test holds the file to it.
"""

from __future__ import annotations

import json
from pathlib import Path

from babel import Locale

from bot.languages import LANGUAGES

TARGET = Path(__file__).parent.parent / "bot" / "text" / "data" / "times.toml"
UNITS = ("second", "minute", "hour", "day", "week", "month", "year")
HEAD = """# Dates and "in two hours", by language. From Unicode's CLDR, by
# tools/time_words.py; the licence lies in emoji_names/. {0} is a number; one, few, many and so on
# are CLDR's plural categories.
"""


def section(language: str) -> list[str]:
    """Return the lines of one language."""
    locale = Locale.parse(language)
    months, days = locale.months["format"]["wide"], locale.days["format"]["wide"]
    facts = {
        "months": [months[number] for number in range(1, 13)],
        "days": [days[number] for number in range(7)],
        "long": locale.date_formats["long"].pattern.replace("'г'.", "'года'"),
        "full": locale.date_formats["full"].pattern.replace("'г'.", "'года'"),
    }
    lines = [f"\n[{language}]", *(f"{key} = {quoted(value)}" for key, value in facts.items())]
    for unit in UNITS:
        for direction, forms in patterns(locale, unit):
            cells = ", ".join(f"{form} = {quoted(text)}" for form, text in forms.items())
            lines.append(f"{direction}.{unit} = {{ {cells} }}")
    return lines


def patterns(locale: Locale, unit: str) -> list[tuple[str, dict[str, str]]]:
    """Return the phrases of a unit, for the past and the future."""
    fields = locale._data["date_fields"][unit]
    return [
        (direction, {form: text.replace(" ({0})", "") for form, text in fields[direction].items()})
        for direction in ("past", "future")
    ]


def quoted(value: object) -> str:
    """Return a TOML string or list."""
    return json.dumps(value, ensure_ascii=False)


def main() -> None:
    """Write the file."""
    lines = [line for language in LANGUAGES for line in section(language)]
    TARGET.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
