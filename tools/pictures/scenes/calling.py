"""`/join` and `/leave`."""

from __future__ import annotations

from unittest.mock import AsyncMock, patch

from bot.voice.link import JoinOutcome
from bot.voice.player import GuildPlayer
from loopback import Overwrite, Permission
from tools.pictures.scene import Act, scene
from tools.pictures.scenes.speaking import LONG, SAY, hold, in_channel


@scene(
    "join-leave",
    "/join and /leave: the bot comes, is there already, moves, and leaves",
    "join",
    "leave",
    answers=(JoinOutcome.JOINED, JoinOutcome.ALREADY_THERE, JoinOutcome.MOVED),
)
async def join_and_leave(act: Act) -> None:
    """There and away."""
    await act.ada.join_voice()
    await act.show(act.ada, "join")
    await act.show(act.ada, "join")
    den = act.stage.discord.add_voice_channel(act.guild, "Den")
    await act.ada.join_voice(den)
    await act.show(act.ada, "join")
    await act.show(act.ada, "leave")


@scene(
    "join-refused",
    "Refusals of /join: not in a channel, a channel closed to the member, the bot busy elsewhere, "
    "muted, out of reach",
    "join",
    answers=(JoinOutcome.TIMED_OUT,),
)
async def join_refused(act: Act) -> None:
    """What keeps it away."""
    discord = act.stage.discord
    await act.show(act.mo, "join")
    council = discord.add_voice_channel(act.guild, "Council")
    discord.world.overwrite(council, Overwrite(act.guild.id, deny=Permission.CONNECT))
    await act.show(act.mo, "join", channel=council)
    await in_channel(act)
    hold(act)
    await act.ask(act.ada, SAY, text=LONG)
    den = discord.add_voice_channel(act.guild, "Den")
    await act.show(act.ben, "join", channel=den)
    await act.ask(act.ada, "stop")
    discord.mute_bot(act.guild)
    await act.show(act.ada, "join")
    discord.mute_bot(act.guild, False)
    await act.ask(act.ada, "leave")
    answers = discord.gateway.on_voice_request
    discord.gateway.on_voice_request = lambda _: None
    await act.show(act.ada, "join")
    discord.gateway.on_voice_request = answers


FAILURES = (
    JoinOutcome.BUSY_ELSEWHERE,
    JoinOutcome.REFUSED,
    JoinOutcome.ENCRYPTION_REFUSED,
    JoinOutcome.UNREACHABLE,
    JoinOutcome.GONE,
    JoinOutcome.SHUTTING_DOWN,
)


@scene(
    "join-failed",
    "What /join says when it fails on the way: the bot became busy, Discord refused, an encryption "
    "that the bot lacks, voice servers out of reach, a deleted channel, a bot that shuts down",
    "join",
    answers=FAILURES,
)
async def join_failed(act: Act) -> None:
    """What happens only between asking and arriving is put into the player's mouth."""
    await act.ada.join_voice()
    for outcome in FAILURES:
        with patch.object(GuildPlayer, "join", AsyncMock(return_value=outcome)):
            await act.show(act.ada, "join")


@scene(
    "leave-refused",
    "Refusals of /leave: the bot is in no channel, or the texts of others are waiting",
    "leave",
)
async def leave_refused(act: Act) -> None:
    """What keeps it there."""
    await act.show(act.ben, "leave")
    await in_channel(act)
    hold(act)
    await act.ask(act.ada, SAY, text=LONG)
    await act.show(act.ben, "leave")
    await act.ask(act.mo, "stop")
