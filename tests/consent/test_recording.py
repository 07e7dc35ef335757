"""A live recording: what it keeps, how it ends, what a card can show of it."""

import asyncio

import pytest

from bot.consent.packets import SILENCE_FRAME, PlacedPacket
from bot.consent.recording import (
    REASONS,
    LiveRecording,
    RecordingEnd,
    RecordingLimits,
    RecordingResult,
    RecordingState,
)

MEMBER = 7
SOUND = b"\xf8" + bytes(80)  # 20 ms


def take(recording: LiveRecording, count: int = 1, opus: bytes = SOUND) -> None:
    start = len(recording._packets)
    for number in range(start, start + count):
        recording.take(PlacedPacket(960 * number, opus))


async def outcome(recording: LiveRecording) -> RecordingResult:
    """Wait for its end, and do as the room that listens does."""
    await asyncio.wait_for(asyncio.shield(recording.over), 5)
    recording.settle()
    return await recording.ended


async def test_stop_keeps_what_was_heard() -> None:
    recording = LiveRecording(MEMBER)
    recording.begin()
    assert recording.state is RecordingState.WAITING
    take(recording, 50)
    assert recording.state is RecordingState.RECORDING
    assert recording.seconds == 1.0
    recording.stop()
    result = await outcome(recording)
    assert result.end is RecordingEnd.STOPPED
    assert result.speech is not None
    assert (result.speech.member_id, len(result.speech.packets)) == (MEMBER, 50)
    assert recording.state is RecordingState.OVER


@pytest.mark.parametrize("end", [end for end in RecordingEnd if not end.kept])
async def test_any_other_end_keeps_nothing_and_has_words(end: RecordingEnd) -> None:
    recording = LiveRecording(MEMBER)
    recording.begin()
    take(recording, 5)
    recording.end(end)
    take(recording, 5)
    assert recording._packets == []
    assert await outcome(recording) == RecordingResult(end)
    assert REASONS[end]


async def test_first_end_counts() -> None:
    recording = LiveRecording(MEMBER)
    take(recording)
    recording.cancel()
    recording.stop()
    assert await outcome(recording) == RecordingResult(RecordingEnd.CANCELLED)


async def test_stop_without_a_sound_is_no_speech() -> None:
    recording = LiveRecording(MEMBER)
    recording.begin()
    take(recording, 5, SILENCE_FRAME)
    recording.stop()
    assert await outcome(recording) == RecordingResult(RecordingEnd.NO_SPEECH)


async def test_silence_ends_it_before_the_time_is_up() -> None:
    recording = LiveRecording(MEMBER, RecordingLimits(seconds=60, waiting_seconds=0.01))
    recording.begin()
    assert await outcome(recording) == RecordingResult(RecordingEnd.NO_SPEECH)


async def test_time_is_up_for_whoever_speaks_on() -> None:
    recording = LiveRecording(MEMBER, RecordingLimits(seconds=0.02, waiting_seconds=0.01))
    recording.begin()
    take(recording)
    result = await outcome(recording)
    assert result.end is RecordingEnd.FULL
    assert result.speech is not None
    assert recording.elapsed == 0.02


async def test_memory_is_bounded() -> None:
    recording = LiveRecording(MEMBER, RecordingLimits(max_bytes=10 * len(SOUND)))
    take(recording, 11)
    result = await outcome(recording)
    assert result.end is RecordingEnd.FULL
    assert result.speech is not None
    assert len(result.speech.packets) == 10


async def test_packet_beyond_the_time_ends_it() -> None:
    recording = LiveRecording(MEMBER)
    take(recording)
    recording.take(PlacedPacket(48_000 * 41, SOUND))
    assert (await outcome(recording)).end is RecordingEnd.FULL


async def test_what_waits_to_be_in_order_is_kept_by_stop_alone() -> None:
    for kept in (True, False):
        recording = LiveRecording(MEMBER)
        take(recording)
        recording.flush = lambda taking=recording: take(taking)
        recording.end(RecordingEnd.STOPPED if kept else RecordingEnd.MEMBER_LEFT)
        result = await outcome(recording)
        assert (0 if result.speech is None else len(result.speech.packets)) == 2 * kept


async def test_fault_of_the_room_that_listens_is_an_end_too() -> None:
    recording = LiveRecording(MEMBER)
    take(recording)
    recording.settle()
    assert await recording.ended == RecordingResult(RecordingEnd.FAILED)


async def test_level_moves_with_what_is_sent() -> None:
    recording = LiveRecording(MEMBER)
    assert recording.level == 0
    take(recording, 20)
    loud = recording.level
    take(recording, 10, b"\xf8" + bytes(20))
    quieter = recording.level
    take(recording, 20, SILENCE_FRAME)
    assert loud == 1 > quieter > 0 == recording.level


async def test_level_falls_when_nothing_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    recording = LiveRecording(MEMBER)
    take(recording, 20)
    now = recording._loop.time()
    monkeypatch.setattr(recording._loop, "time", lambda: now + 1)
    assert recording.level == 0
