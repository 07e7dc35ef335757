"""Whatever is written, something short is said of it, in parts of one language each."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import UserError
from bot.i18n import LOCALES
from bot.reading.message import ChatMessage
from bot.reading.rules import nothing_to_say
from bot.reading.spoken import SpokenPart, in_parts, spoken_parts
from bot.text.plan import clean_text
from tests.reading.making import PLACE, context, message

TEXTS = (
    st.lists(
        st.sampled_from(
            [
                *(
                    "hello",
                    "привет",
                    "今日は",
                    "안녕",
                    "مرحبا",
                    "wwww",
                    "(´・ω・`)",
                    "😂",
                    "♥",
                    "7",
                    ". ",
                ),
                *("```", "||", "**", "<@1>", "<:pog:879080584675213393>", "https://a.example/b"),
                *(" ", "\n", "。", "!", "ㅠㅠ", "x" * 90, "\u200b"),
            ]
        ),
        max_size=40,
    ).map("".join)
    | st.text(max_size=200)
    | st.just("")
)
MESSAGES = st.builds(
    message,
    TEXTS,
    attachments=st.lists(st.sampled_from(["image", "voice message", "file"]), max_size=3).map(
        tuple
    ),
    stickers=st.lists(st.sampled_from(["Wave", "🌙", "スタンプ"]), max_size=3).map(tuple),
    poll=st.none() | TEXTS,
    forwarded=st.none() | TEXTS,
    reply_to=st.sampled_from([None, "Ben", "アンナ", "🌙", "Anna"]),
    embeds=st.lists(TEXTS, max_size=4).map(tuple),
)
NAMES = st.sampled_from([None, "Anna", "アンナ", "Somebody"])


def sayable(part: SpokenPart) -> bool:
    """Whether it can be said; it is never too much."""
    try:
        clean_text(part.text, max_characters=3000, language=part.language)
    except UserError as error:
        if "nothing to say" not in str(error):
            raise
        return False
    return True


@settings(max_examples=150)
@given(
    MESSAGES, NAMES, st.sampled_from(["en", "ja", "de"]), st.sampled_from(LOCALES), st.booleans()
)
def test_of_any_message_something_can_be_said(
    written: ChatMessage, name: str | None, language: str, locale: str, embeds: bool
) -> None:
    where = context(replace(PLACE, locale=locale), read_embeds=embeds)
    if nothing_to_say(written, where) is not None:
        return
    parts = spoken_parts(written, where, language, name)
    assert any(map(sayable, parts))
    assert all(one.language != other.language for one, other in pairwise(parts))


def test_a_name_in_other_letters_is_a_part_of_its_own() -> None:
    parts = list(in_parts("Anna answers アンナ:", ["Anna", "アンナ"], "en"))
    assert parts == [
        SpokenPart("Anna answers", "en"),
        SpokenPart("アンナ", "ja"),
        SpokenPart(":", "en"),
    ]
