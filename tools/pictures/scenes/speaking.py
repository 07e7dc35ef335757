"""`/say`: what is answered while a text is spoken, and instead."""

from __future__ import annotations

import asyncio

from bot.voice.link import JoinOutcome
from bot.voice.utterances import UtteranceEnd
from cogs.progress import ENDS
from cogs.speech import MAX_TEXT
from loopback import ChannelKind, Message, Permission
from tools.pictures.scene import Act, scene

SAY = "say"
SHORT = "Good morning, everyone."
LONG = (
    "The rain had stopped before morning, and the road to the harbour was still wet. "
    "My neighbour keeps four brown hens behind the house, and they complain about everything. "
    "Nobody knows exactly why the lighthouse was painted green. "
    "The train leaves at seven, so we should pack our things tonight."
)


async def in_channel(act: Act) -> None:
    """Give Ada and Ben voices and let them join the voice channel."""
    await act.stage.add_voice(act.place, "Ada", act.ada)
    await act.stage.add_voice(act.place, "Ben", act.ben)
    await act.ada.join_voice()
    await act.ben.join_voice()


def hold(act: Act) -> asyncio.Event:
    """Keep the engine from speaking until the event is set: what is asked for waits."""
    gate = act.stage.world.engine.gate = asyncio.Event()
    return gate


@scene(
    "say",
    "The answer to /say: who speaks in which voice, how far the text is, and that it was said",
    SAY,
    answers=(UtteranceEnd.PLAYED,),
)
async def say(act: Act) -> None:
    """Right away, half way, to the end."""
    await in_channel(act)
    gate = hold(act)
    message = await act.show(act.ada, SAY, text=LONG)
    gate.set()
    await act.until(message, "2 of 4")
    act.keep(act.ada, SAY, message)
    await act.until(message, ENDS[UtteranceEnd.PLAYED])
    act.keep(act.ada, SAY, message)


@scene("say-form", "The options of /say while it is typed", SAY)
async def form(act: Act) -> None:
    """What Discord shows of it."""
    act.form(SAY, text=SHORT, voice="Ada")


@scene("say-file", "The answer to /say with file:True: the speech as a sound file", SAY)
async def file(act: Act) -> None:
    """Without a voice channel."""
    await act.stage.add_voice(act.place, "Ada", act.ada)
    await act.show(act.ada, SAY, text=SHORT, file=True)


@scene(
    "say-queued",
    "The answer to /say while others speak: after how many texts, and in about how many seconds",
    SAY,
)
async def queued(act: Act) -> None:
    """Behind one text, then two."""
    await in_channel(act)
    gate = hold(act)
    await act.ask(act.ada, SAY, text=LONG)
    await act.show(act.ben, SAY, text=SHORT)
    last = await act.show(act.ben, SAY, text=LONG)
    gate.set()
    await act.ask(act.mo, "stop")
    await act.until(last, ENDS[UtteranceEnd.STOPPED])


@scene(
    "say-notes",
    "Small notes under /say: a preview engine, a setting that the model ignores",
    SAY,
)
async def notes(act: Act) -> None:
    """An engine that does not clone, and one without a setting."""
    await in_channel(act)
    engine = act.stage.world.engine
    engine.clones, engine.model = False, "piper"
    await act.show(act.ada, SAY, text=SHORT)
    await act.ask(act.ada, "stop")
    engine.clones, engine.model = True, "turbo"
    engine.notes = ("The turbo model ignores exaggeration.",)
    message = await act.ask(act.ada, SAY, text=LONG, exaggeration=1.2)
    await act.until(message, "ignores")
    act.keep(act.ada, SAY, message)


@scene(
    "say-engine",
    "/say while the voice engine is loading, and while it is starting again",
    SAY,
)
async def engine(act: Act) -> None:
    """Not ready yet; not ready again."""
    await in_channel(act)
    engine = act.stage.world.engine
    engine.ready = engine.loaded_before = False
    await act.show(act.ada, SAY, text=SHORT)
    await act.ask(act.ada, "stop")
    engine.loaded_before = True
    await act.show(act.ada, SAY, text=SHORT)


