"""In which language a chat message is written, as far as its letters show it."""

from __future__ import annotations

import re

from bot.reading.place import Context
from bot.reading.speaker import Speaker
from bot.text.words import base_language

_LETTERS = {
    "kana": re.compile("[\u3041-\u30ff\uff66-\uff9f]"),
    "han": re.compile("[\u3400-\u9fff\uf900-\ufaff]"),
    "hangul": re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]"),
    "cyrillic": re.compile("[\u0400-\u052f]"),
    "arabic": re.compile("[\u0620-\u06ff\u0750-\u077f]"),
    "hebrew": re.compile("[\u05d0-\u05ea]"),
    "greek": re.compile("[\u0370-\u03ff\u1f00-\u1fff]"),
    "devanagari": re.compile("[\u0900-\u097f]"),
    "latin": re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]"),
}
_LANGUAGE = {
    "kana": "ja",
    "han": "zh",
    "hangul": "ko",
    "cyrillic": "ru",
    "arabic": "ar",
    "hebrew": "he",
    "greek": "el",
    "devanagari": "hi",
}
_SCRIPTS = {language: (script,) for script, language in _LANGUAGE.items()} | {
    "ja": ("kana", "han"),
    "ko": ("hangul", "han"),
}
_NO_WORDS = re.compile(r"```.*?```|<[^<>\s]{1,110}>|https?://\S+|:\w+:", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]{2,}")

_FEW_WORDS = 3  # of Latin letters, as "ok" and "lol" are written in any language


def usual_language(context: Context, speaker: Speaker) -> str:
    """Return the ISO 639-1 code of what a member writes as a rule.

    What they chose, else that of their own voice, else the server's, else that of the voice that
    speaks for them. English counts last, because Discord gives it to servers that chose nothing.
    """
    voice, place = speaker.voice.language, context.place.language
    own = voice if speaker.own else None
    servers = place if base_language(place) != "en" else None
    return base_language(context.member.language or own or servers or voice)


def language_of(text: str, expected: str, otherwise: str = "en") -> str:
    """Return the ISO 639-1 code of the language that a raw text is read in.

    It is the `expected` one, unless most letters are of a script that it is not written in: then
    that script's, or for Latin letters `otherwise` (English if that has other letters, too).
    """
    expected = base_language(expected)
    text = _NO_WORDS.sub(" ", text[:1000])
    counts = {script: len(letters.findall(text)) for script, letters in _LETTERS.items()}
    if counts["kana"]:
        counts["kana"] += counts.pop("han")  # Japanese has both
    most = max(counts, key=lambda script: counts[script])
    scripts = _SCRIPTS.get(expected, ("latin",))
    if not counts[most] or most in scripts:
        return expected
    if most != "latin":
        return _LANGUAGE[most]
    if len(_WORD.findall(text)) < _FEW_WORDS:
        return expected
    otherwise = base_language(otherwise)
    return "en" if otherwise in _SCRIPTS else otherwise
