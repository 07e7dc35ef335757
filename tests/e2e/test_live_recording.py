"""One member is recorded in a call, on the wire: members speak through libdave of their own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np
import pytest
import soxr

from bot.consent.packets import RecordedSpeech
from bot.consent.recording import LiveRecording, RecordingEnd
from bot.enrolment.packets import DecodedSpeech, decode_speech
from bot.voice.utterances import UtteranceEnd
from loopback import Microphone, Network, Person, best_correlation, decode_opus, encode_opus
from loopback.audio import SAMPLE_RATE, Samples
from tests.samples import RATE, speech_samples
from tests.voice.stage import Script, Stage, ended, eventually, open_stage, sentence

FAST = 4.0
"""How much faster than real time members speak where time does not matter."""


@dataclass
class Recorded:
    """A call in which Ada can be recorded while Bob is there."""

    stage: Stage
    bob: Person
    ada_says: Microphone
    bob_says: Microphone

    async def start(self) -> LiveRecording:
        return await self.stage.player.record(self.stage.ada.id)

    @property
    def is_deaf(self) -> bool:
        me = self.stage.loopback.world.bot.id
        state = self.stage.guild.voice_states.get(me)
        return state is None or state.self_deaf

    @property
    def listens(self) -> bool:
        """Whether anything of it is left: a task, a reader on the socket."""
        link = self.stage.player._keeper.link
        reader = link._client and link._client._connection._socket_reader
        tasks = {task.get_name() for task in asyncio.all_tasks()}
        return bool(reader and reader._listeners) or "voice-listening" in tasks


@asynccontextmanager
async def open_call(*, dave: int = 1, **limits: float) -> AsyncIterator[Recorded]:
    async with open_stage(dave=dave, **limits) as stage:
        bob = stage.loopback.add_person(stage.guild, "Bob")
        await bob.join_voice()
        await eventually(lambda: bob.id in stage.channel().voice_states)
        await stage.join()
        yield Recorded(stage, bob, stage.ada.microphone(), bob.microphone())


def spoken(seconds: float, pitch: float = 1.0) -> Samples:
    """Return real speech at 48 kHz."""
    return np.asarray(soxr.resample(speech_samples(seconds, pitch), RATE, SAMPLE_RATE), np.float32)


async def result(recording: LiveRecording) -> tuple[RecordingEnd, RecordedSpeech | None]:
    outcome = await asyncio.wait_for(asyncio.shield(recording.ended), 10)
    return outcome.end, outcome.speech


async def stopped(recording: LiveRecording, sent: int) -> tuple[RecordedSpeech, DecodedSpeech]:
    """Stop it when all is there that was sent, or known to be lost."""

    def accounted() -> int:
        return sum(1 + packet.lost for packet in recording._packets)

    await eventually(lambda: accounted() >= sent, what=f"{sent} packets, of {accounted()}")
    recording.stop()
    end, speech = await result(recording)
    assert end is RecordingEnd.STOPPED
    assert speech is not None
    return speech, decode_speech(speech)


@pytest.mark.parametrize(("dave", "seconds"), [(1, 6.0), (0, 2.0)])
async def test_recording_is_what_the_member_said_and_nothing_of_another(
    dave: int, seconds: float
) -> None:
    async with open_call(dave=dave) as call:
        said, other = spoken(seconds), spoken(seconds, pitch=1.3)
        recording = await call.start()
        assert not call.is_deaf
        await asyncio.gather(
            call.ada_says.say(encode_opus(said)), call.bob_says.say(encode_opus(other))
        )
        sent = len(call.ada_says.opus)
        assert call.ada_says.delivered == call.bob_says.delivered == sent
        speech, decoded = await stopped(recording, sent)
        heard = decode_opus(call.ada_says.opus)  # by another decoder, of what was sent
        figures = {
            "with the same packets": best_correlation(heard, decoded.samples),
            "with what was said": best_correlation(said, decoded.samples),
            "with the other": best_correlation(decode_opus(call.bob_says.opus), decoded.samples),
        }
        print(figures, speech.seconds, speech.lost)
        assert figures["with the same packets"] > 0.999
        assert figures["with what was said"] > 0.99
        assert figures["with the other"] < 0.1
        assert [packet.opus for packet in speech.packets] == call.ada_says.opus
        assert (speech.lost, speech.unreadable) == (0, 0)
        assert call.is_deaf
        assert not call.listens


async def test_bad_network_leaves_a_recording_and_its_gaps_are_counted() -> None:
    async with open_call() as call:
        said = encode_opus(spoken(7.0))
        recording = await call.start()
        # What is lost before the first packet or after the last leaves no gap.
        await call.ada_says.say(said[:5])
        await call.ada_says.say(
            said[5:-20], Network(loss=0.05, jitter=0.08, duplicates=0.02, seed=7)
        )
        await call.ada_says.say(said[-20:])
        speech, decoded = await stopped(recording, len(said))
        heard = decode_opus(call.ada_says.opus)
        figure = best_correlation(heard, decoded.samples)
        print(f"lost {speech.lost} of {len(call.ada_says.opus)}, correlation {figure:.4f}, "
              f"concealed {decoded.concealed_seconds:.2f} s")  # fmt: skip
        assert call.ada_says.lost >= 10
        assert speech.lost == call.ada_says.lost
        assert abs(len(decoded.samples) - len(heard)) <= 960
        assert figure > 0.9


async def test_way_to_the_bot_is_kept_open_behind_a_router() -> None:
    async with open_call() as call:
        recording = await call.start()
        connection = await call.stage.loopback.voice.wait_connected(call.stage.guild)
        await eventually(lambda: connection.keepalives == 1)
        recording.cancel()
        await result(recording)


async def test_pause_stays_as_long_as_it_was() -> None:
    async with open_call() as call:
        said = encode_opus(spoken(1.6))
        recording = await call.start()
        await call.ada_says.say([*said[:50], *[None] * 60, *said[50:]])
        speech, decoded = await stopped(recording, len(said))
        assert speech.lost == 0
        assert len(decoded.samples) == 960 * (len(said) + 60)
        quiet = decoded.samples[960 * 52 : 960 * 110]
        assert np.abs(quiet).max() < 1e-3


async def test_member_who_spoke_before_the_bot_listened_is_heard() -> None:
    async with open_call() as call:
        said = encode_opus(spoken(2.0))
        call.ada_says.padding = 3
        await call.ada_says.say(said[:50], pace=FAST)
        assert call.ada_says.delivered == 0
        recording = await call.start()
        await call.ada_says.say(said[50:], pace=FAST)
        speech, _ = await stopped(recording, len(said) - 50)
        assert [packet.opus for packet in speech.packets] == said[50:]


async def test_member_whose_client_begins_another_stream_is_heard_on() -> None:
    async with open_call() as call:
        said = encode_opus(spoken(1.0))
        recording = await call.start()
        await call.ada_says.say(said, pace=FAST)
        again = call.stage.ada.microphone()
        again.sequence, again.timestamp = 7, 1_000_000
        await again.say(said, pace=FAST)
        both = [*said, *said]
        speech, _ = await stopped(recording, len(both))
        assert [packet.opus for packet in speech.packets] == both
        assert speech.seconds < 3


async def test_packets_that_the_group_cannot_read_are_counted_and_left_out() -> None:
    async with open_call() as call:
        said = encode_opus(spoken(1.0))
        recording = await call.start()
        await call.ada_says.say(said[:20], pace=FAST)
        call.ada_says.plain = True  # of a client that does not encrypt
        await call.ada_says.say(said[20:30], pace=FAST)
        call.ada_says.plain = False
        await call.ada_says.say(said[30:], pace=FAST)
        speech, _ = await stopped(recording, len(said))
        assert [packet.opus for packet in speech.packets] == [*said[:20], *said[30:]]
        assert (speech.lost, speech.unreadable) == (10, 10)


async def test_newcomer_in_the_middle_costs_nothing() -> None:
    async with open_call() as call:
        said = encode_opus(spoken(2.0))
        recording = await call.start()
        speaking = asyncio.create_task(call.ada_says.say(said))
        await eventually(lambda: recording.seconds > 0.3)
        connection = await call.stage.loopback.voice.wait_connected(call.stage.guild)
        epoch = connection.call.epoch
        await call.stage.loopback.add_person(call.stage.guild, "Cleo").join_voice()
        await speaking
        assert connection.call.epoch > epoch
        speech, _ = await stopped(recording, len(said))
        assert [packet.opus for packet in speech.packets] == said


async def test_queue_waits_while_a_member_records_and_goes_on() -> None:
    async with open_call(encryption_seconds=0.1) as call:
        ticket = await call.stage.speak(Script([sentence(2.0)]))
        recording = await call.start()
        await call.ada_says.say(encode_opus(spoken(0.5)))
        heard = len(call.stage.listener.packets)
        await call.ada_says.say(encode_opus(spoken(0.5)))
        assert len(call.stage.listener.packets) == heard
        connection = await call.stage.loopback.voice.wait_connected(call.stage.guild)
        assert connection.speaking[-1].flags == 0
        assert call.stage.say(Script([sentence(0.1)])).held
        recording.stop()
        assert await ended(ticket) is UtteranceEnd.PLAYED
