"""The pacer's timing and its events, with a recording sink in place of a socket."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.voice.outlet import CLOSING_SILENCE, SILENCE
from bot.voice.pacer import CATCH_UP_SECONDS, REANCHOR_SECONDS, SWITCH_SECONDS, Pacer, next_turn
from bot.voice.track import MAX_PACKETS, Track, TrackEvent

DEADLINE = 5.0


class RecordingSink:
    """Keeps what was sent and when; can be unready, broken, or slow for one packet."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, bytes]] = []
        self.states: list[bool] = []
        self.open = True
        self.error: Exception | None = None
        self.stall = 0.0
        self.silent = threading.Event()

    def ready(self) -> bool:
        return self.open

    def send(self, packet: bytes) -> None:
        if self.error is not None:
            raise self.error
        self.sent.append((time.perf_counter(), packet))
        if self.stall:
            stall, self.stall = self.stall, 0.0
            time.sleep(stall)

    def speaking(self, on: bool) -> None:
        self.states.append(on)
        if not on:
            self.silent.set()

    @property
    def packets(self) -> list[bytes]:
        return [packet for _, packet in self.sent]

    @property
    def gaps(self) -> list[float]:
        return [b - a for (a, _), (b, _) in pairwise(self.sent)]

    async def until_silent(self) -> None:
        assert await asyncio.to_thread(self.silent.wait, DEADLINE)


class Events:
    """A track's events, awaitable."""

    def __init__(self) -> None:
        self.seen: list[TrackEvent] = []
        self._changed = asyncio.Event()

    def __call__(self, event: TrackEvent) -> None:
        self.seen.append(event)
        self._changed.set()

    async def until(self, event: TrackEvent, count: int = 1) -> None:
        async with asyncio.timeout(DEADLINE):
            while self.seen.count(event) < count:
                self._changed.clear()
                await self._changed.wait()


@pytest.fixture
async def pacer() -> AsyncIterator[Pacer]:
    pacer = Pacer()
    pacer.start()
    yield pacer
    await pacer.close()


def packets(count: int, tag: bytes = b"p") -> list[bytes]:
    return [tag + i.to_bytes(2, "big") for i in range(count)]


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await asyncio.sleep(0.005)


async def test_sends_every_packet_in_order_then_the_closing_silence(pacer: Pacer) -> None:
    sink, events = RecordingSink(), Events()
    track = Track(events)
    track.feed(packets(4))
    track.feed(packets(3, b"q"))
    track.end()
    pacer.outlet(sink).play(track)
    await sink.until_silent()
    assert sink.packets == packets(4) + packets(3, b"q") + [SILENCE] * CLOSING_SILENCE
    assert sink.states == [True, False]
    assert track.sent == 7
    assert events.seen == [
        TrackEvent.STARTED,
        TrackEvent.SENTENCE,
        TrackEvent.SENTENCE,
        TrackEvent.PLAYED,
    ]


async def test_packets_leave_twenty_milliseconds_apart(pacer: Pacer) -> None:
    sink, events = RecordingSink(), Events()
    track = Track(events)
    track.feed(packets(50))
    track.end()
    pacer.outlet(sink).play(track)
    await sink.until_silent()
    assert sum(sink.gaps) / len(sink.gaps) == pytest.approx(0.020, abs=0.001)


async def test_fills_the_wait_for_the_next_sentence_with_silence(pacer: Pacer) -> None:
    sink, events = RecordingSink(), Events()
    track = Track(events)
    track.feed(packets(2))
    pacer.outlet(sink).play(track)
    await eventually(lambda: sink.packets.count(SILENCE) >= 3)
    track.feed(packets(2, b"q"))
    track.end()
    await events.until(TrackEvent.PLAYED)
    assert [p for p in sink.packets if p != SILENCE] == packets(2) + packets(2, b"q")
    assert track.sent == 4


async def test_stop_ends_the_speech_with_the_next_packet(pacer: Pacer) -> None:
    sink, events = RecordingSink(), Events()
    track = Track(events)
    track.feed(packets(500))
    outlet = pacer.outlet(sink)
    outlet.play(track)
    await events.until(TrackEvent.STARTED)
    stopped = time.perf_counter()
    outlet.stop()
    await sink.until_silent()
    last = max(at for at, packet in sink.sent if packet != SILENCE)
    assert last - stopped < 0.1
    assert sink.packets[-CLOSING_SILENCE:] == [SILENCE] * CLOSING_SILENCE
    assert TrackEvent.PLAYED not in events.seen


async def test_packets_wait_while_the_connection_is_away_and_none_is_lost(pacer: Pacer) -> None:
    sink, events = RecordingSink(), Events()
    track = Track(events)
    track.feed(packets(6))
    track.end()
    sink.open = False
    pacer.outlet(sink).play(track)
    await events.until(TrackEvent.HELD)
    assert sink.sent == []
    sink.open = True
    await sink.until_silent()
    assert sink.packets[:6] == packets(6)
    assert events.seen[:2] == [TrackEvent.HELD, TrackEvent.RESUMED]


