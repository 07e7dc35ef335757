"""Who and what a command's text mentions, by the names that the server shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.text.names import Names
from cogs.ui import Interaction

_ID = re.compile(r"\d{1,25}")


def names_in(interaction: Interaction, text: str) -> Names:
    """Return the names for the ids in the text of a command.

    From what the cache knows of the server, and from what Discord resolved with the command, which
    has every member whom the text mentions.
    """
    ids = {int(found) for found in _ID.findall(text)}
    guild = interaction.guild
    if guild is None or not ids:
        return Names(typed_at=interaction.created_at)
    members = {member.id: member.display_name for member in map(guild.get_member, ids) if member}
    roles = {role.id: role.name for role in map(guild.get_role, ids) if role}
    channels = {
        channel.id: channel.name for channel in map(guild.get_channel_or_thread, ids) if channel
    }
    resolved = _resolved(interaction)
    return Names(
        members | _members(resolved),
        roles | _names(resolved, "roles"),
        channels | _names(resolved, "channels"),
        interaction.created_at,
    )


def _resolved(interaction: Interaction) -> Mapping[str, Any]:
    data: Mapping[str, Any] = interaction.data or {}
    return data.get("resolved") or {}


def _members(resolved: Mapping[str, Any]) -> dict[int, str]:
    members = resolved.get("members") or {}
    names = {}
    for key, user in (resolved.get("users") or {}).items():
        nick = (members.get(key) or {}).get("nick")
        names[int(key)] = nick or user.get("global_name") or user.get("username") or ""
    return names


def _names(resolved: Mapping[str, Any], kind: str) -> dict[int, str]:
    return {
        int(key): str(entry.get("name") or "") for key, entry in (resolved.get(kind) or {}).items()
    }
