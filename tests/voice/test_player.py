"""A guild's queue, over real sockets."""

import asyncio
import dataclasses
import threading
import time
from pathlib import Path

import discord
import pytest

from bot.errors import BusyError, EngineError, UserError
from bot.speech.types import Speech
from bot.voice.link import JoinOutcome
from bot.voice.player import SkipOutcome
from bot.voice.utterances import Progress, UtteranceEnd
from tests.loopback import Overwrite, Permission
from tests.voice.stage import Script, ended, eventually, open_stage, sentence

LONG = sentence(6.0)
SHORT = sentence(0.3)


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


async def test_nothing_can_be_said_outside_a_channel() -> None:
    async with open_stage() as stage:
        with pytest.raises(UserError, match="/join"):
            stage.say(Script([SHORT]))


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


async def test_the_bot_leaves_when_it_has_been_alone() -> None:
    async with open_stage(alone_seconds=0.3) as stage:
        await stage.join()
        ticket = stage.say(Script([LONG]))
        await stage.listener.until_heard(5)
        await stage.ada.leave_voice()
        assert await ended(ticket, 3.0) is UtteranceEnd.ALONE
        await eventually(lambda: stage.player.channel is None)


async def test_the_bot_stays_when_somebody_comes_back_in_time() -> None:
    async with open_stage(alone_seconds=0.5) as stage:
        await stage.join()
        await stage.ada.leave_voice()
        await eventually(lambda: stage.player.alone)
        await stage.ada.join_voice()
        await eventually(lambda: not stage.player.alone)
        assert await stage.play(Script([sentence(0.8)])) is UtteranceEnd.PLAYED
        assert stage.player.channel is not None


async def test_leaving_ends_the_queue_and_frees_the_reader_thread() -> None:
    async with open_stage() as stage:
        await stage.join()
        ticket = stage.say(Script([LONG]))
        await stage.listener.until_heard(5)
        assert await stage.player.leave()
        assert await ended(ticket) is UtteranceEnd.LEFT
        await eventually(lambda: not _voice_threads(), what="the voice threads to end")
        assert not await stage.player.leave()


async def test_shutting_down_lets_the_sentence_in_flight_end() -> None:
    async with open_stage(closing_seconds=4.0) as stage:
        await stage.join()
        tickets = [
            stage.say(Script([sentence(0.5, 1), sentence(3.0, 2)])),
            stage.say(Script([LONG])),
        ]
        await stage.listener.until_heard(5)
        await stage.bot.voice.close()
        assert [ticket.ended.result() for ticket in tickets] == [UtteranceEnd.SHUTTING_DOWN] * 2
        assert [p.opus for p in stage.listener.audible] == list(sentence(0.5, 1).packets)
        assert not stage.loopback.voice.connections
        assert not _voice_threads()


async def test_joining_says_what_stands_in_the_way() -> None:
    async with open_stage() as stage:
        world, guild = stage.loopback.world, stage.guild
        everyone = guild.id
        silent = stage.loopback.add_voice_channel(guild, "Silent")
        closed = stage.loopback.add_voice_channel(guild, "Closed")
        full = stage.loopback.add_voice_channel(guild, "Full", user_limit=1)
        world.overwrite(silent, Overwrite(everyone, deny=Permission.SPEAK))
        world.overwrite(closed, Overwrite(everyone, deny=Permission.CONNECT))
        bob = stage.loopback.add_person(guild, "Bob")
        await bob.join_voice(full)
        await eventually(lambda: any(c.voice_states for c in stage.channels() if c.name == "Full"))
        join = stage.player.join
        assert await join(stage.channel("Silent")) is JoinOutcome.MAY_NOT_SPEAK
        assert await join(stage.channel("Closed")) is JoinOutcome.MAY_NOT_CONNECT
        assert await join(stage.channel("Full")) is JoinOutcome.FULL
        assert await join(stage.channel()) is JoinOutcome.JOINED
        assert await join(stage.channel()) is JoinOutcome.ALREADY_THERE


