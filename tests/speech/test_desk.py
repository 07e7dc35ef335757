"""Previews beside the speech that voice channels wait for."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from bot.errors import BusyError
from bot.speech.desk import MAX_PREVIEWS, Preview, SpeechDesk
from bot.speech.scheduler import FairScheduler
from bot.speech.service import Utterance
from bot.text.plan import TextLimits
from tests.speech.test_scheduler import VOICE, SteppedEngine, settle


class Media:
    """As much of a `Worker` as the desk uses."""

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return function(*arguments)


def desk_of(engine: SteppedEngine) -> SpeechDesk:
    media: Any = Media()
    return SpeechDesk(FairScheduler(engine), TextLimits(), media)


def preview(desk: SpeechDesk, text: str, guild_id: int) -> asyncio.Task[Preview]:
    return asyncio.create_task(desk.preview(Utterance(text, VOICE, guild_id=guild_id)))


async def cancel(*tasks: asyncio.Task[Preview]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_previews_that_waited_long_do_not_starve_another_guilds_speech(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.speech.desk.PREVIEW_PATIENCE_SECONDS", 0.0)
    engine = SteppedEngine()
    desk = desk_of(engine)
    text = "This sentence is long enough to stand alone, " * 2 + "and another follows it. "
    assert len(desk.plan(text * 2)) > 1
    previews = [preview(desk, text * 2, 1) for _ in range(MAX_PREVIEWS)]
    await settle()
    speech = desk.speak(
        Utterance("Spoken.", VOICE, guild_id=2), due=asyncio.get_running_loop().time
    )
    spoken = asyncio.ensure_future(anext(speech))
    await settle()
    await engine.step(2)
    assert engine.order.index("Spoken.") == MAX_PREVIEWS  # after the first sentences of both
    await engine.step(1)
    await spoken
    await speech.aclose()
    await cancel(*previews)


async def test_one_preview_too_many_is_refused_in_its_guild_alone() -> None:
    desk = desk_of(SteppedEngine())
    previews = [preview(desk, "A preview.", 1) for _ in range(MAX_PREVIEWS)]
    await settle()
    with pytest.raises(BusyError, match="previews"):
        await preview(desk, "A preview.", 1)
    elsewhere = preview(desk, "A preview.", 2)
    await settle()
    assert not elsewhere.done()
    await cancel(*previews, elsewhere)


async def test_a_preview_that_was_given_up_makes_room_for_another() -> None:
    desk = desk_of(SteppedEngine())
    previews = [preview(desk, "A preview.", 1) for _ in range(MAX_PREVIEWS)]
    await settle()
    await cancel(previews.pop())
    previews.append(preview(desk, "A preview.", 1))
    await settle()
    assert not previews[-1].done()
    await cancel(*previews)
