"""The main gateway, v10: identify, resume, heartbeats, dispatches and their faults."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from aiohttp import WSMsgType, web

from .gateway_session import PRIVILEGED_INTENTS, GatewayConnection, GatewaySession
from .ids import wait_until
from .model import Guild, Payload
from .outbox import CLOSE_SECONDS, Outbox
from .state import World

GATEWAY_URL = "wss://gateway.discord.gg"
RESUME_URL = "wss://gateway-us-east1-b.discord.gg"
_HEARTBEAT_MS = 41_250
_ACK_DELAY = 0.01
"""Seconds. discord.py notes the time of a heartbeat only after sending it; an answer that is there
before looks as if it were late by a whole interval. No real network is that fast."""


@dataclass(frozen=True, slots=True)
class VoiceRequest:
    """Op 4: the bot asks to join, move or (channel None) leave."""

    guild_id: int
    channel_id: int | None
    session_id: str
    self_mute: bool
    self_deaf: bool


class Gateway:
    """Every shard's session, and the events that go to them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.sessions: dict[str, GatewaySession] = {}
        self.identified = 0
        self.resumed = 0
        self.allowed_privileged_intents = 0
        self.away = False  # nobody is let in
        self.turned_away = 0
        self.guild_delay = 0.0  # seconds from READY to the guilds
        self.max_concurrency = 1
        self.identify_seconds = 0.0  # in which a bucket's shards may identify once; 0: no limit
        self.identified_at: dict[int, float] = {}  # the last time of each bucket, monotonic
        self.identified_too_early = 0
        self.on_voice_request: Callable[[VoiceRequest], None] = lambda request: None
        self.on_session_lost: Callable[[str], None] = lambda session_id: None

    # What tests call -----------------------------------------------------------------

    async def wait_ready(self, shards: int = 1, within: float = 10.0) -> None:
        """Return once `shards` shards are connected and identified."""
        await wait_until(
            lambda: sum(s.connection is not None for s in self.sessions.values()) >= shards,
            within,
            "the bot's login at the gateway",
        )

    def reconnect(self) -> None:
        """Ask every shard to reconnect and resume (op 7)."""
        self._send_all({"op": 7, "d": None})

    def invalidate_session(self, *, resumable: bool = False) -> None:
        """Tell every shard that its session is invalid (op 9).

        Not resumable: the sessions end here, and with them the bot's voice connections.
        """
        self._send_all({"op": 9, "d": resumable})
        if not resumable:
            for session_id in list(self.sessions):
                self._lose(session_id)

    def break_down(self) -> None:
        """Close every shard's websocket and forget the sessions, as an outage does."""
        self.close(4000)
        for session_id in list(self.sessions):
            self._lose(session_id)

    def close(self, code: int) -> None:
        """Close every shard's websocket with this code."""
        for connection in self._connections():
            connection.close(code, "closed by the test")

    # What the server calls -----------------------------------------------------------

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Return the websocket route of the gateway hosts."""
        return [web.get("/", self._serve)]

    def publish(self, event: str, data: Payload, guild_id: int | None) -> None:
        """Send an event to the shard that hears of the guild."""
        for session in self.sessions.values():
            if session.covers(guild_id):
                session.publish(event, data)

    def _connections(self) -> list[GatewayConnection]:
        return [s.connection for s in self.sessions.values() if s.connection is not None]

    def _send_all(self, message: Payload) -> None:
        for connection in self._connections():
            connection.send(message)

    def _lose(self, session_id: str) -> None:
        self.sessions.pop(session_id, None)
        self.on_session_lost(session_id)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if self.away:
            self.turned_away += 1
            return web.Response(status=503)
        ws = web.WebSocketResponse(timeout=CLOSE_SECONDS)
        await ws.prepare(request)
        outbox = Outbox(ws)
        connection = GatewayConnection(outbox, request.query.get("compress"))
        try:
            connection.send({"op": 10, "d": {"heartbeat_interval": _HEARTBEAT_MS}})
            async for message in ws:
                if message.type is WSMsgType.TEXT:
                    self._receive(connection, json.loads(message.data))
        finally:
            self._disconnected(connection, ws.close_code)
            await outbox.aclose()
        return ws

    def _disconnected(self, connection: GatewayConnection, code: int | None) -> None:
        for session in list(self.sessions.values()):
            if session.connection is connection:
                session.connection = None
                # Discord ends a session whose client says goodbye for good. (Clients also answer
                # our own close with 1000.)
                if code in (1000, 1001) and not connection.closed_here:
                    self._lose(session.id)

    def _receive(self, connection: GatewayConnection, message: Payload) -> None:
        op, data = message["op"], message["d"]
        if op == 1:
            asyncio.get_running_loop().call_later(_ACK_DELAY, connection.send, {"op": 11})
        elif op == 2:
            self._identify(connection, data)
        elif op == 4:
            self._request_voice(connection, data)
        elif op == 6:
            self._resume(connection, data)
        elif op == 8:
            self._send_members(data)

    def _identify(self, connection: GatewayConnection, data: Payload) -> None:
        if data["token"] != self._world.token:
            connection.close(4004, "Authentication failed.")
            return
        if data["intents"] & PRIVILEGED_INTENTS & ~self.allowed_privileged_intents:
            connection.close(4014, "Disallowed intent(s).")
            return
        if self._is_too_early(data):
            self.identified_too_early += 1
            connection.send({"op": 9, "d": False})
            return
        session = GatewaySession(self._world.bot.id, data)
        session.connection = connection
        self.sessions[session.id] = session
        self.identified += 1
        guilds = [g for g in self._world.guilds.values() if session.covers(g.id)]
        session.dispatch("READY", self._ready(session, [guild.id for guild in guilds]))
        if self.guild_delay:
            loop = asyncio.get_running_loop()
            loop.call_later(self.guild_delay, self._announce, session, guilds)
        else:
            self._announce(session, guilds)

    def _is_too_early(self, data: Payload) -> bool:
        """Whether another shard of the bucket identified just before, as Discord counts them.

        https://discord.com/developers/docs/events/gateway#sharding-max-concurrency
        """
        bucket, now = data.get("shard", (0, 1))[0] % self.max_concurrency, time.monotonic()
        if now - self.identified_at.get(bucket, -self.identify_seconds) < self.identify_seconds:
            return True
        self.identified_at[bucket] = now
        return False

    def _announce(self, session: GatewaySession, guilds: Iterable[Guild]) -> None:
        for guild in guilds:
            session.publish("GUILD_CREATE", guild.create_payload(self._world.bot.id))

    def _ready(self, session: GatewaySession, guild_ids: list[int]) -> Payload:
        return {
            "v": 10,
            "user": self._world.bot.payload(),
            "session_id": session.id,
            "resume_gateway_url": RESUME_URL,
            "session_type": "normal",
            "shard": [session.shard_id, session.shard_count],
            "guilds": [{"id": str(guild_id), "unavailable": True} for guild_id in guild_ids],
            "application": {"id": str(self._world.bot.id), "flags": 0},
            "private_channels": [],
            "relationships": [],
        }

    def _resume(self, connection: GatewayConnection, data: Payload) -> None:
        session = self.sessions.get(data["session_id"])
        if session is None or data["token"] != self._world.token:
            connection.send({"op": 9, "d": False})
            return
        session.connection = connection
        self.resumed += 1
        session.replay(data["seq"])
        session.dispatch("RESUMED", {})

    def _request_voice(self, connection: GatewayConnection, data: Payload) -> None:
        session = next(s for s in self.sessions.values() if s.connection is connection)
        channel_id = data["channel_id"]
        self.on_voice_request(
            VoiceRequest(
                int(data["guild_id"]),
                None if channel_id is None else int(channel_id),
                session.id,
                bool(data["self_mute"]),
                bool(data["self_deaf"]),
            )
        )

    def _send_members(self, data: Payload) -> None:
        guild = self._world.guild(data["guild_id"])
        wanted = {int(user_id) for user_id in data.get("user_ids") or guild.members}
        members = [guild.members[i].payload() for i in wanted if i in guild.members]
        chunk = {
            "guild_id": str(guild.id),
            "members": members,
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": [str(i) for i in wanted if i not in guild.members],
            "nonce": data.get("nonce"),
        }
        self.publish("GUILD_MEMBERS_CHUNK", chunk, guild.id)
