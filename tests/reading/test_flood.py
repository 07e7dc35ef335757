"""Repeated messages, haste, and what is told of those that were left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.reading.backlog import MOST_HURRY, LeftOut, hurry
from bot.reading.repeats import MAX_TEXTS, SECONDS_APART, SECONDS_WAITING, Repeats, written
from bot.reading.room import MAX_ROOMS, Rooms
from tests.reading.making import ANN, BEN, message


def test_the_same_text_is_not_said_while_it_waits() -> None:
    repeats = Repeats()
    assert not repeats.is_repeated(ANN, "lol", 0)
    assert repeats.is_repeated(ANN, "LOL ", SECONDS_WAITING - 1)
    assert not repeats.is_repeated(BEN, "lol", 0)
    assert not repeats.is_repeated(ANN, "rofl", 0)


def test_the_same_text_is_not_said_just_after_it() -> None:
    repeats = Repeats()
    repeats.is_repeated(ANN, "lol", 0)
    repeats.heard(ANN, "lol", 5)
    assert repeats.is_repeated(ANN, "lol", 5 + SECONDS_APART - 1)
    assert not repeats.is_repeated(ANN, "lol", 5 + SECONDS_APART)


def test_what_was_never_heard_can_be_said_again() -> None:
    repeats = Repeats()
    repeats.is_repeated(ANN, "lol", 0)
    assert not repeats.is_repeated(ANN, "lol", SECONDS_WAITING)


def test_what_was_written_is_remembered_within_bounds() -> None:
    repeats = Repeats()
    for number in range(MAX_TEXTS * 2):
        repeats.is_repeated(ANN, str(number), 0)
    assert len(repeats._texts) == MAX_TEXTS


def test_what_is_attached_makes_a_difference() -> None:
    assert written(message("a")) == written(message("a", id=2))
    assert written(message("a")) != written(message("a", attachments=("image",)))
    assert written(message("", stickers=("Wave",))) != written(message("", stickers=("Hi",)))


@pytest.mark.parametrize(
    ("waiting", "pace"), [(0, 1), (15, 1), (21.0, 1.2), (30, MOST_HURRY), (300, MOST_HURRY)]
)
def test_the_more_waits_the_faster_it_is_said(waiting: float, pace: float) -> None:
    assert hurry(waiting, 30) == pytest.approx(pace)


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.integers(5, 300))
def test_haste_grows_within_bounds(less: float, more: float, longest: int) -> None:
    less, more = sorted((less, more))
    assert 1 <= hurry(less, longest) <= hurry(more, longest) <= MOST_HURRY


class Queue:
    """A queue in which chatter and notices wait, the oldest first; what is told is counted."""

    def __init__(self) -> None:
        self.left_out = LeftOut()
        self.waiting: list[str] = []
        self.told: list[int] = []
        self.arrived = self.heard = 0
        self.begun: int | None = None  # what the notice that waits tells of, once it began

    def arrive(self) -> None:
        self.arrived += 1
        self.waiting.append("message")

    def trim(self, count: int) -> None:
        """Drop the oldest, as the player does before something else comes."""
        dropped = self.waiting[:count]
        del self.waiting[:count]
        if "notice" in dropped:
            self.left_out.notice_dropped(self.begun or 0)
            self.begun = None
        if dropped and self.left_out.dropped(len(dropped)):
            assert "notice" not in self.waiting
            self.waiting.insert(0, "notice")

    def begin_notice(self) -> None:
        """Synthesise the notice ahead of its turn."""
        if "notice" in self.waiting and self.begun is None:
            self.begun = self.left_out.take()

    def hear(self) -> None:
        if not self.waiting:
            return
        if self.waiting.pop(0) == "message":
            self.heard += 1
            return
        self.told.append(self.begun if self.begun is not None else self.left_out.take())
        self.begun = None


STEPS = st.sampled_from(["arrive", "arrive", "hear", "begin"]) | st.integers(1, 6)


@given(st.lists(STEPS, max_size=80))
def test_every_message_is_heard_or_told_of_once(steps: list[str | int]) -> None:
    queue = Queue()
    for step in steps:
        if isinstance(step, int):
            queue.trim(step)
        else:
            {"arrive": queue.arrive, "hear": queue.hear, "begin": queue.begin_notice}[step]()
        assert queue.waiting.count("notice") <= 1
        assert "notice" not in queue.waiting[1:]
    while queue.waiting:
        queue.hear()
    assert queue.heard + sum(queue.told) == queue.arrived
    assert all(told > 0 for told in queue.told)


def test_a_notice_that_cannot_be_spoken_is_told_with_the_next() -> None:
    left_out = LeftOut()
    assert left_out.dropped(3)
    left_out.no_notice()
    assert left_out.dropped(2)
    assert left_out.take() == 5


def test_guilds_are_remembered_within_bounds() -> None:
    rooms = Rooms()
    first = rooms.of(1)
    for guild_id in range(2, MAX_ROOMS + 1):
        rooms.of(guild_id)
    assert rooms.of(1) is first
    rooms.of(MAX_ROOMS + 1)
    assert rooms.of(1) is first
    assert len(rooms._rooms) == MAX_ROOMS


def test_a_guild_is_forgotten() -> None:
    rooms = Rooms()
    first = rooms.of(1)
    rooms.forget(1)
    assert rooms.of(1) is not first
