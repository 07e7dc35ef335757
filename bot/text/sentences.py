"""Text cut into pieces to speak one after another: sentences, or parts of long ones."""

from __future__ import annotations

import bisect
import functools
import itertools
import re
import unicodedata
from collections.abc import Iterator

import sentencex

from bot.text.abbreviations import belong_together
from bot.text.words import base_language

MIN_PIECE_LETTERS = 20
"""Shorter pieces are joined with a neighbour: Chatterbox turns a lone "Hi!" into gibberish."""

_DIGIT_LETTERS = 5  # about a word
# A character of Chinese is up to 8 tokens of Chatterbox (5 strokes, their end, which of several,
# a space), one of Japanese up to 7 of its reading; both take 0.2 to 0.3 s. A Korean syllable is up
# to 3 tokens and 0.2 s, kana up to 2 and 0.13 s, a letter 1 and 0.065 s.
_SCRIPTS = (
    ("\u3040", "\u30ff", 2),  # kana
    ("\u3005", "\u3007", 5),  # marks that are read as characters
    ("\u3400", "\u9fff", 5),  # Han
    ("\uac00", "\ud7a3", 3),  # Hangul
    ("\uf900", "\ufaff", 5),  # Han
    ("\U00020000", "\U0003ffff", 5),  # Han
)

_MOST_LETTERS = {"zh": 240}
"""Of a piece, by language. Chatterbox separates the words of Chinese by spaces, and any character
may be a word: up to 2 tokens a letter, of 490."""

# A point counts after a longer word only: before it, a shorter one may be an abbreviation.
_CLAUSE_END = re.compile(
    r"[!?;:,)\]\"؟،؛।]+(?=\s)|(?<=\w{5})\.(?=\s)|\s-(?=\s)|[。！？，、；：」』）]+"
)


def is_speakable(text: str) -> bool:
    """Whether `text` has a letter or a digit."""
    return any(unicodedata.category(character)[0] in "LN" for character in text)


def letters(text: str) -> int:
    """Return how long `text` is, in letters of an alphabet that take as long to say.

    A Chinese character or a digit is five, a Korean syllable three, a Japanese kana two, an accent
    one more.
    """
    return sum(map(_letters, text))


def split_sentences(
    text: str,
    *,
    language: str | None = None,
    max_characters: int = 260,
    first_max_characters: int = 100,
) -> tuple[str, ...]:
    """Cut cleaned `text` into pieces to synthesise one after another.

    A piece is a sentence, or part of a long one: at most `max_characters` (the first one
    `first_max_characters`, so that sound starts early) as `letters` counts them, cut at the end of
    a clause or else between words. A word is cut only when it alone is longer than
    `max_characters`. Pieces below `MIN_PIECE_LETTERS` are joined with a neighbour where the limits
    allow. Chinese pieces have at most 240 letters in any case.

    language: ISO 639-1 code, with or without a region; None is taken for English.
    """
    code = base_language(language)
    max_characters = min(max_characters, _MOST_LETTERS.get(code, max_characters))
    first_max_characters = min(first_max_characters, max_characters)
    sentences = _join_short(_sentences(text, code), max_characters)
    pieces = [piece for sentence in sentences for piece in _cut(sentence.strip(), max_characters)]
    if pieces:
        pieces[:1] = _cut_first(pieces[0], first_max_characters)
    return tuple(piece for piece in pieces if is_speakable(piece))


def _sentences(text: str, code: str) -> list[str]:
    """Return the sentences of `text`; joined, they are `text`."""
    sentences: list[str] = []
    for sentence in sentencex.segment(code, text):
        if sentences and belong_together(sentences[-1], sentence, code):
            sentence = sentences.pop() + sentence
        sentences.append(sentence)
    return sentences


def _is_longer(text: str, limit: int) -> bool:
    # A character is a letter at least: what stands further behind need not be counted.
    return letters(text[: limit + 1]) > limit


@functools.lru_cache(maxsize=10_000)
def _letters(character: str) -> int:
    if character.isdigit():
        return _DIGIT_LETTERS
    for first, last, count in _SCRIPTS:
        if first <= character <= last:
            return count
    return len(unicodedata.normalize("NFKD", character))


def _join_short(sentences: list[str], limit: int) -> list[str]:
    joined: list[str] = []
    for sentence in sentences:
        if joined and _is_short(joined[-1]):
            sentence = joined.pop() + sentence
        joined.append(sentence)
    if len(joined) > 1 and _is_short(joined[-1]):
        together = joined[-2] + joined[-1]
        # Not where it would only bring about a cut elsewhere.
        if not _is_longer(together, limit) or _is_longer(joined[-2], limit):
            joined[-2:] = [together]
    return joined


def _is_short(text: str) -> bool:
    return not _is_longer(text.strip(), MIN_PIECE_LETTERS - 1)


def _cut(text: str, limit: int) -> Iterator[str]:
    while _is_longer(text, limit):
        fitting = _fitting(text, limit)
        end = _roomy_break(text, fitting) or _last_space(text, fitting)
        end = end or _hard_break(text, fitting)
        yield text[:end].strip()
        text = text[end:].strip()
    yield text


def _cut_first(text: str, limit: int) -> list[str]:
    """Cut off a short beginning, if there is a good place for it."""
    end = _roomy_break(text, _fitting(text, limit)) if _is_longer(text, limit) else 0
    return [text[:end].strip(), text[end:].strip()] if end else [text]


def _fitting(text: str, limit: int) -> int:
    """Return how many characters at the beginning are at most `limit` letters."""
    return bisect.bisect_right(list(itertools.accumulate(map(_letters, text[: limit + 1]))), limit)


def _roomy_break(text: str, last: int) -> int:
    """Return the last place up to `last` to cut that leaves no short piece on either side, or 0.

    The end of a clause goes before a space.
    """
    first = _fitting(text, MIN_PIECE_LETTERS - 1) + 1
    last = min(
        last, len(text) - _fitting(text[: -MIN_PIECE_LETTERS - 1 : -1], MIN_PIECE_LETTERS - 1) - 1
    )
    clause_ends = [match.end() for match in _CLAUSE_END.finditer(text, 0, max(0, last) + 1)]
    for ends in (clause_ends, [_last_space(text, last)]):
        if fitting := [end for end in ends if first <= end <= last]:
            return fitting[-1]
    return 0


def _last_space(text: str, limit: int) -> int:
    return max(0, text.rfind(" ", 0, limit + 1))


def _hard_break(text: str, limit: int) -> int:
    """Return where to cut inside a word: at the limit, but not before a combining mark."""
    end = max(1, limit)
    while end > 1 and unicodedata.combining(text[end]):
        end -= 1
    return end
