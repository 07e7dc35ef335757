"""How an answer to `/say` can end."""

from __future__ import annotations

from bot.errors import EngineError
from bot.voice.utterances import UtteranceEnd
from cogs.progress import ENDS
from loopback import Message, Overwrite, Permission
from tools.pictures.scene import Act, scene
from tools.pictures.scenes.speaking import LONG, SAY, SHORT, hold, in_channel, said

ENDED_BY = {
    "skip": UtteranceEnd.SKIPPED,
    "stop": UtteranceEnd.STOPPED,
    "leave": UtteranceEnd.LEFT,
}


@scene(
    "say-ended",
    "How the answer to /say tells that a text was skipped, that all was stopped, or that the bot "
    "was sent out",
    SAY,
    "skip",
    "stop",
    "leave",
    answers=(UtteranceEnd.SKIPPED, UtteranceEnd.STOPPED, UtteranceEnd.LEFT),
)
async def by_members(act: Act) -> None:
    """What members do."""
    await in_channel(act)
    for command, end in ENDED_BY.items():
        message = await said(act)
        await act.ask(act.ada, command)
        await _keep_end(act, message, ENDS[end])


@scene(
    "say-interrupted",
    "How the answer to /say tells that a moderator muted or disconnected the bot, that everybody "
    "left, that the voice was deleted",
    SAY,
    answers=(
        UtteranceEnd.MUTED,
        UtteranceEnd.DISCONNECTED,
        UtteranceEnd.ALONE,
        UtteranceEnd.VOICE_DELETED,
    ),
)
async def by_others(act: Act) -> None:
    """What moderators do, and those who leave."""
    await in_channel(act)
    discord = act.stage.discord
    message = await said(act)
    discord.mute_bot(act.guild)
    await _keep_end(act, message, ENDS[UtteranceEnd.MUTED])
    discord.mute_bot(act.guild, False)
    message = await said(act)
    discord.disconnect_bot(act.guild)
    await _keep_end(act, message, ENDS[UtteranceEnd.DISCONNECTED])
    voice = await act.stage.add_voice(act.place, "Guest", act.mo)
    hold(act)
    message = await act.ask(act.ada, SAY, text=SHORT, voice="Guest")
    await act.stage.world.store.delete(voice)
    await act.stage.world.watch.look()
    await _keep_end(act, message, ENDS[UtteranceEnd.VOICE_DELETED])
    act.stage.calm()
    message = await said(act, LONG + " " + LONG[:80] + ".")
    await act.ada.leave_voice()
    await act.ben.leave_voice()
    await _keep_end(act, message, ENDS[UtteranceEnd.ALONE])


@scene(
    "say-failed",
    "How the answer to /say tells that a sentence could not be spoken, that the call could not be "
    "encrypted, that the connection was lost, that the bot shuts down",
    SAY,
    answers=(
        UtteranceEnd.FAILED,
        UtteranceEnd.ENCRYPTION_FAILED,
        UtteranceEnd.CONNECTION_LOST,
        UtteranceEnd.SHUTTING_DOWN,
    ),
)
async def by_faults(act: Act) -> None:
    """What goes wrong."""
    await in_channel(act)
    failure = act.stage.world.engine.failure = EngineError(
        "This text could not be spoken: the voice engine was lost over it, twice. Try other words."
    )
    message = await act.ask(act.ada, SAY, text=SHORT)
    await _keep_end(act, message, str(failure))
    act.stage.calm()
    message = await said(act)
    denied = Overwrite(act.guild.id, deny=Permission.CONNECT)
    act.stage.discord.world.overwrite(act.guild.voice, denied)
    act.stage.discord.close_voice(act.guild, 4006)
    await _keep_end(act, message, ENDS[UtteranceEnd.CONNECTION_LOST])
    act.stage.discord.world.overwrite(act.guild.voice, Overwrite(act.guild.id))
    await _cannot_encrypt(Act(act.stage, act.language, act.shown, act.commands))
    message = await said(act)
    await act.stage.restart()
    await _keep_end(act, message, ENDS[UtteranceEnd.SHUTTING_DOWN])


async def _cannot_encrypt(act: Act) -> None:
    """In a call of its own: what was late for it comes late for whoever joins it again, too."""
    await in_channel(act)
    act.stage.discord.voice.late_mls(30.0)
    message = await act.ask(act.ada, SAY, text=SHORT)
    await _keep_end(act, message, ENDS[UtteranceEnd.ENCRYPTION_FAILED])
    act.stage.calm()


async def _keep_end(act: Act, message: Message, text: str) -> None:
    await act.until(message, text)
    act.keep(act.ada, SAY, message)
