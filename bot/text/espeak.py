"""What is changed in a text for espeak-ng, which turns it into sounds for Piper.

All as heard from espeak-ng 1.52 with the English voice.
"""

from __future__ import annotations

import re

from bot.text.words import base_language

# "m²" is "m two", "km/h" "k m slash h", "5 kg" "five k g", "$5" "dollar five", "10^2" "ten two",
# "3-5" "three five", "10:00" "ten zero zero", "16:9" "sixteen colon nine", "1990s" "ninety z", "II"
# "Roman two". "No. 5" ends a sentence, a date has dashes, "3 < 5" loses its sign.
MISREADS = re.compile(
    r"[½¼¾⅐-⅞¹²³⁰-₉№℃℉°^<>=±×÷]|[$€£¥₹₽]|\d\s?[%*/+-]\s?\d|\d x \d|\d%|\d\s?["
    "\"']"
    r"|\d\s?(?:km/h|m/s|mph|[mkc]?m|[mk]?g|m?l|lbs?|oz|ft|min|[hsVWA]|ms|kWh?|kcal|dB|[kMG]?Hz|[kKMGT]B)\b"
    r"|\b\d{4}-\d\d-\d\d\b|\bv\d|\+\d|\d_\d|#\d|\d0s\b"
    r"|\d:0|:[6-9]\d|\d:\d(?!\d)|:\d{3}|\d{3}:"
    r"|\b0\d+ \d|\d{4} \d{4} \d|\b[nN]os?\. ?\d"
    r"|\b[IVX]{2,}\b|(?<=[a-z] )[VX]\b"
)

_SHORTENED = {
    "Ms": "Miz", "Mx": "Mix", "Prof": "Professor", "Rev": "Reverend", "Hon": "Honorable",
    "Lt": "Lieutenant", "Col": "Colonel", "Gen": "General", "Sgt": "Sergeant", "Capt": "Captain",
    "Maj": "Major", "Cmdr": "Commander", "Gov": "Governor", "Sen": "Senator",
    "Rep": "Representative", "Pres": "President", "Mme": "Madame", "Mlle": "Mademoiselle",
}  # fmt: skip
_ENGLISH_TITLE = re.compile(rf"\b({'|'.join(_SHORTENED)})\.(?=\s+[^\W\d_a-z])|\b(Ms)(?=\s+[A-Z])")
_VERSUS = re.compile(r"\bvs\.?(?=\s)")
_INITIALS = re.compile(r"\b([A-Z])\.(?=\s?[A-Z](?:\.|[a-z]))")
_TITLES = re.compile(
    r"\b(Mr|Mrs|Dr|St|Sr|Jr|Messrs|Hr|Fr|Sra|Srta|Dra|Sig|"
    rf"{'|'.join(_SHORTENED)})\.(?=\s+[^\W\d_a-z])"
)
_ELLIPSIS = re.compile(r"\s*\.{3}\s*(?=[^\s.])")
_ROMAN = re.compile(r"\b(?=[IVX]{2})X{0,3}(?:IX|IV|V?I{0,3})\b")


def respell(text: str, language: str | None) -> str:
    """Return `text` so that espeak reads abbreviations as words, and pauses where it should.

    It ends a sentence after "Dr." and "J.", which Piper pauses at, and runs "wait...what" together.
    A comma is a pause of 0.3 s.
    """
    if base_language(language) == "en":
        text = _ENGLISH_TITLE.sub(lambda match: _SHORTENED[match[1] or match[2]], text)
        text = _VERSUS.sub("versus", text)
    text = _TITLES.sub(r"\1", _INITIALS.sub(r"\1", text))
    text = _ROMAN.sub(lambda match: " ".join(match[0]), text)  # "IV drip": no number is meant
    return _ELLIPSIS.sub(", ", text).removeprefix(", ")
