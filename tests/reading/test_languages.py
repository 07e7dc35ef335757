"""In which language a message is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.reading.languages import language_of, usual_language
from bot.reading.place import Context
from bot.reading.speaker import Speaker
from bot.settings.member import MemberSettings
from storage.types import VoiceProfile
from tests.reading.making import PLACE, context


@pytest.mark.parametrize(
    ("text", "expected", "language"),
    [
        ("hallo", "de", "de"),
        ("hello", "en", "en"),
        ("", "fr", "fr"),
        ("😂 !!", "ja", "ja"),
        ("123", "ru", "ru"),
        ("こんにちは", "en", "ja"),
        ("今日は晴れ", "en", "ja"),
        ("漢字", "ja", "ja"),
        ("漢字", "en", "zh"),
        ("漢字", "zh", "zh"),
        ("こんにちは", "zh", "ja"),
        ("안녕", "ja", "ko"),
        ("привет", "de", "ru"),
        ("مرحبا", "en", "ar"),
        ("שלום", "en", "he"),
        ("γεια", "en", "el"),
        ("नमस्ते", "en", "hi"),
        ("lol", "ja", "ja"),
        ("ok nice", "ru", "ru"),
        ("this is all English", "ja", "en"),
        ("см. https://example.com/a/long/path", "ru", "ru"),
        ("<:smiling_face:879080584675213393> да", "ru", "ru"),
        ("hallo Маша, wie geht es dir?", "de", "de"),
    ],
)
def test_letters_tell_the_language(text: str, expected: str, language: str) -> None:
    assert language_of(text, expected) == language


def test_latin_letters_are_of_the_servers_language() -> None:
    assert language_of("das ist gar nicht Japanisch", "ja", "de") == "de"
    assert language_of("this is no Japanese either", "ja", "ko") == "en"


def speaker(language: str | None, *, own: bool) -> Speaker:
    made = datetime(2024, 1, 1, tzinfo=UTC)
    voice = VoiceProfile(
        1, 10, "ann", "f" * 64, 10.0, language, None, None, None, None, None, made, None, 0, None
    )
    return Speaker(voice, own)


def place_in(language: str, member: MemberSettings | None = None) -> Context:
    return context(replace(PLACE, language=language), member)


def test_what_a_member_chose_comes_first() -> None:
    chosen = MemberSettings(language="fr")
    assert usual_language(place_in("de", chosen), speaker("ja", own=True)) == "fr"


def test_ones_own_voice_tells_the_language() -> None:
    assert usual_language(place_in("de"), speaker("ja", own=True)) == "ja"


def test_a_server_tells_the_language_of_those_without_a_voice() -> None:
    assert usual_language(place_in("de"), speaker("ja", own=False)) == "de"


def test_a_server_that_chose_nothing_leaves_it_to_the_voice() -> None:
    assert usual_language(place_in("en"), speaker("ja", own=False)) == "ja"
    assert usual_language(place_in("en"), speaker(None, own=False)) == "en"
