"""Make bot/text/data/emoji_names/ from Unicode's CLDR, for the languages that `emoji` lacks.

    python -m tools.emoji_names DIRECTORY

DIRECTORY is CLDR's `common`, such as /usr/share/unicode/cldr/common of Debian's unicode-cldr-core.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import emoji

from bot.languages import LANGUAGES

TARGET = Path(__file__).parent.parent / "bot" / "text" / "data" / "emoji_names"
CONTROLS = re.compile("[\U0001f3fb-\U0001f3ff]")
SIGNS = {sign.replace("\ufe0f", "") for sign in emoji.EMOJI_DATA}


def names(common: Path, language: str) -> dict[str, str]:
    """Return the name of each emoji without skin tones and variation selectors."""
    found: dict[str, str] = {}
    for folder in ("annotations", "annotationsDerived"):
        for entry in ElementTree.parse(common / folder / f"{language}.xml").iter("annotation"):
            sign = entry.get("cp", "")
            if entry.get("type") == "tts" and sign in SIGNS and not CONTROLS.search(sign):
                found[sign] = " ".join((entry.text or "").replace(":", " ").split())
    return found


def main() -> None:
    """Write a file for each language."""
    common = Path(sys.argv[1])
    for language in sorted(set(LANGUAGES) - set(emoji.LANGUAGES)):
        rows = sorted(names(common, language).items())
        text = "".join(f"{sign}\t{name}\n" for sign, name in rows)
        (TARGET / f"{language}.tsv").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
