"""The world that the loopback Discord shows: its guilds, people, messages and files."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .cdn import Cdn, Upload
from .errors import Violation, unknown
from .ids import snowflake
from .messages import Message, mentioned_ids
from .model import (
    Channel,
    ChannelKind,
    Guild,
    Member,
    Overwrite,
    Payload,
    Role,
    User,
    VoiceState,
)
from .permissions import EVERYONE, Permission, channel_permissions

Publish = Callable[[str, Payload, int | None], None]


def _publish_to_nobody(event: str, data: Payload, guild_id: int | None) -> None:
    """Stand in until a gateway listens."""


class World:
    """Everything there is. Changes are published to the bot's gateway sessions."""

    def __init__(self) -> None:
        self.bot = User(snowflake(), "mynah", bot=True)
        self.token = f"loopback.{secrets.token_hex(8)}"
        self.users: dict[int, User] = {self.bot.id: self.bot}
        self.guilds: dict[int, Guild] = {}
        self.private_channels: dict[int, Channel] = {}
        self.messages: dict[int, Message] = {}
        self.commands: dict[int | None, list[Payload]] = {}
        self.violations: list[Violation] = []
        self.cdn = Cdn()
        self.publish: Publish = _publish_to_nobody

    def add_user(self, name: str) -> User:
        """Create an account."""
        user = User(snowflake(), name)
        self.users[user.id] = user
        return user

    def add_guild(self, name: str, *, bot_permissions: int = 0) -> Guild:
        """Create a guild with one text and one voice channel and the bot in it.

        bot_permissions: granted to the bot by its own role, beyond what everyone may do.
        """
        guild = Guild(snowflake(), name, owner_id=self.add_user(f"owner of {name}").id)
        guild.roles[guild.id] = Role(guild.id, "@everyone", int(EVERYONE))
        bot_role = Role(snowflake(), self.bot.name, bot_permissions, position=1)
        guild.roles[bot_role.id] = bot_role
        guild.members[guild.owner_id] = Member(self.users[guild.owner_id])
        guild.members[self.bot.id] = Member(self.bot, {bot_role.id})
        for kind, channel_name in ((ChannelKind.TEXT, "general"), (ChannelKind.VOICE, "Lounge")):
            channel = Channel(snowflake(), guild.id, kind, channel_name)
            guild.channels[channel.id] = channel
        self.guilds[guild.id] = guild
        self.publish("GUILD_CREATE", guild.create_payload(self.bot.id), guild.id)
        return guild

    def add_channel(self, guild: Guild, name: str, kind: ChannelKind, user_limit: int) -> Channel:
        """Create a channel."""
        channel = Channel(snowflake(), guild.id, kind, name, user_limit=user_limit)
        guild.channels[channel.id] = channel
        self.publish("CHANNEL_CREATE", channel.payload(), guild.id)
        return channel

    def add_role(self, guild: Guild, name: str, permissions: int) -> Role:
        """Create a role."""
        role = Role(snowflake(), name, permissions, position=len(guild.roles))
        guild.roles[role.id] = role
        data = {"guild_id": str(guild.id), "role": role.payload()}
        self.publish("GUILD_ROLE_CREATE", data, guild.id)
        return role

    def add_member(self, guild: Guild, user: User, roles: Iterable[Role] = ()) -> Member:
        """Let a user join the guild."""
        member = Member(user, {role.id for role in roles})
        guild.members[user.id] = member
        data = {"guild_id": str(guild.id), **member.payload()}
        self.publish("GUILD_MEMBER_ADD", data, guild.id)
        return member

    def set_roles(self, guild: Guild, member: Member, roles: Iterable[Role]) -> None:
        """Give the member these roles and no others."""
        member.role_ids = {role.id for role in roles}
        data = {"guild_id": str(guild.id), **member.payload()}
        self.publish("GUILD_MEMBER_UPDATE", data, guild.id)

    def grant(self, guild: Guild, user_id: int, permissions: int) -> None:
        """Give one member's own roles these permissions as well."""
        for role_id in guild.members[user_id].role_ids:
            guild.roles[role_id].permissions |= permissions
            data = {"guild_id": str(guild.id), "role": guild.roles[role_id].payload()}
            self.publish("GUILD_ROLE_UPDATE", data, guild.id)

    def overwrite(self, channel: Channel, overwrite: Overwrite) -> None:
        """Set what a channel allows or denies one role or member."""
        others = [o for o in channel.overwrites if o.target_id != overwrite.target_id]
        channel.overwrites = [*others, overwrite]
        self.publish("CHANNEL_UPDATE", channel.payload(), channel.guild_id)

    def guild(self, guild_id: int | str) -> Guild:
        """Return the guild or raise Discord's 404."""
        try:
            return self.guilds[int(guild_id)]
        except KeyError:
            raise unknown("Guild", 10004) from None

    def channel(self, channel_id: int | str) -> Channel:
        """Return the channel or raise Discord's 404."""
        wanted = int(channel_id)
        for channels in (self.private_channels, *(g.channels for g in self.guilds.values())):
            if wanted in channels:
                return channels[wanted]
        raise unknown("Channel", 10003)

    def member(self, guild: Guild, user_id: int | str) -> Member:
        """Return the member or raise Discord's 404."""
        try:
            return guild.members[int(user_id)]
        except KeyError:
            raise unknown("Member", 10007) from None

    def message(self, message_id: int | str) -> Message:
        """Return a message that was not deleted, or raise Discord's 404."""
        message = self.messages.get(int(message_id))
        if message is None or message.deleted:
            raise unknown("Message", 10008)
        return message

    def permissions(self, user_id: int, channel: Channel) -> int:
        """Return what the user may do in the channel."""
        guild = self.guild(channel.guild_id)
        return channel_permissions(guild, self.member(guild, user_id), channel)

    def may_connect(self, user_id: int, channel: Channel) -> bool:
        """Whether the user may join the voice channel: permission and, mostly, a free place."""
        granted = self.permissions(user_id, channel)
        others = [other for other in self.occupants(channel) if other != user_id]
        full = bool(channel.user_limit) and len(others) >= channel.user_limit
        return bool(granted & Permission.CONNECT) and (
            not full or bool(granted & Permission.MOVE_MEMBERS)
        )

    def post(
        self,
        author: User,
        channel: Channel,
        body: Payload,
        uploads: Sequence[Upload] = (),
        *,
        interaction: Payload | None = None,
        seen_by: int | None = None,
        **more: Any,
    ) -> Message:
        """Create a message and publish it, unless it is ephemeral. more: of `Message`."""
        guild_id = channel.guild_id if channel.guild_id in self.guilds else None
        message = Message(
            snowflake(), channel.id, guild_id, author, int(body.get("flags") or 0), **more
        )
        message.interaction, message.seen_by = interaction, seen_by
        self.messages[message.id] = message
        self._apply(message, body, uploads)
        self._publish_message("MESSAGE_CREATE", message)
        return message

    def edit(self, message: Message, body: Payload, uploads: Sequence[Upload] = ()) -> None:
        """Edit a message and publish it, unless it is ephemeral."""
        self._apply(message, body, uploads)
        self._publish_message("MESSAGE_UPDATE", message)

    def delete(self, message: Message) -> None:
        """Delete a message."""
        message.deleted = True
        if not message.ephemeral:
            guild = {} if message.guild_id is None else {"guild_id": str(message.guild_id)}
            data = {"id": str(message.id), "channel_id": str(message.channel_id), **guild}
            self.publish("MESSAGE_DELETE", data, message.guild_id)

    def set_voice_state(self, guild: Guild, state: VoiceState) -> None:
        """Connect, move or (channel None) disconnect a member, and publish it."""
        member = self.member(guild, state.user_id)
        if state.channel_id is None:
            guild.voice_states.pop(state.user_id, None)
        else:
            guild.voice_states[state.user_id] = state
        data = {"guild_id": str(guild.id), "member": member.payload(), **state.payload()}
        self.publish("VOICE_STATE_UPDATE", data, guild.id)

    def occupants(self, channel: Channel) -> list[int]:
        """Return the ids of everyone in the voice channel."""
        states = self.guild(channel.guild_id).voice_states.values()
        return [state.user_id for state in states if state.channel_id == channel.id]

    def _apply(self, message: Message, body: Payload, uploads: Sequence[Upload]) -> None:
        message.apply(body, uploads, self.cdn)
        known = [i for i in mentioned_ids(message.content) if i in self.users]
        message.mentioned = [self.users[user_id] for user_id in known]
        replied = message.replied
        if (
            replied is not None
            and message.pings_replied
            and replied.author not in message.mentioned
        ):
            message.mentioned.append(replied.author)

    def _bot_sees(self, message: Message) -> bool:
        granted = self.permissions(self.bot.id, self.channel(message.channel_id))
        return bool(granted & Permission.VIEW_CHANNEL)

    def _publish_message(self, event: str, message: Message) -> None:
        if message.ephemeral:
            return
        data = message.payload()
        if message.guild_id is not None:
            if not self._bot_sees(message):
                return
            member = self.guilds[message.guild_id].members[message.author.id].payload()
            del member["user"]
            data |= {"guild_id": str(message.guild_id), "member": member}
        self.publish(event, data, message.guild_id)
