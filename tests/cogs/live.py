"""Live recordings without a call: the voice side is a double, all else is the bot's own."""

from __future__ import annotations

from simcord.builders import ChannelHandle
from simcord.results import InteractionResult

from bot.consent.live import Asked, LiveSample
from bot.consent.recognition import HeardWord, WordCheck
from bot.enrolment.types import EnrolmentSample
from tests.cogs.conftest import Scene
from tests.cogs.world import make_clip, make_picture, make_report


def live_sample(asked: Asked, heard: int | None = 4, **more: object) -> LiveSample:
    """What the media worker makes of a recording in which that many words were heard."""
    words = [HeardWord(word, i, i + 0.5, 0.9) for i, word in enumerate(asked.challenge.words)]
    outcome = "not checked" if heard is None else "passed" if heard >= 3 else "failed"
    check = WordCheck(outcome, tuple(words[: heard or 0]), heard or 0, 5.0)
    sample = EnrolmentSample(make_clip(), make_report(), make_picture())
    return LiveSample(sample, make_clip(7), check, **more)  # type: ignore[arg-type]


async def enrol_live(scene: Scene, channel: ChannelHandle, **options: object) -> InteractionResult:
    await scene.ann.join_voice(channel)
    return await scene.ann.slash(scene.channel, "enroll", name="Ann", **options)
