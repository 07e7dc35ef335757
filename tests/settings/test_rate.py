"""Texts of a member within a minute."""

from __future__ import annotations

from bot.settings import rate
from bot.settings.rate import MinuteLimit

GUILD, ANN, BEN = 1, 2, 3


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_minute_has_so_many_and_then_room_again() -> None:
    clock = Clock()
    limit = MinuteLimit(clock)
    assert limit.take(GUILD, ANN, 2) == 0
    clock.now += 20
    assert limit.take(GUILD, ANN, 2) == 0
    clock.now += 10
    assert limit.take(GUILD, ANN, 2) == 30
    clock.now += 30
    assert limit.take(GUILD, ANN, 2) == 0
    assert limit.take(GUILD, ANN, 2) == 20


def test_each_member_has_a_minute_of_their_own_on_each_server() -> None:
    limit = MinuteLimit(Clock())
    assert limit.take(GUILD, ANN, 1) == 0
    assert limit.take(GUILD, BEN, 1) == 0
    assert limit.take(GUILD + 1, ANN, 1) == 0
    assert limit.take(GUILD, ANN, 1) > 0


def test_a_limit_that_was_lowered_counts_at_once() -> None:
    clock = Clock()
    limit = MinuteLimit(clock)
    for _ in range(5):
        clock.now += 1
        assert limit.take(GUILD, ANN, 20) == 0
    assert limit.take(GUILD, ANN, 2) == 59


def test_few_members_are_remembered() -> None:
    limit = MinuteLimit(Clock())
    for member in range(rate.MAX_MEMBERS + 100):
        limit.take(GUILD, member, 1)
    assert len(limit) == rate.MAX_MEMBERS
