"""Which lines about who speaks are written anew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cogs.speakers.recent import (
    AFTER_ANOTHER_SECONDS,
    MAX_LINES,
    REPEAT_SECONDS,
    RecentLines,
    Speaking,
)

ANN = Speaking(channel_id=1, member_id=2, voice_id=3, voice="Ben", owner_id=4, at=0)
CLEO = replace(ANN, member_id=5)


@pytest.mark.parametrize(
    ("since", "other", "news"),
    [
        (0.0, None, False),
        (REPEAT_SECONDS - 1, None, False),
        (REPEAT_SECONDS, None, True),
        (AFTER_ANOTHER_SECONDS - 1, CLEO, False),
        (AFTER_ANOTHER_SECONDS, CLEO, True),
        (0.0, replace(ANN, voice_id=9), False),
    ],
)
def test_a_member_is_named_again_after_a_while_or_below_another_line(
    since: float, other: Speaking | None, news: bool
) -> None:
    recent = RecentLines()
    assert recent.is_news(ANN, 0.0)
    if other is not None:
        assert recent.is_news(other, 0.0)
    assert recent.is_news(ANN, since) is news


def test_another_channel_has_read_nothing_yet() -> None:
    recent = RecentLines()
    assert recent.is_news(ANN, 0.0)
    assert recent.is_news(replace(ANN, channel_id=7), 0.0)


def test_the_oldest_of_many_is_forgotten() -> None:
    recent = RecentLines()
    for number in range(MAX_LINES + 1):
        assert recent.is_news(replace(ANN, member_id=100 + number), 0.0)
    assert recent.is_news(replace(ANN, member_id=100), 0.0)
    assert not recent.is_news(replace(ANN, member_id=100 + MAX_LINES), 0.0)
