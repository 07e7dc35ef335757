"""Voice as a whole: who is where, the voice gateway (v8), and what moderators and faults do."""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
from collections.abc import Iterable
from typing import Any

from aiohttp import WSMsgType, web

from .call import Call, VoiceSettings
from .gateway import VoiceRequest
from .ids import wait_until
from .listener import Listener
from .microphone import Microphone
from .model import Channel, Guild, User, VoiceState
from .outbox import CLOSE_SECONDS, Outbox
from .permissions import Permission
from .rtp import OutgoingPacket
from .state import World
from .udp import UdpReceiver
from .voice_connection import VoiceConnection

_HEARTBEAT_MS = 13_750.0
_DISCONNECTED = 4014
_ssrcs = itertools.count(70_000)


class Voice:
    """Every call and every voice connection of the bot."""

    def __init__(self, world: World) -> None:
        self.settings = VoiceSettings()
        self.connections: dict[int, VoiceConnection] = {}
        self.refused_requests: list[VoiceRequest] = []
        self.identified = 0
        self.resumed = 0
        self._world = world
        self._calls: dict[int, Call] = {}
        self._ended: list[Call] = []
        self._listeners: dict[int, Listener] = {}
        self.expelled: set[int] = set()  # guilds that threw the bot out
        self.bot_states: list[VoiceState] = []  # everyone that was published, in order
        self._muted: set[tuple[int, int]] = set()  # guild, user; for as long as a moderator wants
        self._deafened: set[tuple[int, int]] = set()  # likewise
        self._own: dict[tuple[int, int], tuple[bool, bool]] = {}  # self-muted, self-deafened
        self._udp = UdpReceiver()

    def start(self) -> None:
        """Start to receive UDP."""
        self._udp.start()

    async def stop(self) -> None:
        """End every call and the UDP thread."""
        for call in [*self._calls.values(), *self._ended]:
            await call.aclose()
        await asyncio.to_thread(self._udp.stop)

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Return the websocket route of the voice hosts."""
        return [web.get("/", self._serve)]

    # What tests ask and do -------------------------------------------------------------

    async def wait_connected(self, guild: Guild, within: float = 10.0) -> VoiceConnection:
        """Wait until the bot is connected to voice in the guild and return the connection."""

        def connected() -> bool:
            connection = self.connections.get(guild.id)
            return connection is not None and connection.ready and connection.attached

        await wait_until(connected, within, "the bot's voice connection")
        return self.connections[guild.id]

    async def wait_settled(self, guild: Guild, within: float = 10.0) -> VoiceConnection:
        """Wait until the bot is connected and everyone in its channel can hear it."""
        connection = await self.wait_connected(guild, within)
        await wait_until(lambda: connection.call.settled, within, "the DAVE group")
        return connection

    def close(self, guild: Guild, code: int) -> None:
        """Close the bot's voice websocket in the guild with this code, and do nothing more."""
        self.connections[guild.id].close(code)

    def late_mls(self, seconds: float) -> None:
        """Let every change of a DAVE group take this much longer."""
        self.settings.mls_delay = seconds

    def move_region(self, guild: Guild) -> None:
        """Move the call to another voice server: a new endpoint, token, key and DAVE group."""
        old = self.connections[guild.id]
        people = list(old.call.listeners.values())
        self._drop_call(old.call)
        call = self._call(self._world.channel(old.call.channel_id))
        for listener in people:
            call.join(listener)
        self._connect_bot(guild, old.session_id, call)

    def move(self, guild: Guild, user_id: int, channel_id: int | None) -> None:
        """Move a person or the bot to a channel, or (None) disconnect them, as moderators do."""
        state = guild.voice_states[user_id]
        if user_id == self._world.bot.id:
            self._move_bot(guild, state.session_id, channel_id, by_moderator=True)
            return
        listener = self._listeners[user_id]
        self._leave_call(listener)
        if channel_id is not None:
            self._call(self._world.channel(channel_id)).join(listener)
        self._set_state(guild, user_id, channel_id, state.session_id)

    def deafen(self, guild: Guild, user_id: int, on: bool) -> None:
        """Deafen a person or the bot in the whole guild, as moderators do."""
        change = self._deafened.add if on else self._deafened.discard
        change((guild.id, user_id))
        self._renew_state(guild, user_id)

    def mute_self(self, guild: Guild, user_id: int, on: bool) -> None:
        """A person presses their own microphone button."""
        self._own[guild.id, user_id] = (on, False)
        self._renew_state(guild, user_id)

    def _renew_state(self, guild: Guild, user_id: int) -> None:
        state = guild.voice_states.get(user_id)
        if state is not None:
            self._set_state(guild, user_id, state.channel_id, state.session_id)

    def mute(self, guild: Guild, user_id: int, on: bool) -> None:
        """Mute a person or the bot in the whole guild, in voice or not, as moderators do."""
        change = self._muted.add if on else self._muted.discard
        change((guild.id, user_id))
        self._renew_state(guild, user_id)
        if user_id == self._world.bot.id and guild.id in self.connections:
            connection = self.connections[guild.id]
            connection.muted = self._silenced(guild, connection.call)

    async def join(self, guild: Guild, user: User, channel: Channel) -> Listener:
        """Let a person join (or change to) a channel."""
        listener = self._listeners.setdefault(user.id, Listener(user))
        self._leave_call(listener)
        self._call(channel).join(listener)
        self._set_state(guild, user.id, channel.id, secrets.token_hex(16))
        return listener

    def microphone(self, guild: Guild, user: User, ssrc: int | None = None) -> Microphone:
        """Let a person in a channel speak. ssrc: of their stream, by default a new one."""
        listener = self._listeners[user.id]

        def call() -> Call | None:
            return None if listener.channel_id is None else self._calls.get(listener.channel_id)

        def announce(number: int) -> None:
            if (here := call()) is not None:
                here.speaks(user.id, number)

        def deliver(packet: OutgoingPacket) -> bool:
            connection = self.connections.get(guild.id)
            here = connection is not None and connection.call is call()
            return connection is not None and here and connection.deliver(packet)

        return Microphone(listener, next(_ssrcs) if ssrc is None else ssrc, deliver, announce)

    # The bot's side --------------------------------------------------------------------

    def bot_requested(self, request: VoiceRequest) -> None:
        """Op 4 on the gateway. What the bot may not do is ignored, as Discord does."""
        guild = self._world.guild(request.guild_id)
        if guild.id in self.expelled:
            self.refused_requests.append(request)
            return
        self._own[guild.id, self._world.bot.id] = (request.self_mute, request.self_deaf)
        if request.channel_id is None:
            self._move_bot(guild, request.session_id, None)
        elif not self._bot_may_enter(request.channel_id):
            self.refused_requests.append(request)
        elif self._channel_id_of_bot(guild) == request.channel_id:
            # Already there: a new voice state (deafened, say), but no new voice server.
            self._set_state(guild, self._world.bot.id, request.channel_id, request.session_id)
        else:
            self._move_bot(guild, request.session_id, request.channel_id)

    def session_lost(self, session_id: str) -> None:
        """Disconnect what the lost gateway session had connected."""
        for connection in list(self.connections.values()):
            if connection.session_id == session_id:
                guild = self._world.guild(connection.guild_id)
                self._end_connection(guild.id, 4006)
                self._set_state(guild, self._world.bot.id, None, session_id)

    def _bot_may_enter(self, channel_id: int) -> bool:
        return self._world.may_connect(self._world.bot.id, self._world.channel(channel_id))

    def _channel_id_of_bot(self, guild: Guild) -> int | None:
        state = guild.voice_states.get(self._world.bot.id)
        return None if state is None else state.channel_id

    def _move_bot(
        self, guild: Guild, session_id: str, channel_id: int | None, *, by_moderator: bool = False
    ) -> None:
        self._end_connection(guild.id, _DISCONNECTED if by_moderator else None)
        self._set_state(guild, self._world.bot.id, channel_id, session_id)
        if channel_id is not None:
            self._connect_bot(guild, session_id, self._call(self._world.channel(channel_id)))

    def _connect_bot(self, guild: Guild, session_id: str, call: Call) -> None:
        self._end_connection(guild.id, None)
        connection = VoiceConnection(guild.id, session_id, call, self._udp)
        connection.muted = self._silenced(guild, call)
        connection.count_only = self.settings.count_only
        state = guild.voice_states[self._world.bot.id]
        connection.deaf = state.self_deaf or state.deaf
        self.connections[guild.id] = connection
        data = {
            "token": connection.token,
            "guild_id": str(guild.id),
            "endpoint": connection.endpoint,
        }
        self._world.publish("VOICE_SERVER_UPDATE", data, guild.id)

    def _silenced(self, guild: Guild, call: Call) -> bool:
        bot_id = self._world.bot.id
        granted = self._world.permissions(bot_id, self._world.channel(call.channel_id))
        return (guild.id, bot_id) in self._muted or not granted & Permission.SPEAK

    def _end_connection(self, guild_id: int, close_code: int | None) -> None:
        connection = self.connections.pop(guild_id, None)
        if connection is not None:
            if close_code is not None:
                connection.close(close_code)
            connection.end()
            self._drop_if_empty(connection.call)

    # -------------------------------------------------------------------------------------

    def _set_state(
        self, guild: Guild, user_id: int, channel_id: int | None, session_id: str
    ) -> None:
        who = (guild.id, user_id)
        self_mute, self_deaf = self._own.get(who, (False, False))
        state = VoiceState(
            user_id,
            channel_id,
            session_id,
            mute=who in self._muted,
            deaf=who in self._deafened,
            self_mute=self_mute,
            self_deaf=self_deaf,
        )
        if user_id == self._world.bot.id:
            self.bot_states.append(state)
            if guild.id in self.connections:
                self.connections[guild.id].deaf = state.self_deaf or state.deaf
        self._world.set_voice_state(guild, state)

    def _call(self, channel: Channel) -> Call:
        if channel.id not in self._calls:
            bot_id, violations = self._world.bot.id, self._world.violations
            self._calls[channel.id] = Call(channel.id, bot_id, self.settings, violations)
        return self._calls[channel.id]

    def _leave_call(self, listener: Listener) -> None:
        if listener.channel_id is not None:
            call = self._calls[listener.channel_id]
            call.leave(listener.user.id)
            self._drop_if_empty(call)

    def _drop_if_empty(self, call: Call) -> None:
        speaking_here = any(c.call is call for c in self.connections.values())
        if not call.listeners and not speaking_here:
            self._drop_call(call)

    def _drop_call(self, call: Call) -> None:
        if self._calls.get(call.channel_id) is call:
            del self._calls[call.channel_id]
            call.cancel()
            self._ended.append(call)

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(timeout=CLOSE_SECONDS)
        await ws.prepare(request)
        outbox = Outbox(ws)
        connection: VoiceConnection | None = None
        try:
            hello = {"v": 8, "heartbeat_interval": _HEARTBEAT_MS}
            outbox.send(json.dumps({"op": 8, "d": hello}))
            async for message in ws:
                if message.type is WSMsgType.BINARY and connection:
                    connection.receive_binary(message.data)
                elif message.type is WSMsgType.TEXT:
                    decoded = json.loads(message.data)
                    connection = self._receive(outbox, connection, decoded["op"], decoded["d"])
        finally:
            if connection is not None:
                connection.detached(outbox)
            await outbox.aclose()
        return ws

    def _receive(
        self, outbox: Outbox, connection: VoiceConnection | None, op: int, data: Any
    ) -> VoiceConnection | None:
        if op == 0:
            return self._identify(outbox, data)
        if op == 7:
            return self._resume(outbox, data)
        if connection is not None:
            connection.receive(op, data)
        return connection

    def _identify(self, outbox: Outbox, data: Any) -> VoiceConnection | None:
        connection = self._authorised(outbox, data)
        if connection is None:
            return None
        if data.get("max_dave_protocol_version", 0) < connection.call.dave_version:
            outbox.close(4017, "E2EE/DAVE protocol required")
            return None
        self.identified += 1
        connection.identify(outbox)
        return connection

    def _resume(self, outbox: Outbox, data: Any) -> VoiceConnection | None:
        connection = self._authorised(outbox, data)
        if connection is not None:
            self.resumed += 1
            connection.resume(outbox, data.get("seq_ack", -1))
        return connection

    def _authorised(self, outbox: Outbox, data: Any) -> VoiceConnection | None:
        connection = self.connections.get(int(data["server_id"]))
        if connection is None or data["token"] != connection.token:
            outbox.close(4006, "Session is no longer valid.")
            return None
        return connection
