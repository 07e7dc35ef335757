"""All guilds' players, and what Discord tells them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import discord
import structlog
from discord.ext import commands

from bot.errors import UserError
from bot.i18n import _
from bot.operations.figures import UtteranceFacts
from bot.operations.vitals import VoiceReading
from bot.voice.fetcher import Lead
from bot.voice.limits import VoiceLimits
from bot.voice.link import VocalChannel
from bot.voice.pacer import Pacer
from bot.voice.player import GuildPlayer
from bot.voice.track import Track
from bot.voice.utterances import SayRequest, UtteranceEnd

log = structlog.get_logger(__name__)


class VoiceManager:
    """Makes a player for each guild that asks for one and hands it the events it needs.

    at_once: how many texts of a guild are made at once, as things stand. wait: see `Lead`.
    on_left: called with a guild's id when the bot has left its channel for good, and whether that
        was because the connection could not be had back.
    on_heard: called when a text begins to be heard, with the channel; must not block or fail.
    on_spoken: called with a guild's id when a text has ended of which anything was sent, with its
        track and how it ended; must not block or fail.
    on_ended: called when any text has ended, with its stages; must not block or fail.
    """

    on_left: Callable[[int, bool], None]
    on_heard: Callable[[VocalChannel, SayRequest], None]
    on_spoken: Callable[[int, SayRequest, Track, UtteranceEnd], None]
    on_ended: Callable[[UtteranceFacts], None]

    def __init__(
        self,
        bot: discord.Client,
        limits: VoiceLimits,
        at_once: Callable[[], int] = lambda: 1,
        wait: Callable[[int, int], float] = lambda guild_id, sentences: 0.0,
    ) -> None:
        self.pacer = Pacer()
        self._bot = bot
        self._limits = limits
        self._lead = Lead(limits.prefetch_seconds, at_once, self._crowded, wait)
        self._players: dict[int, GuildPlayer] = {}
        self._former: dict[int, set[GuildPlayer]] = {}  # by shard, of the session before
        self._closing = False
        self.on_left = lambda guild_id, lost: None
        self.on_heard = lambda channel, request: None
        self.on_spoken = lambda guild_id, request, track, end: None
        self.on_ended = lambda facts: None

    def start(self) -> None:
        """Start the pacer's thread. Call it on the running event loop."""
        self.pacer.start()

    def listen(self, bot: commands.Bot | commands.AutoShardedBot) -> None:
        """Have the bot call the `on_...` methods."""
        for handler in (
            self.on_voice_state_update,
            self.on_guild_available,
            self.on_guild_remove,
            self.on_shard_disconnect,
            self.on_shard_connect,
            self.on_shard_resumed,
            self.on_shard_ready,
        ):
            bot.add_listener(handler)

    def player(self, guild_id: int) -> GuildPlayer:
        """Return the guild's player, a new one if it has none yet.

        Raises `UserError` while the bot shuts down.
        """
        if self._closing:
            raise UserError(_("I am shutting down. Try again in a few minutes."))
        player = self._players.get(guild_id)
        if player is None:
            player = self._new_player(guild_id)
            self._players[guild_id] = player
        return player

    def _new_player(self, guild_id: int) -> GuildPlayer:
        return GuildPlayer(
            self._bot,
            guild_id,
            self.pacer,
            self._limits,
            self._lead,
            lambda lost: self.on_left(guild_id, lost),
            lambda channel, request: self.on_heard(channel, request),
            lambda item, end: self.on_spoken(guild_id, item.request, item.track, end),
            lambda facts: self.on_ended(facts),
        )

    def existing(self, guild_id: int) -> GuildPlayer | None:
        """Return the guild's player if it has one: nothing was ever said otherwise."""
        return self._players.get(guild_id)

    async def end_voice(self, voice_id: int, end: UtteranceEnd) -> None:
        """End at once all that is said or waits in a voice, in every guild; see `GuildPlayer`."""
        players = list(self._players.values())
        await asyncio.gather(*(player.end_voice(voice_id, end) for player in players))

    async def ask_again(self, voice_id: int) -> None:
        """End what members may have said in a voice no more, in every guild."""
        players = list(self._players.values())
        await asyncio.gather(*(player.ask_again(voice_id) for player in players))

    async def forget(self, covers: Callable[[int, int], bool]) -> None:
        """End what members have said or record. covers: whether one of a guild is meant."""
        players = list(self._players.items())
        await asyncio.gather(*(player.forget(partial(covers, guild)) for guild, player in players))

    def voice_replaced(self, voice_id: int) -> None:
        """Have what waits in a voice spoken with its new recording, in every guild."""
        for player in list(self._players.values()):
            player.voice_replaced(voice_id)

    def reading(self) -> VoiceReading:
        """Return how all channels together stand."""
        players, stats = self._players.values(), self.pacer.stats
        texts = [entry for player in players for entry in player.snapshot()]
        return VoiceReading(
            connections=sum(player.channel is not None for player in players),
            speaking=sum(text.speaking for text in texts),
            waiting=len(texts),
            packets=stats.packets,
            late=stats.late,
            reanchored=stats.reanchored,
            late_seconds=stats.late_seconds,
            max_late_seconds=stats.max_late_seconds,
            realtime=stats.realtime,
        )

    @property
    def prefetched_bytes(self) -> int:
        """Bytes of packets that wait to be heard, in all guilds."""
        return sum(player.prefetched_bytes for player in self._players.values())

    def _crowded(self) -> bool:
        return self.prefetched_bytes > self._limits.prefetch_bytes

    async def close(self) -> None:
        """Refuse what comes, let sentences in flight end (bounded), leave all channels."""
        self._closing = True
        try:
            await asyncio.gather(*map(_close, self._players.items()))
        finally:  # also when whoever waits for this has lost patience
            await self.pacer.close()

    # Events, under the names of discord.py.

    async def on_voice_state_update(
        self, member: discord.Member, before: discord.VoiceState, after: discord.VoiceState
    ) -> None:
        """Somebody joined, left, moved or was muted: whoever is alone or silenced must know."""
        player = self._players.get(member.guild.id)
        if player is None:
            return
        player.voice_changed(member, after)
        if before.channel != after.channel:
            player.presence_changed()
        # Out of every channel nobody can be heard, but the keeper knows whether that lasts.
        is_here = member == member.guild.me and after.channel is not None
        if is_here and _voice_of(before) != _voice_of(after):
            player.mute_changed()

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """The guild is back after an outage, or came late in a new session."""
        player = self._players.get(guild.id)
        if player is not None:
            player.guild_available()

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """The bot was thrown out."""
        player = self._players.pop(guild.id, None)
        if player is not None:
            await player.close()

    async def on_shard_disconnect(self, shard_id: int) -> None:
        """The gateway connection broke; voice connections live on for now."""
        for player in self._of_shard(shard_id):
            player.gateway_lost()

    async def on_shard_resumed(self, shard_id: int) -> None:
        """The gateway session goes on."""
        for player in self._of_shard(shard_id):
            player.gateway_resumed()

    async def on_shard_connect(self, shard_id: int) -> None:
        """A new gateway session begins; its guilds are still to come, and with them commands."""
        self._former.setdefault(shard_id, set()).update(self._of_shard(shard_id))

    async def on_shard_ready(self, shard_id: int) -> None:
        """The new session's guilds are there. No voice connection from before belongs to it."""
        former = self._former.pop(shard_id, set())
        for player in self._of_shard(shard_id):
            if player in former:
                player.gateway_renewed()
            else:
                player.gateway_resumed()

    def _of_shard(self, shard_id: int) -> list[GuildPlayer]:
        # https://discord.com/developers/docs/events/gateway#sharding
        shards = self._bot.shard_count or 1
        return [
            player
            for guild_id, player in self._players.items()
            if (guild_id >> 22) % shards == shard_id
        ]


async def _close(entry: tuple[int, GuildPlayer]) -> None:
    guild_id, player = entry
    try:
        await player.close()
    except Exception:  # the others' sentences end all the same
        log.exception("voice could not be closed", guild=guild_id, stage="voice")


def _voice_of(state: discord.VoiceState) -> tuple[object, ...]:
    """Return what decides whether its member is heard."""
    return state.channel, state.mute, state.suppress
