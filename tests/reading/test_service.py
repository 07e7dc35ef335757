"""From a message to what is said, with real settings and voices."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.reading.backlog import MOST_HURRY
from bot.reading.message import webhook_author
from bot.reading.reading import Reading
from bot.reading.repeats import SECONDS_APART
from bot.reading.rules import SkipReason
from bot.reading.service import ReadingService
from bot.reading.speaker import Speakers
from bot.settings.service import SettingsService
from bot.text.engine_reads import PIPER
from bot.text.names import Names
from storage.settings import SettingsStore
from storage.types import OPERATOR_GUILD_ID
from storage.voices import VoiceStore
from tests.reading.making import (
    ANN,
    BEN,
    GUILD,
    NOW,
    PLACE,
    Clock,
    add,
    author,
    heard,
    message,
    reading_of,
    set_guild,
)


@pytest.fixture(autouse=True)
async def _narrator(store: VoiceStore) -> None:
    await add(store, "narrator", OPERATOR_GUILD_ID)


async def test_a_message_is_said_with_the_name_of_who_wrote_it(reading: ReadingService) -> None:
    read = await reading_of(reading, message("hello"))
    assert heard(reading, read) == ["Anna says:\n\nhello"]
    assert read.text == "hello"
    assert (read.guild_id, read.member_id, read.message_id) == (GUILD, ANN, 1)


async def test_a_name_is_said_in_the_order_of_speech(reading: ReadingService) -> None:
    first = await reading_of(reading, message("one"))
    second = await reading_of(reading, message("two"))
    reading.ended(first, heard=False)  # dropped before its turn
    assert heard(reading, second) == ["Anna says:\n\ntwo"]


async def test_what_is_begun_again_is_the_same(reading: ReadingService) -> None:
    read = await reading_of(reading, message("hello"))
    assert reading.begin(read) is reading.begin(read)


async def test_ones_own_voice_needs_no_name(reading: ReadingService, store: VoiceStore) -> None:
    await add(store, "ann", owner=ANN)
    read = await reading_of(reading, message("hello"))
    assert heard(reading, read) == ["hello"]
    assert read.speaker.voice.name == "ann"


async def test_rules_are_asked(reading: ReadingService, settings: SettingsService) -> None:
    await set_guild(settings, muted_members=[ANN])
    assert await reading.read(message(), PLACE) is SkipReason.MUTED
    await settings.change_member(GUILD, BEN, "be_read", False)
    bens = message(author=author(BEN, "Ben"))
    assert await reading.read(bens, PLACE) is SkipReason.MUTED_BY_THEMSELVES


async def test_a_repetition_is_not_read(reading: ReadingService, clock: Clock) -> None:
    first = await reading_of(reading, message("lol"))
    assert await reading.read(message("lol", id=2), PLACE) is SkipReason.REPEATED
    heard(reading, first)
    assert await reading.read(message("lol", id=3), PLACE) is SkipReason.REPEATED
    clock.now += SECONDS_APART
    await reading_of(reading, message("lol", id=4))


async def test_a_member_is_read_so_often_a_minute(
    reading: ReadingService, settings: SettingsService, clock: Clock
) -> None:
    await set_guild(settings, reads_per_minute=2)
    for number in range(2):
        await reading_of(reading, message(f"number {number}"))
    assert await reading.read(message("another"), PLACE) is SkipReason.TOO_MANY
    await reading_of(reading, message("another", author=author(BEN, "Ben")))
    clock.now += 60
    await reading_of(reading, message("another"))


async def test_what_is_not_read_takes_no_place_of_the_minute(
    reading: ReadingService, settings: SettingsService
) -> None:
    await set_guild(settings, reads_per_minute=1)
    assert await reading.read(message("; quiet"), PLACE) is SkipReason.PREFIX
    await reading_of(reading, message("loud"))


async def test_without_any_voice_nothing_is_read(
    reading: ReadingService, store: VoiceStore
) -> None:
    await store.delete((await store.find(GUILD, "narrator")).id)
    assert await reading.read(message(), PLACE) is SkipReason.NO_VOICE
    assert await reading.left_out(GUILD, 1, PLACE) is None
    assert await reading.joined(GUILD, author(), PLACE) is None


async def test_when_much_waits_speech_is_faster(
    reading: ReadingService, settings: SettingsService
) -> None:
    assert reading.begin(await reading_of(reading, message("one"))).hurry == 1
    late = await reading_of(reading, message("two"))
    assert reading.begin(late, waiting_seconds=100).hurry == MOST_HURRY
    await set_guild(settings, hurry=False)
    calm = await reading_of(reading, message("three"))
    assert reading.begin(calm, waiting_seconds=100).hurry == 1


async def test_what_was_left_out_is_told_once(reading: ReadingService) -> None:
    notice = await reading.left_out(GUILD, 3, PLACE)
    assert notice is not None
    assert await reading.left_out(GUILD, 2, PLACE) is None  # the first waits still
    assert heard(reading, notice) == ["5 messages left out."]
    notice = await reading.left_out(GUILD, 1, PLACE)
    assert notice is not None
    assert heard(reading, notice) == ["One message left out."]


async def test_a_notice_that_was_dropped_is_told_with_the_next(reading: ReadingService) -> None:
    notice = await reading.left_out(GUILD, 3, PLACE)
    assert notice is not None
    reading.begin(notice)
    reading.ended(notice, heard=False)
    notice = await reading.left_out(GUILD, 2, PLACE)  # itself and another
    assert notice is not None
    assert heard(reading, notice) == ["4 messages left out."]


async def test_after_a_notice_the_name_is_said_again(reading: ReadingService) -> None:
    heard(reading, await reading_of(reading, message("one")))
    notice = await reading.left_out(GUILD, 3, PLACE)
    assert notice is not None
    heard(reading, notice)
    assert heard(reading, await reading_of(reading, message("two"))) == ["Anna says:\n\ntwo"]


async def test_who_is_forgotten_is_named_again(reading: ReadingService) -> None:
    heard(reading, await reading_of(reading, message("one")))
    reading.forget(GUILD)
    assert heard(reading, await reading_of(reading, message("two"))) == ["Anna says:\n\ntwo"]


async def test_a_message_is_spoken_in_the_voice_of_who_asks(
    reading: ReadingService, store: VoiceStore
) -> None:
    await add(store, "ben", owner=BEN)
    silent = message("; hello", author=author(in_call=False))
    read = await reading.speak_this(silent, PLACE, voice_of=author(BEN, "Ben"))
    assert isinstance(read, Reading)
    assert read.speaker.voice.name == "ben"
    assert heard(reading, read) == ["Anna says:\n\n; hello"]


async def test_who_is_not_to_be_read_is_not_spoken_either(
    reading: ReadingService, settings: SettingsService
) -> None:
    asker = author(BEN, "Ben")
    assert await reading.speak_this(message("?!"), PLACE, voice_of=asker) is (
        SkipReason.NOTHING_TO_SAY
    )
    await settings.change_member(GUILD, ANN, "be_read", False)
    assert await reading.speak_this(message(), PLACE, voice_of=asker) is (
        SkipReason.MUTED_BY_THEMSELVES
    )


async def test_text_and_announcement_are_parts_in_their_languages(
    reading: ReadingService, settings: SettingsService
) -> None:
    await settings.change_member(GUILD, ANN, "language", "de")
    said = reading.begin(await reading_of(reading, message("hallo"))).parts
    assert [(part.text, part.language) for part in said] == [
        ("Anna says:", "en"),
        ("hallo", "de"),
    ]


async def test_an_engine_of_one_language_is_given_one_part(
    settings: SettingsService, choices: SettingsStore
) -> None:
    reading = ReadingService(settings, Speakers(choices), lambda: PIPER)
    german = replace(PLACE, language="de")
    read = await reading.read(message("hallo"), german)
    assert isinstance(read, Reading)
    [part] = reading.begin(read).parts
    assert (part.text, part.language) == ("Anna says:\n\nhallo", "en")


async def test_whom_a_webhook_writes_for_are_told_apart(
    reading: ReadingService, settings: SettingsService
) -> None:
    await set_guild(settings, read_webhooks=True)
    for name in ("Fox", "Owl"):
        one = author(webhook_author(5, name), name, webhook=True)
        read = await reading_of(reading, message(f"I am {name}", author=one))
        assert heard(reading, read) == [f"{name} says:\n\nI am {name}"]


async def test_mere_marks_are_looked_at_closely(reading: ReadingService) -> None:
    for marks in ("(´・ω・`)", "ㅠㅠ", ":-)", "<b>"):
        assert await reading.read(message(marks), PLACE) is SkipReason.NOTHING_TO_SAY
    assert heard(reading, await reading_of(reading, message("<3"))) == ["Anna says:\n\n<3"]


async def test_members_are_called_as_they_wish_wherever_they_are_named(
    reading: ReadingService, settings: SettingsService
) -> None:
    await settings.change_member(GUILD, BEN, "spoken_name", "Benny")
    names = Names(members={BEN: "xX_B3n_Xx"}, typed_at=NOW)
    answer = message(f"hi <@{BEN}>", names=names, reply_to="xX_B3n_Xx", reply_to_id=BEN)
    read = await reading_of(reading, answer)
    assert read.names.members[BEN] == "Benny"
    assert heard(reading, read) == [f"Anna answers Benny:\n\nhi <@{BEN}>"]


async def test_messages_fit_into_what_is_spoken_at_most(
    settings: SettingsService, choices: SettingsStore
) -> None:
    await set_guild(settings, max_characters=2000)
    reading = ReadingService(settings, Speakers(choices), most_characters=60)
    read = await reading_of(reading, message("one two " * 100))
    [text] = heard(reading, read)
    assert text == f"Anna says:\n\n{'one two ' * 5}".strip() + "\n\nAnd so on."
