"""One gateway session: what a shard identified with, and the events it may ask for again."""

from __future__ import annotations

import json
import secrets
import zlib
from collections import deque
from typing import Any

from .model import Payload
from .outbox import Outbox

_REPLAYABLE = 1_000
MESSAGE_CONTENT = 1 << 15
PRIVILEGED_INTENTS = (1 << 1) | (1 << 8) | MESSAGE_CONTENT
"""Members, presences, message content: refused unless switched on for the application."""

_INTENTS = {
    "GUILD_CREATE": 1 << 0,
    "GUILD_ROLE_CREATE": 1 << 0,
    "GUILD_ROLE_UPDATE": 1 << 0,
    "CHANNEL_CREATE": 1 << 0,
    "CHANNEL_UPDATE": 1 << 0,
    "GUILD_MEMBER_ADD": 1 << 1,
    "GUILD_MEMBER_UPDATE": 1 << 1,
    "VOICE_STATE_UPDATE": 1 << 7,
    "MESSAGE_CREATE": 1 << 9,
    "MESSAGE_UPDATE": 1 << 9,
    "MESSAGE_DELETE": 1 << 9,
}
_WITHHELD: Payload = {"content": "", "embeds": [], "attachments": [], "components": []}
_ABOUT_ITSELF = {"VOICE_STATE_UPDATE", "GUILD_MEMBER_UPDATE"}


class GatewayConnection:
    """One websocket of a session; compresses the way the client asked for."""

    def __init__(self, outbox: Outbox, compress: str | None) -> None:
        self.closed_here = False
        self._outbox = outbox
        # Whatever we cannot compress for goes out as plain text, which every client accepts.
        self._zlib = zlib.compressobj() if compress == "zlib-stream" else None

    def send(self, message: Payload) -> None:
        """Send one gateway message."""
        text = json.dumps(message)
        if self._zlib is None:
            self._outbox.send(text)
            return
        data = self._zlib.compress(text.encode())
        self._outbox.send(data + self._zlib.flush(zlib.Z_SYNC_FLUSH))

    def close(self, code: int, reason: str = "") -> None:
        """Close the websocket with this code."""
        self.closed_here = True
        self._outbox.close(code, reason)


class GatewaySession:
    """A shard's session; survives its connection until it is invalidated."""

    def __init__(self, bot_id: int, identify: Payload) -> None:
        self.id = secrets.token_hex(16)
        self.shard_id, self.shard_count = identify.get("shard", (0, 1))
        self.intents = int(identify["intents"])
        self.connection: GatewayConnection | None = None
        self._bot_id = str(bot_id)
        self._sequence = 0
        self._sent: deque[Payload] = deque(maxlen=_REPLAYABLE)

    def covers(self, guild_id: int | None) -> bool:
        """Whether this shard is the one that hears of the guild (private messages: shard 0)."""
        if guild_id is None:
            return bool(self.shard_id == 0)
        return bool((guild_id >> 22) % self.shard_count == self.shard_id)

    def publish(self, event: str, data: Payload) -> None:
        """Dispatch the event if the session's intents ask for it."""
        needed = _INTENTS.get(event, 0)
        if needed and not self.intents & needed and not self._is_about_bot(event, data):
            return
        if event.startswith("MESSAGE_") and not self.intents & MESSAGE_CONTENT:
            data = self._without_content(data)
        self.dispatch(event, data)

    def dispatch(self, event: str, data: Payload) -> None:
        """Send an event, or keep it for the resumption while no connection is there."""
        self._sequence += 1
        message = {"op": 0, "t": event, "s": self._sequence, "d": data}
        self._sent.append(message)
        if self.connection is not None:
            self.connection.send(message)

    def replay(self, after: int) -> None:
        """Send again what came after the sequence number `after`."""
        assert self.connection is not None
        for message in list(self._sent):
            if message["s"] > after:
                self.connection.send(message)

    def _is_about_bot(self, event: str, data: Payload) -> bool:
        user: dict[str, Any] = data.get("user") or {}
        about = data.get("user_id") or user.get("id")
        return event in _ABOUT_ITSELF and about == self._bot_id

    def _without_content(self, data: Payload) -> Payload:
        """Return a message without what the intent would be needed for.

        Discord delivers it whole where the bot wrote it or is mentioned, also by a reply that
        pings (https://discord.com/developers/docs/events/gateway#message-content-intent).
        """
        about = [data.get("author", {}), *data.get("mentions", [])]
        if "content" not in data or any(user.get("id") == self._bot_id for user in about):
            return data
        replied = data.get("referenced_message")
        kept = {key: value for key, value in data.items() if key != "poll"}
        if replied is not None:
            kept["referenced_message"] = self._without_content(replied)
        if "message_snapshots" in data:
            kept["message_snapshots"] = [
                {"message": {**shot["message"], **_WITHHELD}} for shot in data["message_snapshots"]
            ]
        return {**kept, **_WITHHELD}
