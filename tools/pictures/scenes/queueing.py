"""`/queue`, `/skip` and `/stop`."""

from __future__ import annotations

from bot.voice.player import SkipOutcome
from cogs.speech_cards import queue_card
from tools.pictures.scene import Act, scene
from tools.pictures.scenes.speaking import LONG, SAY, SHORT, hold, in_channel


@scene(
    "queue",
    "/queue: who speaks in which voice, what comes next, how long it takes, and the privacy code",
    "queue",
    answers=(queue_card,),
)
async def queue(act: Act) -> None:
    """Three texts wait."""
    await in_channel(act)
    await act.show(act.ada, "queue")
    await act.ask(act.ada, SAY, text="Hello.")
    await act.stage.discord.voice.wait_settled(act.guild)
    hold(act)
    for person, text in ((act.ada, LONG), (act.ben, SHORT), (act.ada, "And *thank you* all!")):
        await act.ask(person, SAY, text=text)
    await act.show(act.ben, "queue")
    await act.ask(act.mo, "stop")


@scene(
    "skip-stop",
    "/skip and /stop: what they answer, also when nothing is being said",
    "skip",
    "stop",
    answers=(SkipOutcome.SKIPPED, SkipOutcome.NOTHING_TO_SKIP),
)
async def skip_and_stop(act: Act) -> None:
    """One text is skipped, two are stopped."""
    await in_channel(act)
    hold(act)
    for _ in range(3):
        await act.ask(act.ada, SAY, text=LONG)
    await act.show(act.ada, "skip")
    await act.show(act.ada, "stop")
    await act.show(act.ada, "skip")
    await act.show(act.ada, "stop")


@scene(
    "skip-stop-refused",
    "/skip and /stop of what somebody else had said: who may do that",
    "skip",
    "stop",
    answers=(SkipOutcome.NOT_YOURS,),
)
async def refused(act: Act) -> None:
    """Not one's own."""
    await in_channel(act)
    hold(act)
    await act.ask(act.ada, SAY, text=LONG)
    await act.show(act.ben, "skip")
    await act.show(act.ben, "stop")
    await act.ask(act.mo, "stop")