async def test_a_bot_that_was_muted_while_away_says_so_until_it_is_unmuted() -> None:
    async with open_stage() as stage:
        stage.loopback.mute_bot(stage.guild)
        await stage.join()
        with pytest.raises(UserError, match=r"muted in .* Ask a moderator to unmute me"):
            stage.say(Script([SHORT]))
        stage.loopback.mute_bot(stage.guild, on=False)
        await eventually(lambda: not stage.player.muted)
        assert await stage.play(Script([SHORT])) is UtteranceEnd.PLAYED
        assert len(stage.listener.audible) == len(SHORT.packets)


async def test_a_moderators_mute_ends_the_queue_and_tells_each_once() -> None:
    async with open_stage() as stage:
        await stage.join()
        scripts = [Script([LONG]), Script([LONG])]
        tickets = [stage.say(script) for script in scripts]
        await stage.listener.until_heard(5)
        stage.loopback.mute_bot(stage.guild)
        assert [await ended(ticket, 3.0) for ticket in tickets] == [UtteranceEnd.MUTED] * 2
        assert [script.ends for script in scripts] == [[UtteranceEnd.MUTED]] * 2
        assert stage.player.channel is not None


@pytest.mark.parametrize("why", ["denied", "afk"])
async def test_a_move_to_where_nobody_would_hear_it_ends_the_queue(why: str) -> None:
    async with open_stage() as stage:
        den = stage.loopback.add_voice_channel(stage.guild, "Den")
        if why == "denied":
            stage.loopback.deny_bot(den, Permission.SPEAK)
        else:
            stage.loopback.make_afk(stage.guild, den)
        await stage.join()
        script = Script([LONG])
        ticket = stage.say(script)
        await stage.listener.until_heard(5)
        stage.loopback.move_bot(stage.guild, den)
        assert await ended(ticket, 3.0) is UtteranceEnd.MUTED
        assert script.ends == [UtteranceEnd.MUTED]


async def test_a_bot_that_is_put_into_the_audience_ends_the_queue() -> None:
    async with open_stage() as stage:
        await stage.join()
        ticket = stage.say(Script([LONG]))
        await stage.listener.until_heard(5)
        stage.loopback.suppress_bot(stage.guild)
        assert await ended(ticket, 3.0) is UtteranceEnd.MUTED
        with pytest.raises(UserError, match="muted"):
            stage.say(Script([SHORT]))


async def test_the_bot_joins_no_afk_channel() -> None:
    async with open_stage() as stage:
        stage.loopback.make_afk(stage.guild, stage.guild.voice)
        await eventually(lambda: stage.bot.get_guild(stage.guild.id).afk_channel)
        assert await stage.player.join(stage.channel()) is JoinOutcome.AFK


async def test_a_bot_that_may_no_longer_speak_says_so() -> None:
    async with open_stage() as stage:
        await stage.join()
        stage.loopback.deny_bot(stage.guild.voice, Permission.SPEAK)
        await eventually(lambda: stage.player.muted)
        with pytest.raises(UserError, match="permission Speak"):
            stage.say(Script([SHORT]))


async def test_a_refused_move_leaves_the_speech_where_it_is() -> None:
    async with open_stage() as stage:
        closed = stage.loopback.add_voice_channel(stage.guild, "Closed")
        await stage.join()
        stage.loopback.world.overwrite(closed, Overwrite(stage.guild.id, deny=Permission.CONNECT))
        ticket = stage.say(Script([sentence(0.6)]))
        await eventually(lambda: any(c.overwrites for c in stage.channels()))
        outcome = await stage.player.join(stage.channel("Closed"), privileged=True)
        assert outcome is JoinOutcome.MAY_NOT_CONNECT
        assert await ended(ticket) is UtteranceEnd.PLAYED


async def test_joining_another_channel_takes_the_speech_along() -> None:
    async with open_stage() as stage:
        den = stage.loopback.add_voice_channel(stage.guild, "Den")
        bob = stage.loopback.add_person(stage.guild, "Bob")
        bobs = await bob.join_voice(den)
        await stage.join()
        ticket = stage.say(Script([sentence(2.0)]))
        await stage.listener.until_heard(20)
        moved = await stage.player.join(stage.channel("Den"), privileged=True)
        assert moved is JoinOutcome.MOVED
        assert await ended(ticket) is UtteranceEnd.PLAYED
        assert len(bobs.audible) + len(stage.listener.audible) >= 95


