"""A guild's way into a voice channel, over however many connections that takes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from enum import Enum, auto

import aiohttp
import discord
import structlog
from discord.errors import ConnectionClosed

from bot.consent.recording import LiveRecording
from bot.voice.client import Loss, MynahVoiceClient
from bot.voice.deafness import is_deaf, leave_channel, set_deaf
from bot.voice.limits import VoiceLimits
from bot.voice.receive import Receiver

_E2EE_REQUIRED = 4017

log = structlog.get_logger(__name__)


class JoinOutcome(Enum):
    """What an attempt to join came to."""

    JOINED = auto()
    MOVED = auto()
    ALREADY_THERE = auto()
    BUSY_ELSEWHERE = auto()  # others are being spoken to
    MAY_NOT_CONNECT = auto()
    MAY_NOT_SPEAK = auto()
    FULL = auto()
    STAGE = auto()  # the bot would sit in the audience
    AFK = auto()  # nobody is heard there
    TIMED_OUT = auto()
    REFUSED = auto()  # the voice server closed the connection
    ENCRYPTION_REFUSED = auto()  # it asks for an encryption that this program lacks
    UNREACHABLE = auto()  # no gateway, no voice server
    GONE = auto()  # the channel no longer exists
    SHUTTING_DOWN = auto()

    @property
    def joined(self) -> bool:
        """Whether the bot is in the channel now."""
        return self in _JOINED

    @property
    def lasting(self) -> bool:
        """Whether trying again soon is pointless."""
        return self in _LASTING


_JOINED = (JoinOutcome.JOINED, JoinOutcome.MOVED, JoinOutcome.ALREADY_THERE)
_LASTING = (
    JoinOutcome.MAY_NOT_CONNECT,
    JoinOutcome.MAY_NOT_SPEAK,
    JoinOutcome.STAGE,
    JoinOutcome.AFK,
    JoinOutcome.GONE,
    JoinOutcome.ENCRYPTION_REFUSED,
    JoinOutcome.SHUTTING_DOWN,
)

VocalChannel = discord.VoiceChannel | discord.StageChannel


def refusal(channel: VocalChannel) -> JoinOutcome | None:
    """Return why the bot cannot speak in `channel`, or None if it can."""
    permissions = channel.permissions_for(channel.guild.me)
    if isinstance(channel, discord.StageChannel):
        return JoinOutcome.STAGE
    if channel == channel.guild.afk_channel:
        return JoinOutcome.AFK
    if not (permissions.view_channel and permissions.connect):
        return JoinOutcome.MAY_NOT_CONNECT
    if not permissions.speak:
        return JoinOutcome.MAY_NOT_SPEAK
    others = len(channel.voice_states.keys() - {channel.guild.me.id})
    # Discord lets whoever may move members into a full channel.
    if channel.user_limit and others >= channel.user_limit and not permissions.move_members:
        return JoinOutcome.FULL
    return None


class VoiceLink:
    """The pacer's sink of one guild.

    `join`, `leave` and `rejoin` belong to one task, the guild's player, so that connecting and
    disconnecting never race. `ready`, `send` and `speaking` are called on the pacer's thread.
    """

    def __init__(
        self,
        bot: discord.Client,
        guild_id: int,
        limits: VoiceLimits,
        on_loss: Callable[[Loss], None],
        on_follow: Callable[[], None],
    ) -> None:
        self._bot = bot
        self._guild_id = guild_id
        self.limits = limits
        self.listening = False  # a member records; nothing is said meanwhile, lest it be heard
        self._on_loss = on_loss
        self._on_follow = on_follow
        self._client: MynahVoiceClient | None = None
        self._target: int | None = None  # channel id
        self._moving = False
        self._session = 0  # of the gateway
        self._connected_in = 0

    @property
    def channel(self) -> VocalChannel | None:
        """The channel the bot is in or is trying to get back into; None on the way to another."""
        if self._moving:
            return None
        target = self._client.channel.id if self._client is not None else self._target
        channel = None if target is None else self._bot.get_channel(target)
        return channel if isinstance(channel, VocalChannel) else None

    @property
    def wanted(self) -> bool:
        """Whether the bot is in a channel or is to get back into one."""
        return self._client is not None or self._target is not None

    @property
    def connected(self) -> bool:
        """Whether there is a voice connection, encrypted or not."""
        return self._client is not None and self._client.is_connected()

    @property
    def sound(self) -> bool:
        """Whether the connection stands and belongs to the gateway's session."""
        return self.connected and self._connected_in == self._session

    @property
    def privacy_code(self) -> str | None:
        """The code that members compare with their own client's, if the call is encrypted."""
        return self._client.voice_privacy_code if self._client is not None else None

    @property
    def muted(self) -> bool:
        """Whether Discord drops what is sent: muted or moved by a moderator, or not let speak."""
        channel = self.channel
        if channel is None:
            return False
        me = channel.guild.me
        state = me.voice
        silenced = state is not None and (state.mute or state.suppress)
        afk = channel == channel.guild.afk_channel
        return silenced or afk or not channel.permissions_for(me).speak

    @property
    def alone(self) -> bool:
        """Whether nobody but bots is in the channel."""
        channel = self.channel
        if channel is None:
            return False
        members = (channel.guild.get_member(user_id) for user_id in channel.voice_states)
        return all(member is not None and member.bot for member in members)

    def ready(self) -> bool:
        """Whether a packet sent now can be heard."""
        client = self._client
        return client is not None and not self.listening and client.can_speak()

    def send(self, packet: bytes) -> None:
        """Send one Opus packet; one that a closing socket refuses is dropped."""
        client = self._client
        if client is not None:
            client.send_audio_packet(packet, encode=False)

    def speaking(self, on: bool) -> None:
        """Show the bot as speaking or silent."""
        client = self._client
        if client is not None:
            client.speaking(on)

    async def join(self, channel: VocalChannel) -> JoinOutcome:
        """Connect to `channel`, leaving another one for it."""
        if self.connected and self.channel == channel:
            return JoinOutcome.ALREADY_THERE
        refused = refusal(channel)
        if refused is not None:
            return refused
        moving = self._client is not None
        self._moving = True
        try:
            await self._drop()
            outcome = await self._connect(channel)
        finally:
            self._moving = False
        if not outcome.joined:
            self._target = None
        return JoinOutcome.MOVED if moving and outcome.joined else outcome

    def receiver(self, recording: LiveRecording) -> Receiver | None:
        """Return what reads the present connection for a recording; None if there is none."""
        return None if self._client is None else Receiver(self._client, recording)

    @property
    def deaf(self) -> bool:
        """Whether Discord shows the bot as deaf by its own wish, or as in no channel."""
        channel = self.channel
        return channel is None or is_deaf(channel)

    async def set_deaf(self, on: bool) -> bool:
        """Ask to hear, or to hear no more; whether Discord has confirmed it in time.

        Asks nothing of a connection that is about to be made anew, which comes back deaf.
        """
        channel = self.channel
        if channel is None or not self.sound:
            return False
        return await set_deaf(self._bot, channel, on, self.limits.leave_seconds)

    @property
    def stray(self) -> bool:
        """Whether Discord shows the bot in a channel though it wants to be in none."""
        if self.wanted or self._moving or not self._guild_known():
            return False
        guild = self._bot.get_guild(self._guild_id)
        return guild is not None and guild.me.voice is not None

    async def leave_stray(self) -> None:
        """Leave such a channel."""
        guild = self._bot.get_guild(self._guild_id)
        if guild is not None and self.stray:
            await leave_channel(guild)

    def session_renewed(self) -> None:
        """Hear that the gateway has a new session, to which no voice connection belongs."""
        self._session += 1

    async def rejoin(self) -> JoinOutcome:
        """Try once to get a lost connection back."""
        channel = self.channel  # looked up again: a new session brings new objects
        if channel is None:
            return JoinOutcome.GONE if self._guild_known() else JoinOutcome.UNREACHABLE
        self._target = channel.id
        await self._drop(silently=self._connected_in != self._session)
        return refusal(channel) or await self._connect(channel)

    async def leave(self, *, removed: bool = False) -> None:
        """Leave the channel, if the bot is in one. removed: Discord has seen to that already."""
        self._target = None
        await self._drop(silently=removed)

    def _guild_known(self) -> bool:
        """Whether its channels are known; not so in a new session before its turn comes."""
        guild = self._bot.get_guild(self._guild_id)
        return guild is not None and not guild.unavailable

    async def _drop(self, *, silently: bool = False) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        if silently:
            await client.abandon()
        else:
            await client.disconnect(force=True)

    async def _connect(self, channel: VocalChannel) -> JoinOutcome:
        attempt: list[MynahVoiceClient] = []
        outcome = JoinOutcome.JOINED
        try:
            await self._attempt(channel, attempt)
        except TimeoutError:
            outcome = JoinOutcome.TIMED_OUT
        except ConnectionClosed as error:
            refused = error.code == _E2EE_REQUIRED
            outcome = JoinOutcome.ENCRYPTION_REFUSED if refused else JoinOutcome.REFUSED
        except (discord.ClientException, aiohttp.ClientError, OSError, AttributeError) as error:
            # AttributeError: the library has no gateway connection to ask over.
            log.warning("joining failed", guild=channel.guild.id, stage="voice", error=repr(error))
            outcome = JoinOutcome.UNREACHABLE
        finally:
            if self._client is None and attempt:
                await attempt[0].abandon()
        return outcome

    async def _attempt(self, channel: VocalChannel, attempt: list[MynahVoiceClient]) -> None:
        def make(client: discord.Client, connectable: discord.abc.Connectable) -> MynahVoiceClient:
            attempt.append(
                MynahVoiceClient(
                    client,
                    connectable,
                    limits=self.limits,
                    on_loss=self._lost,
                    on_follow=self._on_follow,
                )
            )
            return attempt[0]

        await self._leave_behind(channel.guild)
        session = self._session
        # The library's own timeout does not bound the clean-up after it.
        async with asyncio.timeout(self.limits.connect_seconds + 3 * self.limits.leave_seconds):
            client = await channel.connect(
                timeout=self.limits.connect_seconds, reconnect=False, self_deaf=True, cls=make
            )
        if client.over:
            raise ConnectionResetError("The connection was lost as soon as it was made.")
        self._client, self._target, self._connected_in = client, channel.id, session

    async def _leave_behind(self, guild: discord.Guild) -> None:
        """Leave a channel that an attempt before, or a run before, has left the bot in.

        Discord announces no voice server to whoever asks for the channel they are in.
        """
        me = guild.me
        if me.voice is None:
            return
        left = asyncio.ensure_future(
            self._bot.wait_for(
                "voice_state_update",
                check=lambda member, before, after: member == me and after.channel is None,
                timeout=self.limits.leave_seconds,
            )
        )
        try:
            await guild.change_voice_state(channel=None)
            with contextlib.suppress(TimeoutError):
                await left
        finally:
            left.cancel()

    def _lost(self, client: MynahVoiceClient, loss: Loss) -> None:
        if client is self._client:
            self._target = client.channel.id
            self._on_loss(loss)
