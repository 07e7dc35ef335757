"""Unicode emoji by their short names, in the text's language.

The `emoji` package has the names of Unicode's CLDR in twelve of the bot's languages;
data/emoji_names/ has them for the others, made by tools/emoji_names.py from the same source.
"""

from __future__ import annotations

import functools
import re
from importlib import resources

import emoji

from bot.text.dictionary import NO_ENTRIES, Entries
from bot.text.kept import KeptWords
from bot.text.words import base_language

_SKIN_TONE = re.compile("[\U0001f3fb-\U0001f3ff]")
_VARIATION = "\ufe0f"
_KEYCAP = "\u20e3"
_TEXT = "\ufe0e"
# These are marks and letters of ordinary texts, unless they are asked for as pictures.
_ORDINARY = frozenset("©®™‼⁉ℹⓂ㊗㊙〰〽↔↕")
_NO_NAME = re.compile(r"[_:’]+")
_HEARTS = re.compile(r"(?<!\S)(</?3)(?!\S)|♥")  # the latter is of cards by its name
_FACES = re.compile(
    r"(?<!\S)(?:[:;=8][-'^o]?[()\[\]DPpOo3/\\|*]|[\^><T-][_.o-][\^><T-]|\^\^)(?!\S)"
)


def read_emoji(
    text: str, language: str | None, kept: KeptWords, entries: Entries = NO_ENTRIES
) -> str:
    """Return `text` with its emoji named; faces of ordinary marks, such as `:-)`, go."""
    text = _HEARTS.sub(lambda heart: "💔" if heart[0] == "</3" else "❤", text)
    text = _FACES.sub(" ", text)
    parts, end = [], 0
    for found in emoji.emoji_list(text):
        start, stop = found["match_start"], found["match_end"]
        sign = found["emoji"]
        if (said := entries.exact(sign)) is not None:
            parts += [text[end:start], kept.keep_emoji(said)]
            end = stop
            continue
        if sign in _ORDINARY or text[stop : stop + 1] == _TEXT:
            continue
        parts += [text[end:start], _named(sign, language, kept)]
        end = stop
    return "".join((*parts, text[end:]))


def _named(sign: str, language: str | None, kept: KeptWords) -> str:
    if sign.endswith(_KEYCAP):
        return f" {sign[0]} " if sign[0].isdigit() else " "
    if sign == "🔟":
        return " 10 "
    plain = _SKIN_TONE.sub("", sign)
    return kept.keep_emoji(emoji_name(plain, language)) if plain else ""


def emoji_name(sign: str, language: str | None) -> str:
    """Return the short name of an emoji without skin tones, "" if it has none.

    In English where `language` has no name for it.
    """
    code = base_language(language)
    bare = sign.replace(_VARIATION, "")
    if name := _own_names(code).get(bare):
        return name
    entry = emoji.EMOJI_DATA.get(sign) or emoji.EMOJI_DATA.get(bare) or {}
    if code in emoji.LANGUAGES:
        emoji.config.load_language(code)
    name = str(entry.get(code) or entry.get("en") or "")
    return " ".join(_NO_NAME.sub(" ", name).split())


@functools.cache
def _own_names(code: str) -> dict[str, str]:
    file = resources.files("bot.text") / "data" / "emoji_names" / f"{code}.tsv"
    if not file.is_file():
        return {}
    rows = (line.split("\t") for line in file.read_text("utf-8").splitlines() if "\t" in line)
    return dict(rows)
