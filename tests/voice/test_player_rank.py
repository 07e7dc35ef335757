"""What a member asked for goes before chatter."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import BusyError
from bot.voice.player import SkipOutcome, Ticket
from bot.voice.utterances import Rank, UtteranceEnd
from tests.voice.stage import Script
from tests.voice.stepped import Stepped, made, settle

ALL = 60  # more packets than any of these texts have, with the silence between them
AUTHOR, ASKER = 7, 8
PLAYED = UtteranceEnd.PLAYED


def message(*names: str, **details: object) -> Script:
    return Script([made(name) for name in names or ("m1", "m2", "m3")], **details)


def command(name: str = "c1", **details: object) -> Script:
    return Script([made(name)], **details)


def ends(*tickets: Ticket) -> list[UtteranceEnd]:
    return [ticket.ended.result() for ticket in tickets]


async def begun(stepped: Stepped, **details: object) -> Ticket:
    """Return a message of three sentences, of whose first two packets were heard."""
    ticket = stepped.read(message(), member_id=AUTHOR, **details)
    await settle()
    await stepped.send(2)
    assert stepped.sent == ["m1 0", "m1 1"]
    return ticket


async def paused(stepped: Stepped, gate: asyncio.Event) -> tuple[Ticket, Ticket]:
    """Return a message that made way for a command, and the command, which is being made."""
    reading = await begun(stepped)
    said = stepped.say(command(gates=[gate]), member_id=ASKER)
    await stepped.send(10)
    assert stepped.sentences == ["m1"]
    assert not any(entry.speaking for entry in stepped.player.snapshot())
    return reading, said


async def test_chatter_gives_way_after_its_sentence_and_goes_on_after_the_commands() -> None:
    stepped = Stepped()
    reading = await begun(stepped)
    waiting = stepped.read(message("n"))
    commands = [stepped.say(command("c1")), stepped.say(command("c2"))]
    await settle()
    await stepped.send(ALL)
    assert stepped.sentences == ["m1", "c1", "c2", "m2", "m3", "n"]
    assert len(stepped.sent) == 4 * 6  # each packet once
    assert ends(reading, waiting, *commands) == [PLAYED] * 4


async def test_a_command_waits_for_what_is_left_of_a_sentence_and_no_text() -> None:
    stepped = Stepped()
    await begun(stepped)
    first, second = stepped.say(command()), stepped.say(command())
    assert (first.before, second.before) == (0, 1)
    assert first.seconds_before == pytest.approx(0.04)  # two packets


async def test_a_command_is_due_when_the_sentence_ends_and_the_chatter_after_the_command() -> None:
    stepped = Stepped()
    gates = [asyncio.Event() for _ in range(3)]
    reading = message(gates=gates)
    gates[0].set()
    stepped.read(reading)
    await settle()
    await stepped.send(2)
    said = command(text="word " * 28)  # about ten seconds
    now = asyncio.get_running_loop().time()
    stepped.say(said)
    gates[1].set()
    await settle()
    assert said.dues[0] - now == pytest.approx(0.04, abs=0.03)
    assert reading.dues[1] - now >= 0.08  # as long as the command lasts


async def test_a_command_is_begun_while_the_engine_is_at_work_on_chatter() -> None:
    stepped = Stepped()
    reading = message(gates=[asyncio.Event()])
    stepped.read(reading)
    await settle()
    said = stepped.say(command())
    await settle()
    await stepped.send(ALL)
    assert ends(said) == [PLAYED]
    reading.gates[0].set()
    await settle()
    await stepped.send(ALL)
    assert stepped.sentences == ["c1", "m1", "m2", "m3"]


async def test_chatter_takes_no_place_of_a_command_and_has_a_bound_of_its_own() -> None:
    stepped = Stepped(queue_per_guild=1, queue_per_member=1, chatter_per_guild=2)
    for _ in range(2):
        stepped.read(message())
    with pytest.raises(BusyError, match="2 texts"):
        stepped.read(message())
    stepped.say(command())
    with pytest.raises(BusyError, match="1 text"):
        stepped.say(command(), member_id=ASKER)


async def test_the_author_can_skip_chatter_that_made_way() -> None:
    stepped, gate = Stepped(), asyncio.Event()
    reading, said = await paused(stepped, gate)
    assert stepped.player.skip(99, privileged=False) is SkipOutcome.NOT_YOURS
    assert stepped.player.skip(AUTHOR, privileged=False) is SkipOutcome.SKIPPED
    gate.set()
    await settle()
    await stepped.send(ALL)
    assert ends(reading, said) == [UtteranceEnd.SKIPPED, PLAYED]
    assert stepped.sentences == ["m1", "c1"]


async def test_chatter_goes_on_when_the_command_is_skipped_that_it_made_way_for() -> None:
    stepped = Stepped()
    reading, said = await paused(stepped, asyncio.Event())
    assert stepped.player.skip(ASKER, privileged=False) is SkipOutcome.SKIPPED
    await stepped.send(ALL)
    assert ends(reading, said) == [PLAYED, UtteranceEnd.SKIPPED]
    assert stepped.sentences == ["m1", "m2", "m3"]


@pytest.mark.parametrize("late", [0, 2, 4, 6])
async def test_chatter_goes_on_when_the_command_goes_before_it_made_way(late: int) -> None:
    stepped = Stepped()
    reading = await begun(stepped)
    stepped.say(command(gates=[asyncio.Event()]), voice_id=3)
    for _ in range(late):  # the loop hears of the end of the sentence too late
        stepped.step()
    await stepped.player.end_voice(3, UtteranceEnd.VOICE_DELETED)
    await settle()
    await stepped.send(ALL)
    assert stepped.sentences == ["m1", "m2", "m3"]
    assert ends(reading) == [PLAYED]


async def test_chatter_that_made_way_is_not_heard_further_in_a_deleted_voice() -> None:
    stepped = Stepped()
    reading = await begun(stepped, voice_id=3)
    said = stepped.say(command(gates=[asyncio.Event()]))
    await stepped.send(10)
    await stepped.player.end_voice(3, UtteranceEnd.VOICE_DELETED)
    assert ends(reading) == [UtteranceEnd.VOICE_DELETED]
    assert not said.ended.done()


async def test_chatter_that_made_way_keeps_what_was_fetched_of_a_replaced_voice() -> None:
    stepped = Stepped()
    reading = await begun(stepped, voice_id=3)
    stepped.say(command())
    await stepped.send(8)
    stepped.player.voice_replaced(3)
    await settle()
    await stepped.send(ALL)
    assert ends(reading) == [PLAYED]
    assert stepped.sentences == ["m1", "c1", "m2", "m3"]


async def test_chatter_that_made_way_is_stopped_with_the_rest() -> None:
    stepped = Stepped()
    tickets = await paused(stepped, asyncio.Event())
    assert stepped.player.stop() == 2
    assert ends(*tickets) == [UtteranceEnd.STOPPED] * 2


async def test_chatter_that_made_way_ends_with_the_program() -> None:
    stepped = Stepped()
    tickets = await paused(stepped, asyncio.Event())
    await stepped.player.close()
    assert ends(*tickets) == [UtteranceEnd.SHUTTING_DOWN] * 2


async def test_messages_are_dropped_by_author_and_the_sentence_that_is_heard_may_end() -> None:
    stepped = Stepped()
    speaking = await begun(stepped)
    waiting = stepped.read(message("n"), member_id=AUTHOR)
    other = stepped.read(message("o"), member_id=ASKER)
    said = stepped.say(command(), member_id=AUTHOR)
    assert stepped.player.drop_chatter(lambda request: request.member_id == AUTHOR) == 2
    assert stepped.player.drop_chatter(lambda request: request.member_id == AUTHOR) == 0
    await settle()
    await stepped.send(ALL)
    assert ends(speaking, waiting) == [UtteranceEnd.DROPPED] * 2
    assert ends(said, other) == [PLAYED] * 2
    assert stepped.sentences == ["m1", "c1", "o"]


async def test_too_much_chatter_loses_the_oldest_that_is_not_being_made() -> None:
    stepped = Stepped()
    reading = await begun(stepped)
    text = "word " * 28  # about ten seconds
    waiting = [stepped.read(message("n"), text=text) for _ in range(4)]
    said = stepped.say(command(), text=text)
    assert stepped.player.chatter_seconds == pytest.approx(40, rel=0.01)
    assert stepped.player.trim_chatter(25.0) == 2
    assert stepped.player.chatter_seconds == pytest.approx(20, rel=0.01)
    assert ends(*waiting[1:3]) == [UtteranceEnd.DROPPED] * 2
    kept = waiting[0], waiting[3], reading, said
    assert not any(ticket.ended.done() for ticket in kept)
    assert stepped.player.trim_chatter(25.0) == 0


async def test_what_is_told_first_waits_for_what_is_being_made() -> None:
    stepped = Stepped()
    stepped.read(message("making"), text="word " * 28)
    for name in ("old", "new"):
        stepped.read(message(name), text="word " * 28)
    assert stepped.player.trim_chatter(25.0) == 1
    stepped.read(message("notice"), text="notice", first=True)
    shown = [entry.first_words for entry in stepped.player.snapshot()]
    assert [words.split()[0] for words in shown] == ["word", "notice", "word"]


async def test_trimming_makes_room_for_two_more() -> None:
    stepped = Stepped(chatter_per_guild=4)
    for _ in range(4):
        stepped.read(message())
    assert stepped.player.trim_chatter(1000.0) == 2
    for _ in range(2):
        stepped.read(message())


async def test_faster_speech_is_estimated_to_be_shorter() -> None:
    stepped = Stepped()
    stepped.read(message(), text="word " * 28, speed=2.0)
    assert stepped.player.chatter_seconds == pytest.approx(5, rel=0.01)


async def test_the_queue_tells_what_is_read_aloud() -> None:
    stepped = Stepped()
    stepped.read(message())
    stepped.say(command())
    assert [entry.rank for entry in stepped.player.snapshot()] == [Rank.SAY, Rank.CHATTER]
