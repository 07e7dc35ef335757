"""Discord's objects: users, roles, channels, members, guilds, voice states."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from .ids import timestamp

Payload = dict[str, Any]


class ChannelKind(IntEnum):
    """Discord's channel types."""

    TEXT = 0
    DM = 1
    VOICE = 2
    STAGE = 13


@dataclass(frozen=True, slots=True)
class User:
    """An account."""

    id: int
    name: str
    bot: bool = False

    @property
    def mention(self) -> str:
        """How a message mentions them."""
        return f"<@{self.id}>"

    def payload(self) -> Payload:
        """Return Discord's user object."""
        return {
            "id": str(self.id),
            "username": self.name,
            "global_name": None if self.bot else self.name,
            "discriminator": "0001" if self.bot else "0",
            "avatar": None,
            "bot": self.bot,
            "public_flags": 0,
        }


@dataclass(slots=True)
class Role:
    """A role of a guild; @everyone has the guild's id."""

    id: int
    name: str
    permissions: int
    position: int = 0

    def payload(self) -> Payload:
        """Return Discord's role object."""
        colors = {"primary_color": 0, "secondary_color": None, "tertiary_color": None}
        return {
            "id": str(self.id),
            "name": self.name,
            "permissions": str(int(self.permissions)),
            "position": self.position,
            "color": 0,
            "colors": colors,
            "hoist": False,
            "managed": False,
            "mentionable": False,
            "flags": 0,
        }


@dataclass(frozen=True, slots=True)
class Overwrite:
    """What a channel allows or denies a role or member beyond the guild's roles."""

    target_id: int
    allow: int = 0
    deny: int = 0
    for_member: bool = False

    def payload(self) -> Payload:
        """Return Discord's overwrite object."""
        return {
            "id": str(self.target_id),
            "type": int(self.for_member),
            "allow": str(int(self.allow)),
            "deny": str(int(self.deny)),
        }


@dataclass(slots=True)
class Channel:
    """A text or voice channel. `user_limit` 0 is no limit."""

    id: int
    guild_id: int
    kind: ChannelKind
    name: str
    overwrites: list[Overwrite] = field(default_factory=list)
    user_limit: int = 0

    def payload(self) -> Payload:
        """Return Discord's channel object."""
        return {
            "id": str(self.id),
            "guild_id": str(self.guild_id),
            "type": int(self.kind),
            "name": self.name,
            "position": 0,
            "permission_overwrites": [o.payload() for o in self.overwrites],
            "nsfw": False,
            "parent_id": None,
            "bitrate": 64_000,
            "user_limit": self.user_limit,
            "rtc_region": None,
            "topic": None,
            "last_message_id": None,
            "rate_limit_per_user": 0,
        }


@dataclass(slots=True)
class Member:
    """A user in a guild."""

    user: User
    role_ids: set[int] = field(default_factory=set)
    nick: str | None = None
    joined_at: str = field(default_factory=timestamp)

    def payload(self) -> Payload:
        """Return Discord's member object."""
        return {
            "user": self.user.payload(),
            "nick": self.nick,
            "avatar": None,
            "roles": [str(role_id) for role_id in self.role_ids],
            "joined_at": self.joined_at,
            "premium_since": None,
            "deaf": False,
            "mute": False,
            "flags": 0,
            "pending": False,
            "communication_disabled_until": None,
        }


@dataclass(slots=True)
class VoiceState:
    """Where a member is connected to voice."""

    user_id: int
    channel_id: int | None
    session_id: str
    mute: bool = False
    deaf: bool = False
    suppress: bool = False
    self_mute: bool = False
    self_deaf: bool = False

    def payload(self) -> Payload:
        """Return Discord's voice state object, without guild and member."""
        return {
            "user_id": str(self.user_id),
            "channel_id": None if self.channel_id is None else str(self.channel_id),
            "session_id": self.session_id,
            "deaf": self.deaf,
            "mute": self.mute,
            "self_deaf": self.self_deaf,
            "self_mute": self.self_mute,
            "self_video": False,
            "suppress": self.suppress,
            "request_to_speak_timestamp": None,
        }


@dataclass(slots=True)
class Guild:
    """A server, as people call it."""

    id: int
    name: str
    owner_id: int
    afk_channel_id: int | None = None
    roles: dict[int, Role] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    voice_states: dict[int, VoiceState] = field(default_factory=dict)

    @property
    def everyone(self) -> Role:
        """The role that every member has."""
        return self.roles[self.id]

    @property
    def text(self) -> Channel:
        """The first text channel."""
        return next(c for c in self.channels.values() if c.kind is ChannelKind.TEXT)

    @property
    def voice(self) -> Channel:
        """The first voice channel."""
        return next(c for c in self.channels.values() if c.kind is ChannelKind.VOICE)

    def payload(self) -> Payload:
        """Return Discord's guild object as REST gives it."""
        return {
            **_PLAIN_GUILD,
            "id": str(self.id),
            "name": self.name,
            "owner_id": str(self.owner_id),
            "afk_channel_id": None if self.afk_channel_id is None else str(self.afk_channel_id),
            "roles": [role.payload() for role in self.roles.values()],
        }

    def create_payload(self, bot_id: int) -> Payload:
        """Return GUILD_CREATE for a bot without the members intent.

        Discord then names only the bot itself and the members who are connected to voice.
        """
        shown = [m for m in self.members.values() if m.user.id in {bot_id, *self.voice_states}]
        empty = ("threads", "presences", "stage_instances", "guild_scheduled_events")
        return {
            **self.payload(),
            **{name: [] for name in empty},
            "soundboard_sounds": [],
            "joined_at": self.members[bot_id].joined_at,
            "large": False,
            "unavailable": False,
            "member_count": len(self.members),
            "members": [member.payload() for member in shown],
            "channels": [channel.payload() for channel in self.channels.values()],
            "voice_states": [state.payload() for state in self.voice_states.values()],
        }


_PLAIN_GUILD: Payload = {
    "icon": None,
    "splash": None,
    "discovery_splash": None,
    "banner": None,
    "description": None,
    "afk_timeout": 300,
    "verification_level": 0,
    "default_message_notifications": 0,
    "explicit_content_filter": 0,
    "mfa_level": 0,
    "nsfw_level": 0,
    "premium_tier": 0,
    "premium_progress_bar_enabled": False,
    "preferred_locale": "en-US",
    "application_id": None,
    "system_channel_id": None,
    "system_channel_flags": 0,
    "rules_channel_id": None,
    "public_updates_channel_id": None,
    "safety_alerts_channel_id": None,
    "vanity_url_code": None,
    "emojis": [],
    "stickers": [],
    "features": [],
}