@scene(
    "say-refused",
    "Refusals of /say: not in a voice channel, no voice yet, nothing to say, a text that becomes "
    "too long when it is read, a voice that nobody has",
    SAY,
)
async def refused(act: Act) -> None:
    """What is refused because of who asks and what for."""
    await act.stage.add_voice(act.place, "Ada", act.ada)
    await act.show(act.ada, SAY, text=SHORT)
    await act.ben.join_voice()
    await act.show(act.ben, SAY, text=SHORT)
    await act.ada.join_voice()
    await act.show(act.ada, SAY, text="?!…")
    await act.show(act.ada, SAY, text="<t:1:F>," * (MAX_TEXT // 8))
    await act.show(act.ada, SAY, text=SHORT, voice="Adda")


async def _try_in(act: Act, name: str, *, limit: int = 0) -> None:
    channel = act.stage.discord.add_voice_channel(act.guild, name, user_limit=limit)
    denied = {"Quiet": Permission.SPEAK, "Council": Permission.CONNECT}.get(name)
    if denied is not None:
        act.stage.discord.deny_bot(channel, int(denied))
    await act.ada.join_voice(channel)
    await act.show(act.ada, SAY, text=SHORT)


@scene(
    "say-no-permission",
    "Refusals of /say where the bot may not speak: no permission to speak or to join, a full "
    "channel, a stage, the AFK channel, muted by a moderator",
    SAY,
    answers=(
        JoinOutcome.MAY_NOT_SPEAK,
        JoinOutcome.MAY_NOT_CONNECT,
        JoinOutcome.FULL,
        JoinOutcome.STAGE,
        JoinOutcome.AFK,
    ),
)
async def no_permission(act: Act) -> None:
    """What is refused because of where."""
    await act.stage.add_voice(act.place, "Ada", act.ada)
    for name, limit in (("Quiet", 0), ("Council", 0), ("Booth", 1)):
        await _try_in(act, name, limit=limit)
    stage = act.stage.discord.world.add_channel(act.guild, "Theatre", ChannelKind.STAGE, 0)
    await act.ada.join_voice(stage)
    await act.show(act.ada, SAY, text=SHORT)
    asleep = act.stage.discord.add_voice_channel(act.guild, "Asleep")
    act.stage.discord.make_afk(act.guild, asleep)
    await act.ada.join_voice(asleep)
    await act.show(act.ada, SAY, text=SHORT)
    await act.ada.join_voice()
    await act.ask(act.ada, "join")
    act.stage.discord.mute_bot(act.guild)
    await act.show(act.ada, SAY, text=SHORT)


@scene(
    "say-busy",
    "Refusals of /say while the bot is busy: speaking in another channel, five texts of one's own "
    "waiting, twenty texts waiting",
    SAY,
)
async def busy(act: Act) -> None:
    """What is refused because of what is going on."""
    await in_channel(act)
    hold(act)
    for _ in range(5):
        await act.ask(act.ada, SAY, text=SHORT)
    await act.show(act.ada, SAY, text=SHORT)
    den = act.stage.discord.add_voice_channel(act.guild, "Den")
    await act.stage.add_voice(act.place, "Mo", act.mo)
    await act.mo.join_voice(den)
    await act.show(act.mo, SAY, text=SHORT)
    await _fill(act)
    await act.show(act.mo, SAY, text=SHORT)
    await act.ask(act.mo, "stop")


async def _fill(act: Act) -> None:
    for name in ("Cleo", "Dan", "Eve"):
        person = act.stage.discord.add_person(act.guild, name)
        await person.join_voice()
        for _ in range(5):
            await act.ask(person, SAY, text=SHORT, voice="Ada")
    await act.mo.join_voice()


async def said(act: Act, text: str = LONG) -> Message:
    """Have something long said and wait until it is heard."""
    message = await act.ask(act.ada, SAY, text=text)
    await act.until(message, "heard.")
    return message
