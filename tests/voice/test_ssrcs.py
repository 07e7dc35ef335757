"""Whose packets are whose, by the voice websocket's messages."""

from typing import Any

import pytest

from bot.voice.ssrcs import Ssrcs


async def after(*messages: tuple[int, Any]) -> Ssrcs:
    ssrcs = Ssrcs()
    for op, data in messages:
        await ssrcs.hear(None, {"op": op, "d": data})
    return ssrcs


def speaking(user: int, ssrc: int) -> tuple[int, Any]:
    return 5, {"user_id": str(user), "ssrc": ssrc, "speaking": 1, "delay": 0}


async def test_user_is_known_once_they_spoke() -> None:
    ssrcs = await after((11, {"user_ids": ["1", "2"]}), speaking(1, 50))
    assert (ssrcs.of(1), ssrcs.of(2)) == (50, None)
    assert ssrcs.known(50)
    assert not ssrcs.known(51)


async def test_client_with_a_camera_names_its_sound() -> None:
    ssrcs = await after((12, {"user_id": "1", "audio_ssrc": 50, "video_ssrc": 51}))
    assert (ssrcs.of(1), ssrcs.known(51)) == (50, False)


async def test_client_without_sound_takes_nothing_away() -> None:
    video = (12, {"user_id": "1", "audio_ssrc": 0, "video_ssrc": 51})
    assert (await after(speaking(1, 50), video)).of(1) == 50


async def test_new_ssrc_takes_the_place_of_the_old() -> None:
    ssrcs = await after(speaking(1, 50), speaking(1, 60))
    assert (ssrcs.of(1), ssrcs.known(50)) == (60, False)


async def test_ssrc_belongs_to_one_user_at_a_time() -> None:
    ssrcs = await after(speaking(1, 50), speaking(2, 50))
    assert (ssrcs.of(1), ssrcs.of(2)) == (None, 50)


async def test_whoever_left_has_none() -> None:
    assert (await after(speaking(1, 50), (13, {"user_id": "1"}))).of(1) is None


async def test_new_connection_begins_anew() -> None:
    assert (await after(speaking(1, 50), (2, {"ssrc": 9}))).of(1) is None


@pytest.mark.parametrize("data", [None, {}, {"user_id": "x", "ssrc": 1}, [1], "text"])
async def test_message_that_nobody_thought_of_is_ignored(data: Any) -> None:
    assert (await after(speaking(1, 50), (5, data), (13, data))).of(1) == 50


async def test_memory_is_bounded() -> None:
    ssrcs = await after(*(speaking(user, user) for user in range(1, 2_500)))
    assert len(ssrcs._of_user) == 2_000
    assert ssrcs.of(2_499) == 2_499
