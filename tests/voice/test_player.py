"""A guild's queue, over real sockets."""

import asyncio
import dataclasses
import time

import pytest

from bot.errors import BusyError, EngineError
from bot.speech.types import Speech
from bot.voice.player import SkipOutcome
from bot.voice.utterances import Item, Progress, UtteranceEnd
from tests.voice.stage import LONG, SHORT, Script, ended, eventually, open_stage, sentence


async def test_utterances_are_heard_one_after_the_other() -> None:
    async with open_stage() as stage:
        await stage.join()
        tickets = [stage.say(Script([sentence(0.3, seed)])) for seed in (1, 2)]
        assert [ticket.before for ticket in tickets] == [0, 1]
        assert [await ended(ticket) for ticket in tickets] == [UtteranceEnd.PLAYED] * 2
        heard = [packet.opus for packet in stage.listener.audible]
        assert heard == [*sentence(0.3, 1).packets, *sentence(0.3, 2).packets]


async def test_progress_tells_every_sentence_and_the_end() -> None:
    async with open_stage() as stage:
        await stage.join()
        script = Script([SHORT, SHORT])
        assert await stage.play(script) is UtteranceEnd.PLAYED
        assert script.progress == [
            Progress(2, 0, True),
            Progress(2, 1, True),
            Progress(2, 2, True),
            Progress(2, 2, True, UtteranceEnd.PLAYED),
        ]


async def test_progress_tells_each_note_of_the_engine_once() -> None:
    async with open_stage() as stage:
        await stage.join()
        noted = dataclasses.replace(SHORT, notes=("It ignores this.",))
        script = Script([noted, noted])
        await stage.play(script)
        assert {progress.notes for progress in script.progress} == {("It ignores this.",)}


async def test_skip_is_silent_within_a_tenth_of_a_second_and_the_next_one_follows() -> None:
    async with open_stage() as stage:
        await stage.join()
        first, second = stage.say(Script([LONG])), stage.say(Script([sentence(0.3, 5)]))
        await stage.listener.until_heard(20)
        skipped = time.time_ns()
        assert stage.player.skip(1, privileged=False) is SkipOutcome.SKIPPED
        assert await ended(first) is UtteranceEnd.SKIPPED
        assert await ended(second) is UtteranceEnd.PLAYED
        long_packets = set(LONG.packets)
        last = [p.arrival_ns for p in stage.listener.audible if p.opus in long_packets][-1]
        assert (last - skipped) / 1e9 < 0.1
        assert [p.opus for p in stage.listener.audible][-15:] == list(sentence(0.3, 5).packets)


async def test_only_the_speaker_or_the_privileged_may_skip() -> None:
    async with open_stage() as stage:
        await stage.join()
        assert stage.player.skip(1, privileged=True) is SkipOutcome.NOTHING_TO_SKIP
        ticket = stage.say(Script([LONG], member_id=1))
        assert stage.player.skip(2, privileged=False) is SkipOutcome.NOT_YOURS
        assert stage.player.skip(2, privileged=True) is SkipOutcome.SKIPPED
        assert await ended(ticket) is UtteranceEnd.SKIPPED


async def test_a_skipped_utterance_is_not_synthesised_further() -> None:
    async with open_stage() as stage:
        await stage.join()
        gate = asyncio.Event()
        script = Script([SHORT, SHORT], gates=[asyncio.Event(), gate])
        script.gates[0].set()
        ticket = stage.say(script)
        await script.started.wait()
        stage.player.skip(1, privileged=False)
        assert await ended(ticket) is UtteranceEnd.SKIPPED
        gate.set()
        await stage.play(Script([SHORT]))
        assert len(script.dues) == 1


async def test_stop_ends_everything() -> None:
    async with open_stage() as stage:
        await stage.join()
        tickets = [stage.say(Script([LONG])) for _ in range(3)]
        await stage.listener.until_heard(5)
        assert stage.player.stop() == 3
        assert [await ended(ticket) for ticket in tickets] == [UtteranceEnd.STOPPED] * 3
        assert stage.player.snapshot() == ()


async def test_full_queues_are_refused_per_member_and_per_guild() -> None:
    async with open_stage(queue_per_guild=3, queue_per_member=2) as stage:
        await stage.join()
        for _ in range(2):
            stage.say(Script([LONG], member_id=1))
        with pytest.raises(BusyError, match="of yours"):
            stage.say(Script([LONG], member_id=1))
        stage.say(Script([LONG], member_id=2))
        with pytest.raises(BusyError, match="3 texts"):
            stage.say(Script([LONG], member_id=3))


async def test_the_queue_shows_who_what_and_how_long() -> None:
    async with open_stage() as stage:
        await stage.join()
        stage.say(Script([LONG], member_id=7, text="word " * 40))
        stage.say(Script([SHORT], member_id=8, text="Short."))
        await stage.listener.until_heard(5)
        first, second = stage.player.snapshot()
        assert (first.member_id, second.member_id) == (7, 8)
        assert (first.speaking, second.speaking) == (True, False)
        assert len(first.first_words) == 60
        assert 5.0 < first.seconds_left < 6.0
        assert second.seconds_left == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("word " * 28, 10.0), ("鳥" * 28, 10.0), ("새" * 28, 6.0), ("と" * 28, 4.0)],
    ids=["latin", "han", "hangul", "kana"],
)
async def test_a_text_of_any_script_is_estimated_by_how_long_it_takes_to_say(
    text: str, seconds: float
) -> None:
    item = Item(Script([SHORT], text=text).request(channel_id=1), lambda *_: None)
    assert item.entry().seconds_left == pytest.approx(seconds, rel=0.01)


async def test_speech_is_fetched_ahead_but_not_too_far() -> None:
    async with open_stage(prefetch_seconds=2.0) as stage:
        await stage.join()
        scripts = [Script([sentence(1.0)] * 2) for _ in range(4)]
        for script in scripts:
            stage.say(script)
        await scripts[0].started.wait()
        await eventually(lambda: len(scripts[1].dues) >= 1)
        assert sum(len(script.dues) for script in scripts) <= 4
        assert scripts[0].dues == sorted(scripts[0].dues)


async def test_silence_fills_a_late_sentence_and_the_stream_has_no_gap() -> None:
    async with open_stage() as stage:
        await stage.join()
        gates = [asyncio.Event(), asyncio.Event()]
        gates[0].set()
        ticket = stage.say(Script([SHORT, sentence(0.3, 9)], gates=gates))
        await stage.listener.until(lambda heard: any(p.silent for p in heard.packets))
        gates[1].set()
        assert await ended(ticket) is UtteranceEnd.PLAYED
        assert stage.listener.pacing().maximum < 100


async def test_a_failed_sentence_ends_the_utterance_and_says_why() -> None:
    class FailingScript(Script):
        async def _speak(self, due):
            yield SHORT
            raise EngineError("No such word.")

    async with open_stage() as stage:
        await stage.join()
        script = FailingScript([SHORT, SHORT])
        assert await stage.play(script) is UtteranceEnd.FAILED
        assert script.progress[-1].error == "No such word."
        assert len(stage.listener.audible) == len(SHORT.packets)
        assert await stage.play(Script([SHORT])) is UtteranceEnd.PLAYED


async def test_an_utterance_without_sound_fails() -> None:
    async with open_stage() as stage:
        await stage.join()
        assert await stage.play(Script([])) is UtteranceEnd.FAILED
        assert await stage.play(Script([Speech((), 0.0)])) is UtteranceEnd.PLAYED
