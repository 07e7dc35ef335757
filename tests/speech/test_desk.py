"""Texts that are planned, and previews beside the speech that voice channels wait for."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from bot.errors import BusyError, UserError
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


def utterance(guild_id: int, *sentences: str) -> Utterance:
    return Utterance(" ".join(sentences), VOICE, guild_id=guild_id, sentences=sentences)


def preview(desk: SpeechDesk, guild_id: int, *sentences: str) -> asyncio.Task[Preview]:
    return asyncio.create_task(desk.preview(utterance(guild_id, *sentences)))


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
    previews = [preview(desk, 1, "A sentence.", "Another one.") for _ in range(MAX_PREVIEWS)]
    await settle()
    speech = desk.speak(utterance(2, "Spoken."), due=asyncio.get_running_loop().time)
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
    previews = [preview(desk, 1, "A preview.") for _ in range(MAX_PREVIEWS)]
    await settle()
    with pytest.raises(BusyError, match="files of speech"):
        await preview(desk, 1, "A preview.")
    elsewhere = preview(desk, 2, "A preview.")
    await settle()
    assert not elsewhere.done()
    await cancel(*previews, elsewhere)


async def test_a_preview_that_was_given_up_makes_room_for_another() -> None:
    desk = desk_of(SteppedEngine())
    previews = [preview(desk, 1, "A preview.") for _ in range(MAX_PREVIEWS)]
    await settle()
    await cancel(previews.pop())
    previews.append(preview(desk, 1, "A preview."))
    await settle()
    assert not previews[-1].done()
    await cancel(*previews)


async def test_a_long_text_holds_up_nothing_else_and_is_not_overtaken() -> None:
    desk = desk_of(SteppedEngine())
    long, short = "**1½** cups cost $3.14 at 7:30 pm, https://example.org/a_b! " * 40, "Hello."
    planned: list[tuple[str, ...]] = []

    async def plan(text: str) -> None:
        utterance = await desk.planned(Utterance(text, VOICE, language="ru"))
        planned.append(utterance.sentences or ())

    both = asyncio.gather(plan(long), plan(short))
    turns = 0
    while not both.done():
        turns += 1
        await asyncio.sleep(0)
    await both
    assert turns > 20  # the loop was free meanwhile
    assert len(planned[0]) > 1
    assert planned[1] == (short,)


async def test_a_text_that_is_refused_holds_up_no_other() -> None:
    desk = desk_of(SteppedEngine())
    both = (desk.planned(Utterance(text, VOICE)) for text in ("...", "Hello."))
    refused, planned = await asyncio.gather(*both, return_exceptions=True)
    assert isinstance(refused, UserError)
    assert isinstance(planned, Utterance)
    assert planned.sentences == ("Hello.",)
