"""Words, names of emoji and times, by language."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime

import emoji
import pytest

from bot.languages import LANGUAGES
from bot.text.emojis import emoji_name
from bot.text.timestamps import timestamp_words
from bot.text.words import Words, words_of

NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word_of_its_own(language: str) -> None:
    words = words_of(language)
    assert all(getattr(words, field.name).strip() for field in fields(Words))
    assert "{site}" in words.link_to
    assert language == "en" or words.someone != words_of("en").someone


def test_an_unknown_language_is_read_like_english() -> None:
    assert words_of("xx") is words_of(None) is words_of("en-GB")
    assert words_of("nb") is words_of("no")


@pytest.mark.parametrize(
    ("seconds", "language", "said"),
    [
        (-5, "en", "5 seconds ago"),
        (0, "en", "1 second ago"),
        (60, "en", "in 1 minute"),
        (2 * 3600, "en", "in 2 hours"),
        (-86_400, "en", "1 day ago"),
        (14 * 86_400, "en", "in 2 weeks"),
        (2 * 3600, "de", "in 2 Stunden"),
        (5 * 3600, "pl", "za 5 godzin"),
        (3 * 3600, "ru", "через 3 часа"),
        (5 * 3600, "ru", "через 5 часов"),
        (2 * 3600, "ar", "خلال ساعتين"),
        (2 * 3600, "he", "בעוד שעתיים"),
        (3600, "no", "om 1 time"),
        (-180, "ja", "3 分前"),
        (3600, "xx", "in 1 hour"),
    ],
)
def test_relative_times_agree_with_their_number(seconds: int, language: str, said: str) -> None:
    assert timestamp_words(int(NOW.timestamp()) + seconds, "R", language, NOW) == said


@pytest.mark.parametrize(
    ("style", "language", "said"),
    [
        ("t", "en", "10:13 PM UTC"),
        ("T", "en", "10:13:20 PM UTC"),
        ("t", "de", "22:13 UTC"),
        ("d", "en", "November 14, 2023"),
        ("D", "fr", "14 novembre 2023"),
        ("D", "pl", "14 listopada 2023"),
        ("D", "ru", "14 ноября 2023 года"),
        ("f", "es", "14 de noviembre de 2023, 22:13 UTC"),
        ("F", "fi", "tiistai 14. marraskuuta 2023, 22:13 UTC"),
        ("s", "en", "November 14, 2023, 10:13 PM UTC"),
        ("S", "en", "November 14, 2023, 10:13:20 PM UTC"),
        ("x", "ko", "2023년 11월 14일, 22:13 UTC"),
    ],
)
def test_every_style_is_said_in_the_language(style: str, language: str, said: str) -> None:
    assert timestamp_words(int(NOW.timestamp()), style, language, NOW) == said


def test_what_no_calendar_has_is_none() -> None:
    assert timestamp_words(10**20, "F", "en", NOW) is None
    assert timestamp_words(-(10**20), "R", "en", NOW) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_common_emoji_have_names_of_the_language(language: str) -> None:
    english = [emoji_name(sign, "en") for sign in "👍😂🔥🎉"]
    assert english == ["thumbs up", "face with tears of joy", "fire", "party popper"]
    if language != "en":
        assert not set(english) & {emoji_name(sign, language) for sign in "👍😂🔥🎉"}


def test_every_emoji_has_a_name() -> None:
    assert all(emoji_name(sign, "en") for sign in emoji.EMOJI_DATA)
    assert all(emoji_name(sign, "da") for sign in emoji.EMOJI_DATA)
