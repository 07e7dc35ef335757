"""discord.py's voice client with another policy for lost connections.

The library reconnects by itself, but a lost connection can keep it waiting for 30 s (its reader
thread sleeps on, see `socket_reader`; a resume after close code 4015 never completes; after 4014
or 4022 it goes on sending to a server that has hung up) and its delays grow without an upper bound
that suits speech. Here it follows moves, and reports everything else to the guild's player, which
connects anew. The overridden private methods are those of discord.py 2.7.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable
from enum import Enum, auto
from typing import TYPE_CHECKING

import aiohttp
import discord
from discord.enums import SpeakingState
from discord.errors import ConnectionClosed
from discord.utils import MISSING
from discord.voice_state import ConnectionFlowState, SocketReader, VoiceConnectionState

from bot.consent.packets import SILENCE_FRAME
from bot.voice.limits import VoiceLimits
from bot.voice.socket_reader import LoopReader
from bot.voice.ssrcs import Ssrcs

if TYPE_CHECKING:
    from discord.types.voice import GuildVoiceState, VoiceServerUpdate

# https://discord.com/developers/docs/topics/opcodes-and-status-codes#voice-voice-close-event-codes
_DISCONNECTED, _RATE_LIMITED, _CALL_TERMINATED = 4014, 4021, 4022

_MAX_DRAINED = 10_000  # datagrams: more than a socket's buffer holds
_DATAGRAM_BYTES = 2_048

_SERVER_KNOWN = (
    ConnectionFlowState.got_voice_server_update,
    ConnectionFlowState.got_both_voice_updates,
)
_HANDSHAKE = (
    *_SERVER_KNOWN,
    ConnectionFlowState.websocket_connected,
    ConnectionFlowState.got_websocket_ready,
    ConnectionFlowState.got_ip_discovery,
)


class Loss(Enum):
    """How a connection ended that nobody here ended."""

    LOST = auto()  # a fault; connecting anew is right
    CLOSED = auto()  # the voice server hung up for good, the gateway has said nothing
    REMOVED = auto()  # the gateway says that the bot is in no channel any more


class MynahVoiceClient(discord.VoiceClient):
    """One connection to one voice channel; `VoiceLink` makes another after a loss."""

    def __init__(
        self,
        client: discord.Client,
        channel: discord.abc.Connectable,
        *,
        limits: VoiceLimits,
        on_loss: Callable[[MynahVoiceClient, Loss], None],
        on_follow: Callable[[], None],
    ) -> None:
        self.limits = limits
        self.on_follow = on_follow  # called when Discord has moved the connection elsewhere
        self._on_loss = on_loss
        self.over = False
        self.ssrcs = Ssrcs()
        self._tasks: set[asyncio.Task[None]] = set()
        super().__init__(client, channel)

    def create_connection_state(self) -> VoiceConnectionState:
        """Return the state machine with this module's policy; called by the library."""
        return _ConnectionState(self, hook=self.ssrcs.hear)

    def can_speak(self) -> bool:
        """Whether a packet sent now can be heard. Cheap, never blocks, any thread.

        Before DAVE is ready the library sends packets that no listener can decrypt.
        """
        state = self._connection
        return state.is_connected() and (state.dave_protocol_version == 0 or state.can_encrypt)

    def speaking(self, on: bool) -> None:
        """Show the bot as speaking or silent. Returns at once, any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed, and with it the connection
            self.loop.call_soon_threadsafe(self._speak_soon, on)

    def listen(self, callback: Callable[[bytes], object]) -> None:
        """Hand every datagram to `callback`, on the reader's thread, which may be the loop's."""
        self._connection.add_socket_listener(callback)

    def stop_listening(self, callback: Callable[[bytes], object]) -> None:
        """Hand it no more."""
        self._connection.remove_socket_listener(callback)

    def keep_alive(self, number: int) -> None:
        """Send what clients send to be reached behind a router that forgets idle connections."""
        with contextlib.suppress(OSError):  # the next one serves as well
            self._connection.send_packet(number.to_bytes(8, "little"))

    def drain(self) -> None:
        """Throw away what has come and was not read."""
        with contextlib.suppress(OSError):  # nothing is left, or the socket is closed
            for _datagram in range(_MAX_DRAINED):
                self._connection.socket.recv(_DATAGRAM_BYTES)

    def decrypted(self, user_id: int, packet: bytes) -> bytes | None:
        """Return a user's packet without its end-to-end encryption, None if it has no reader.

        Without DAVE it is returned as it is. With DAVE, an unencrypted one is readable only while
        the session lets such packets pass, or as the silence that Discord itself sends.
        """
        state = self._connection
        if state.dave_protocol_version == 0 or packet == SILENCE_FRAME:
            return packet
        if state.dave_session is None:
            return None
        import davey  # here: where it is missing, the start says so (bot/session.py)

        try:
            return bytes(state.dave_session.decrypt(user_id, davey.MediaType.audio, packet))
        except (ValueError, RuntimeError):  # of another epoch, not in the group, or damaged
            return None

    def report(self, loss: Loss) -> None:
        """Tell the owner that the connection is gone, once."""
        if not self.over:
            self.over = True
            self._on_loss(self, loss)

    async def disconnect(self, *, force: bool = False) -> None:
        """Leave the channel and wait, bounded, until Discord confirms it."""
        self.over = True
        self._connection.timeout = self.limits.leave_seconds
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2 * self.limits.leave_seconds):
                await super().disconnect(force=True)
        await self.abandon()

    async def abandon(self) -> None:
        """Release sockets and threads without a word to Discord. Idempotent."""
        self.over = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.limits.leave_seconds):
                await self._connection.soft_disconnect(with_state=ConnectionFlowState.disconnected)
        # The library has no public way to end the reader without leaving the channel.
        self._connection._socket_reader.stop()
        if self.guild.voice_client is self:
            self.cleanup()

    def _speak_soon(self, on: bool) -> None:
        task = self.loop.create_task(self._send_speaking(on))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send_speaking(self, on: bool) -> None:
        # A connection that is just breaking is noticed by the one who reads from it.
        with contextlib.suppress(aiohttp.ClientError, OSError):
            if self.ws is not MISSING:
                await self.ws.speak(SpeakingState.voice if on else SpeakingState.none)


class _ConnectionState(VoiceConnectionState):
    voice_client: MynahVoiceClient
    _following = False

    def is_connected(self) -> bool:
        return not self._following and super().is_connected()

    @property
    def _socket_reader(self) -> SocketReader:
        return self._reader

    @_socket_reader.setter
    def _socket_reader(self, reader: SocketReader) -> None:
        """Take another reader than the one the library's constructor makes and starts."""
        if sys.platform == "win32":
            # Its event loop watches no sockets; and there, closing a socket ends a `select` on it.
            self._reader = reader
        else:
            self._reader = LoopReader(self, self.voice_client.loop)

    async def voice_state_update(self, data: GuildVoiceState) -> None:
        channel_id = data["channel_id"]
        if channel_id:
            # The library forgets this when the voice server of a move is announced first; DAVE
            # needs the right channel, whose id names the group.
            self._update_voice_channel(int(channel_id))
            await super().voice_state_update(data)
        elif self._expecting_disconnect:
            await super().voice_state_update(data)
        elif self.state is not ConnectionFlowState.set_guild_voice_state:
            # The library would ask Discord to disconnect us, whose answer could then reach the
            # connection that comes after this one. (While we ask to join, this is such an answer.)
            self._disconnected.set()
            self.state = ConnectionFlowState.disconnected
            self.voice_client.report(Loss.REMOVED)

    async def voice_server_update(self, data: VoiceServerUpdate) -> None:
        if self.state not in _HANDSHAKE:
            await super().voice_server_update(data)
        elif data["token"] != self.token and data["endpoint"] is not None:
            # Another server in the middle of a handshake. The library would cancel the task that
            # waits for the connection; ending the handshake lets its owner try again.
            self.token, self.endpoint = data["token"], data["endpoint"]
            if self.ws is not MISSING:
                await self.ws.close(_DISCONNECTED)

    def _update_voice_channel(self, channel_id: int | None) -> None:
        if channel_id is not None and self.guild.get_channel(channel_id) is not None:
            super()._update_voice_channel(channel_id)

    async def _poll_voice_ws(self, reconnect: bool) -> None:
        while True:
            try:
                await self.ws.poll_event()
            except (ConnectionClosed, TimeoutError, OSError) as error:
                if self._expecting_disconnect:
                    return
                loss = await self._loss(error)
                if loss is not None:
                    self.state = ConnectionFlowState.disconnected
                    self.voice_client.report(loss)
                    return
                self.voice_client.on_follow()

    async def _loss(self, error: Exception) -> Loss | None:
        """Judge a closed connection; None if it was a move and the bot has followed it."""
        code = error.code if isinstance(error, ConnectionClosed) else None
        if code == _RATE_LIMITED:
            return Loss.CLOSED
        if code not in (_DISCONNECTED, _CALL_TERMINATED):
            return Loss.LOST
        self._following = True
        try:
            return await self._follow()
        finally:
            self._following = False

    async def _follow(self) -> Loss | None:
        with contextlib.suppress(TimeoutError):
            await self._wait_for_state(
                *_SERVER_KNOWN,
                ConnectionFlowState.disconnected,
                timeout=self.voice_client.limits.follow_seconds,
            )
        if self.state is ConnectionFlowState.disconnected:
            return Loss.REMOVED
        if self.state not in _SERVER_KNOWN:
            return Loss.CLOSED
        with contextlib.suppress(TimeoutError, aiohttp.ClientError, OSError):
            async with asyncio.timeout(self.timeout):
                if await self._potential_reconnect():
                    return None
        return Loss.LOST