async def test_each_track_is_told_that_it_is_held(pacer: Pacer) -> None:
    sink, first, second = RecordingSink(), Events(), Events()
    sink.open = False
    outlet = pacer.outlet(sink)
    for events in (first, second):
        track = Track(events)
        track.feed(packets(2))
        outlet.play(track)
        await events.until(TrackEvent.HELD)


async def test_shows_the_bot_as_speaking_again_after_a_reconnect(pacer: Pacer) -> None:
    sink, events = RecordingSink(), Events()
    track = Track(events)
    track.feed(packets(20))
    track.end()
    pacer.outlet(sink).play(track)
    await events.until(TrackEvent.STARTED)
    sink.open = False
    await events.until(TrackEvent.HELD)
    sink.open = True
    await sink.until_silent()
    assert sink.states == [True, True, False]


async def test_a_broken_guild_keeps_its_packets_and_harms_no_other(pacer: Pacer) -> None:
    broken, sound = RecordingSink(), RecordingSink()
    broken_events, sound_events = Events(), Events()
    tracks = Track(broken_events), Track(sound_events)
    for track in tracks:
        track.feed(packets(10))
        track.end()
    broken.error = ValueError("boom")
    outlet = pacer.outlet(broken)
    outlet.play(tracks[0])
    pacer.outlet(sound).play(tracks[1])
    await broken_events.until(TrackEvent.FAILED)
    await sound.until_silent()
    assert sound.packets[:10] == packets(10)
    broken.error = None
    outlet.play(tracks[0])
    await broken.until_silent()
    assert broken.packets[:10] == packets(10)


async def test_a_stall_is_not_followed_by_a_burst(pacer: Pacer) -> None:
    sink, events = RecordingSink(), Events()
    track = Track(events)
    track.feed(packets(30))
    track.end()
    sink.stall = 0.3
    pacer.outlet(sink).play(track)
    await sink.until_silent()
    assert sink.gaps[0] >= 0.3
    assert min(sink.gaps[1:]) >= CATCH_UP_SECONDS - 0.003
    assert pacer.stats.reanchored >= 1


async def test_a_sentence_in_flight_can_be_made_the_last(pacer: Pacer) -> None:
    sink, events = RecordingSink(), Events()
    track = Track(events)
    track.feed(packets(10))
    track.feed(packets(10, b"q"))
    pacer.outlet(sink).play(track)
    await events.until(TrackEvent.STARTED)
    track.end_after_sentence()
    await events.until(TrackEvent.PLAYED)
    assert track.sent == 10


async def test_closing_the_pacer_ends_its_thread_in_mid_speech() -> None:
    pacer, sink, events = Pacer(), RecordingSink(), Events()
    pacer.start()
    track = Track(events)
    track.feed(packets(500))
    pacer.outlet(sink).play(track)
    await events.until(TrackEvent.STARTED)
    await pacer.close()
    assert not any(thread.name == "pacer" for thread in threading.enumerate())


async def test_other_threads_give_way_while_packets_are_paced() -> None:
    before = sys.getswitchinterval()
    pacer = Pacer()
    pacer.start()
    assert sys.getswitchinterval() == pytest.approx(SWITCH_SECONDS)
    await pacer.close()
    assert sys.getswitchinterval() == before


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other schedulers")
async def test_the_pacer_alone_runs_before_ordinary_programs_where_that_is_allowed(
    pacer: Pacer,
) -> None:
    sink = RecordingSink()
    track = Track(Events())
    track.feed(packets(1))
    track.end()
    pacer.outlet(sink).play(track)
    await sink.until_silent()  # the thread runs
    [thread] = [thread for thread in threading.enumerate() if thread.name == "pacer"]
    policy = os.sched_getscheduler(thread.native_id or 0)
    assert (policy & ~os.SCHED_RESET_ON_FORK == os.SCHED_RR) is pacer.stats.realtime
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


def test_a_track_refuses_more_than_its_bound() -> None:
    track = Track(lambda event: None)
    with pytest.raises(BufferError):
        track.feed([b"p"] * (MAX_PACKETS + 1))


@given(due=st.floats(0, 1e6), late=st.floats(-0.0005, 10))
def test_the_next_packet_never_goes_sooner_than_fifteen_milliseconds(
    due: float, late: float
) -> None:
    now = due + late
    following_due, at = next_turn(due, now)
    assert now + CATCH_UP_SECONDS - 1e-9 <= at <= now + 0.0206
    assert following_due <= at
    if late > REANCHOR_SECONDS + 1e-6:
        assert at == following_due == now + 0.020


@given(late=st.floats(0, REANCHOR_SECONDS))
def test_a_delay_is_won_back_packet_by_packet(late: float) -> None:
    packets_later = round(REANCHOR_SECONDS / (0.020 - CATCH_UP_SECONDS)) + 1
    due, at = next_turn(0.0, late)
    for _ in range(1, packets_later):
        due, at = next_turn(due, at)
    assert at == due == pytest.approx(0.020 * packets_later)
