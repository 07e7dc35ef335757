"""Discord's permission bits and how they combine.

Source: https://discord.com/developers/docs/topics/permissions#permission-hierarchy
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntFlag

from .model import Channel, Guild, Member, Overwrite


class Permission(IntFlag):
    """The bits that the loopback Discord acts upon."""

    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    CONNECT = 1 << 20
    SPEAK = 1 << 21
    MUTE_MEMBERS = 1 << 22
    MOVE_MEMBERS = 1 << 24
    USE_VOICE_ACTIVITY = 1 << 25
    USE_APPLICATION_COMMANDS = 1 << 31


ALL_PERMISSIONS = (1 << 53) - 1

EVERYONE = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.CONNECT
    | Permission.SPEAK
    | Permission.USE_VOICE_ACTIVITY
    | Permission.USE_APPLICATION_COMMANDS
)
"""What a new guild grants everyone."""


def guild_permissions(guild: Guild, member: Member) -> int:
    """Return the member's permissions in the guild, before any channel's overwrites."""
    if member.user.id == guild.owner_id:
        return ALL_PERMISSIONS
    granted = guild.everyone.permissions
    for role_id in member.role_ids:
        granted |= guild.roles[role_id].permissions
    return ALL_PERMISSIONS if granted & Permission.ADMINISTRATOR else granted


def channel_permissions(guild: Guild, member: Member, channel: Channel) -> int:
    """Return the member's permissions in the channel; 0 when they cannot see it."""
    granted = guild_permissions(guild, member)
    if granted == ALL_PERMISSIONS:
        return granted
    for layer in _overwrite_layers(guild, member, channel):
        granted = _applied(granted, layer)
    return granted if granted & Permission.VIEW_CHANNEL else 0


def _overwrite_layers(guild: Guild, member: Member, channel: Channel) -> Iterable[list[Overwrite]]:
    overwrites = channel.overwrites
    yield [o for o in overwrites if o.target_id == guild.id]
    yield [o for o in overwrites if o.target_id in member.role_ids]
    yield [o for o in overwrites if o.target_id == member.user.id]


def _applied(granted: int, layer: list[Overwrite]) -> int:
    """Within a layer every denial comes before every allowance."""
    for overwrite in layer:
        granted &= ~overwrite.deny
    for overwrite in layer:
        granted |= overwrite.allow
    return granted