async def test_words_asked_for_in_two_channels_at_once_are_heard_in_one_only() -> None:
    async with open_stage() as stage:
        den = stage.loopback.add_voice_channel(stage.guild, "Den")
        bob = stage.loopback.add_person(stage.guild, "Bob")
        bobs = await bob.join_voice(den)
        await eventually(lambda: len(stage.channels()) == 2)
        adas, bobs_words = sentence(0.4, 1), sentence(0.4, 2)

        async def say(channel: discord.VoiceChannel, words: Speech) -> UtteranceEnd | JoinOutcome:
            outcome = await stage.player.join(channel)
            if not outcome.joined:
                return outcome
            return await ended(stage.player.say(Script([words]).request(channel.id)))

        ends = await asyncio.gather(
            say(stage.channel(), adas), say(stage.channel("Den"), bobs_words)
        )
        assert ends == [UtteranceEnd.PLAYED, JoinOutcome.BUSY_ELSEWHERE]
        assert [packet.opus for packet in stage.listener.audible] == list(adas.packets)
        assert not bobs.audible


async def test_words_for_another_channel_are_refused() -> None:
    async with open_stage() as stage:
        stage.loopback.add_voice_channel(stage.guild, "Den")
        await stage.join()
        await eventually(lambda: len(stage.channels()) == 2)
        with pytest.raises(UserError, match="Join me there"):
            stage.player.say(Script([SHORT]).request(stage.channel("Den").id))


async def test_nothing_can_be_said_while_the_bot_is_on_its_way_elsewhere() -> None:
    async with open_stage() as stage:
        stage.loopback.add_voice_channel(stage.guild, "Den")
        await stage.join()
        lounge = stage.channel()
        await eventually(lambda: len(stage.channels()) == 2)
        moving = asyncio.create_task(stage.player.join(stage.channel("Den")))
        await eventually(lambda: stage.player.channel is None)
        with pytest.raises(UserError, match="/join"):
            stage.player.say(Script([SHORT]).request(lounge.id))
        assert await moving is JoinOutcome.MOVED


async def test_nothing_is_queued_while_the_bot_leaves() -> None:
    async with open_stage() as stage:
        await stage.join()
        leaving = asyncio.create_task(stage.player.leave())
        await asyncio.sleep(0)
        with pytest.raises(UserError, match="/join"):
            stage.say(Script([SHORT]))
        assert await leaving
        await stage.join()
        assert await stage.play(Script([SHORT])) is UtteranceEnd.PLAYED


async def test_nothing_is_queued_after_a_moderators_disconnect() -> None:
    async with open_stage() as stage:
        await stage.join()
        ticket = stage.say(Script([LONG]))
        await stage.listener.until_heard(5)
        stage.loopback.disconnect_bot(stage.guild)
        assert await ended(ticket, 3.0) is UtteranceEnd.DISCONNECTED
        with pytest.raises(UserError, match="/join"):
            stage.say(Script([SHORT]))


async def test_a_wish_to_leave_that_is_refused_stops_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with open_stage() as stage:
        await stage.join()
        ticket = stage.say(Script([SHORT]))
        with monkeypatch.context() as patch:
            patch.setattr("bot.voice.keeper._MAX_WAITING", 0)
            with pytest.raises(BusyError):
                await stage.player.leave()
        assert await ended(ticket) is UtteranceEnd.PLAYED


async def test_both_ends_show_the_same_privacy_code() -> None:
    async with open_stage() as stage:
        await stage.join()
        assert stage.player.privacy_code
        assert stage.player.privacy_code.replace(" ", "") == stage.listener.privacy_code


async def test_nothing_is_left_behind() -> None:
    threads, files = set(_threads()), _open_files()
    async with open_stage() as stage:
        await stage.join()
        await stage.play(Script([SHORT]))
        stage.loopback.close_voice(stage.guild, 4009)
        await asyncio.sleep(0)
        await stage.loopback.voice.wait_settled(stage.guild)
        await stage.play(Script([SHORT]))
    await eventually(lambda: set(_threads()) <= threads, what=f"{_threads()} to end")
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert not tasks
    await eventually(lambda: _open_files() <= files, what="files to be closed")


def _threads() -> list[str]:
    # The event loop's own pool, which resolves names and joins threads, lives as long as the loop.
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if not name.startswith("asyncio_")]


def _voice_threads() -> list[str]:
    return [name for name in _threads() if "voice" in name]


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
