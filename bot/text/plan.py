"""The way of a text: cleaned, made readable for an engine, cut into pieces."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from bot.errors import UserError
from bot.i18n import Translatable
from bot.text.addresses import read_addresses, read_links
from bot.text.dictionary import NO_ENTRIES, Dictionary, Entries, read_marked
from bot.text.discord_markup import (
    read_code_and_spoilers,
    read_ids,
    read_long_numbers,
    read_markup,
)
from bot.text.emojis import read_emoji
from bot.text.engine_reads import WORDS, EngineReads
from bot.text.kaomoji import without_kaomoji
from bot.text.kept import KeptWords, without_private
from bot.text.laughs import read_laughs
from bot.text.markdown import read_markdown
from bot.text.marks import collapse_letters, collapse_marks, plain_characters
from bot.text.names import Names
from bot.text.sentences import is_speakable, split_sentences
from bot.text.words import words_of

_MAX_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class TextLimits:
    """Bounds of a text, in characters, and of its pieces, in letters (`sentences.letters`).

    first_sentence_characters: of the first piece, so that sound starts early.
    """

    max_characters: int = 3000
    sentence_characters: int = 260
    first_sentence_characters: int = 100


def plan_text(
    text: str,
    limits: TextLimits,
    *,
    language: str | None = None,
    names: Names | None = None,
    reads: EngineReads = WORDS,
    dictionary: Dictionary | None = None,
) -> tuple[str, ...]:
    """Return what an engine is asked to say for a raw `text`, piece by piece.

    language: ISO 639-1 code, None for the engine's own, in which it reads a text in any language
    that it does not speak. names: who is mentioned. reads: what the engine makes of a text.
    dictionary: how words are spoken here.

    Raises `UserError` when there is nothing to say, or too much.
    """
    language = reads.language(language)
    cleaned = clean_text(
        text,
        max_characters=limits.max_characters,
        language=language,
        names=names,
        dictionary=dictionary,
    )
    pieces = split_sentences(
        reads.prepare(cleaned, language),
        language=language,
        max_characters=min(limits.sentence_characters, reads.most_letters or sys.maxsize),
        first_max_characters=limits.first_sentence_characters,
    )
    return tuple(map(reads.finish, pieces))


def clean_text(
    text: str,
    *,
    max_characters: int,
    language: str | None = None,
    names: Names | None = None,
    dictionary: Dictionary | None = None,
) -> str:
    """Return `text` as one line of words: what is written in marks is read, marks are not.

    Cleaned text stays as it is when it is cleaned again, without the dictionary.

    Raises `UserError` when nothing is left to say, or more than `max_characters`.
    """
    # The bound before cleaning is wide, and keeps the work bounded.
    if len(text) > 10 * max_characters:
        raise _too_long(len(text), max_characters)
    names = names or Names()
    if dictionary is not None:  # for once: what an entry says is not replaced again
        text = _clean(text, language, names, dictionary.entries(language))
    for _ in range(_MAX_ROUNDS):  # what a step uncovers may be for an earlier one
        before, text = text, _clean(text, language, names)
        if text == before:
            break
    if not is_speakable(text):
        raise UserError(
            Translatable(
                "There is nothing to say in that text. Write at least one letter or digit."
            )
        )
    if len(text) > max_characters:
        raise _too_long(len(text), max_characters)
    return text


def _clean(text: str, language: str | None, names: Names, entries: Entries = NO_ENTRIES) -> str:
    words, kept = words_of(language), KeptWords()
    text = read_marked(without_private(text), entries, kept)
    text = read_emoji(without_kaomoji(text), language, kept, entries)
    text = read_code_and_spoilers(plain_characters(text), words, kept)
    text = read_links(text, words, kept)
    text = read_markup(text, language, names, kept, entries)
    text = read_addresses(text, words, kept)
    text = read_laughs(entries.replace(read_markdown(text, language)), language)
    text = read_ids(text, words, kept)
    text = collapse_marks(collapse_letters(text))
    return collapse_marks(read_long_numbers(kept.put_back(text)))  # a host may hold one


def _too_long(characters: int, limit: int) -> UserError:
    return UserError(
        Translatable(
            "That text has {count:,} characters; the limit is {limit:,}. Say it in parts.",
            count=characters,
            limit=limit,
        )
    )
