"""The data files of bot/text, held to what they were made from."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta

import emoji
import pytest
from babel import Locale
from babel.dates import format_date, format_timedelta

from bot.languages import LANGUAGES
from bot.text.emojis import emoji_name
from bot.text.timestamps import plural, timestamp_words
from bot.text.words import Words, words_of

NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word_of_its_own(language: str) -> None:
    words = words_of(language)
    assert all(getattr(words, field.name).strip() for field in fields(Words))
    assert "{site}" in words.link_to
    assert language == "en" or words.someone != words_of("en").someone


def test_an_unknown_language_is_read_like_english() -> None:
    assert words_of("xx") is words_of(None) is words_of("en-GB")
    assert words_of("nb") is words_of("no")


@pytest.mark.parametrize("language", LANGUAGES)
def test_plurals_are_those_of_cldr(language: str) -> None:
    rule = Locale.parse(language).plural_form
    forms = {number: rule(number) for number in range(1, 200)}
    assert {number: plural(number, language) for number in forms} == forms | {
        # French and Portuguese have forms of their own for 0 and for millions alone.
        number: plural(number, language)
        for number, form in forms.items()
        if form == "many" and language in ("es", "fr", "it", "pt")
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_relative_times_are_those_of_cldr(language: str) -> None:
    for unit, length in UNITS.items():
        for number in (1, 2, 3):
            for sign in (-1, 1):
                delta = timedelta(seconds=sign * number * length)
                said = timestamp_words(int((NOW + delta).timestamp()), "R", language, NOW)
                expected = format_timedelta(
                    delta, granularity=unit, threshold=10, add_direction=True, locale=language
                )  # type: ignore[call-overload]
                assert said == expected.replace(f" ({number})", "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_dates_are_those_of_cldr(language: str) -> None:
    for style, length in (("D", "long"), ("F", "full")):
        said = timestamp_words(int(NOW.timestamp()), style, language, NOW) or ""
        expected = format_date(NOW, length, locale=language).replace("г.", "года")  # type: ignore[arg-type]
        assert said.startswith(expected)


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
