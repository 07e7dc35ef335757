"""`/voice pause` and `resume`, and what becomes of a text when its voice's owner decides so."""

from __future__ import annotations

from bot.voice.utterances import UtteranceEnd
from cogs.progress import ENDS
from loopback import Message
from storage.access import SharingChange
from tools.pictures.scene import Act, scene
from tools.pictures.scenes.speaking import LONG, SAY, in_channel

PAUSE, RESUME = "voice pause", "voice resume"


@scene(
    "voice-pause",
    "/voice pause and /voice resume: a paused voice is nobody's to speak with, and whoever paused "
    "it takes that back",
    PAUSE,
    RESUME,
)
async def pause(act: Act) -> None:
    """By its owner, then by an admin."""
    await in_channel(act)
    await act.show(act.ada, PAUSE, voice="Ada")
    await act.show(act.ben, SAY, text="Good morning.", voice="Ada")
    await act.show(act.ada, SAY, text="Good morning.", voice="Ada")
    await act.show(act.ada, RESUME, voice="Ada")
    await act.ask(act.mo, PAUSE, voice="Ada")
    await act.show(act.ada, RESUME, voice="Ada")


@scene(
    "say-withdrawn",
    "How the answer to /say tells that the voice's owner paused it meanwhile, or shares it no more",
    SAY,
    PAUSE,
    answers=(UtteranceEnd.VOICE_PAUSED, UtteranceEnd.NOT_ALLOWED),
)
async def withdrawn(act: Act) -> None:
    """In the middle of a text."""
    await in_channel(act)
    message = await as_ada(act)
    await act.ask(act.ada, PAUSE, voice="Ada")
    await act.until(message, ENDS[UtteranceEnd.VOICE_PAUSED])
    act.keep(act.ben, SAY, message)
    await act.ask(act.ada, RESUME, voice="Ada")
    message = await as_ada(act)
    services = act.stage.world
    assert act.stage.bot is not None
    voice = (await services.store.search(act.guild.id, "Ada", 1))[0]
    reach = act.stage.bot.services.reach
    await reach.share(voice.id, SharingChange("owner"), by="owner", actor=act.ada.id)
    await services.watch.look()
    await act.until(message, "shared with you")
    act.keep(act.ben, SAY, message)


async def as_ada(act: Act) -> Message:
    """Have Ben speak as Ada and wait until it is heard."""
    message = await act.ask(act.ben, SAY, text=LONG, voice="Ada")
    await act.until(message, "heard.")
    return message
