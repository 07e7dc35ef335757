"""Packets in order and in their places, whatever the network did to them."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.consent.packets import OPUS_RATE
from bot.voice.jitter import DEPTH, Arrival, JitterBuffer, Timeline

OPUS = b"\xf8abc"  # 20 ms


def through(buffer: JitterBuffer, sequences: list[int]) -> list[Arrival]:
    """Push what is wanted, with its number as its payload, and flush."""
    out: list[Arrival] = []
    for sequence in sequences:
        if buffer.wants(sequence):
            out += buffer.push(sequence, 0, str(sequence).encode(), 0.0)
    return [*out, *buffer.flush()]


def sequences(arrivals: list[Arrival]) -> list[int]:
    return [int(arrival.payload) for arrival in arrivals]


@given(
    start=st.integers(0, 65_535),
    count=st.integers(1, 200),
    lost=st.sets(st.integers(1, 198), max_size=40),
    seed=st.integers(0, 1_000),
)
def test_order_is_restored_and_losses_are_counted(
    start: int, count: int, lost: set[int], seed: int
) -> None:
    """Also around 65535, and with every packet late by up to four places and some twice."""
    chance = random.Random(seed)
    kept = [n for n in range(count) if n not in lost or n in (0, count - 1)]
    copies = [n for n in kept for _copy in range(chance.choice((1, 1, 1, 2)))]
    late = sorted(copies, key=lambda n: n + chance.uniform(0, 4))
    buffer = JitterBuffer()
    out = through(buffer, [(start + n) % 65_536 for n in late])
    assert sequences(out) == [(start + n) % 65_536 for n in kept]
    assert sum(arrival.lost for arrival in out) == count - len(kept)
    assert buffer.duplicates + buffer.late == len(copies) - len(kept)
    assert [arrival.restarts for arrival in out] == [True, *[False] * (len(kept) - 1)]


def test_packet_after_its_place_was_given_up_is_late() -> None:
    buffer = JitterBuffer()
    order = [0, *range(2, 2 + DEPTH + 1), 1]
    assert sequences(through(buffer, order)) == [0, *range(2, 2 + DEPTH + 1)]
    assert buffer.late == 1


def test_no_more_packets_wait_than_its_depth() -> None:
    buffer = JitterBuffer()
    for sequence in range(0, 4_000, 2):  # every other one is lost
        assert buffer.wants(sequence)
        buffer.push(sequence, 0, b"", 0.0)
        assert len(buffer._waiting) <= DEPTH


def test_sequence_far_away_begins_another_stream() -> None:
    out = through(JitterBuffer(), [10, 11, 40_000, 40_001])
    assert sequences(out) == [10, 11, 40_000, 40_001]
    assert [arrival.restarts for arrival in out] == [True, False, True, False]
    assert sum(arrival.lost for arrival in out) == 0


def arrival(number: int, timestamp: int, at: float, **more: object) -> Arrival:
    return replace(Arrival(number, timestamp % 2**32, OPUS, at), **more)


def starts(arrivals: list[Arrival]) -> list[int]:
    line = Timeline()
    return [line.place(packet).start for packet in arrivals]


def test_places_follow_the_timestamps_over_their_wrap() -> None:
    begin = 2**32 - 1_000
    packets = [arrival(n, begin + 960 * n, 0.02 * n) for n in range(4)]
    assert starts(packets) == [0, 960, 1_920, 2_880]


def test_pause_stays_a_pause() -> None:
    packets = [arrival(0, 0, 0.0), arrival(1, 3 * OPUS_RATE, 3.05)]
    assert starts(packets) == [0, 3 * OPUS_RATE]


def test_timestamp_against_the_clock_makes_no_silence() -> None:
    packets = [arrival(0, 0, 0.0), arrival(1, 3_600 * OPUS_RATE, 0.5)]
    assert starts(packets) == [0, OPUS_RATE // 2]


@pytest.mark.parametrize("timestamp", [0, 100, -5_000])
def test_packets_never_overlap(timestamp: int) -> None:
    assert starts([arrival(0, 0, 0.0), arrival(1, timestamp, 0.02)]) == [0, 960]


def test_another_stream_is_placed_by_the_clock() -> None:
    packets = [arrival(0, 500, 0.0), arrival(9, 77_000, 0.25, restarts=True)]
    assert starts(packets) == [0, OPUS_RATE // 4]


def test_unreadable_packet_counts_as_lost_before_the_next() -> None:
    line = Timeline()
    line.place(arrival(0, 0, 0.0))
    line.skip(arrival(1, 960, 0.02, lost=2))
    placed = line.place(arrival(2, 4_800, 0.1))
    assert (placed.start, placed.lost) == (4_800, 3)


def test_what_is_no_opus_is_refused() -> None:
    with pytest.raises(ValueError, match="Opus"):
        Timeline().place(Arrival(0, 0, b"", 0.0))


@given(st.lists(st.floats(0, 0.3), min_size=2, max_size=80), st.sets(st.integers(1, 78)))
def test_bursts_and_stalls_make_no_silence(gaps: list[float], lost: set[int]) -> None:
    """However late or early packets come, those without a pause between them stay together."""
    line, at, missing = Timeline(), 0.0, 0
    for number, gap in enumerate(gaps):
        at += gap
        if number in lost:
            missing += 1
            continue
        placed = line.place(arrival(number, 960 * number, at, lost=missing))
        missing = 0
        assert placed.start == 960 * number


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.floats(0, 40)), max_size=60))
def test_no_timestamps_place_a_packet_far_beyond_the_clock(
    packets: list[tuple[int, float]],
) -> None:
    line, clock = Timeline(), sorted(at for _, at in packets)
    for number, ((timestamp, _), at) in enumerate(zip(packets, clock, strict=True)):
        placed = line.place(arrival(number, timestamp, at))
        assert placed.start <= (at - clock[0] + 1) * OPUS_RATE + 960 * number
