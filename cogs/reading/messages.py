"""From a message as Discord sends it to what reading aloud knows of one."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterable, Iterator, Sequence

import discord

from bot.reading.message import AttachmentKind, Author, ChatMessage, webhook_author
from bot.text.names import Names
from bot.voice.link import VocalChannel

_CHAT = frozenset(
    {
        discord.MessageType.default,
        discord.MessageType.reply,
        discord.MessageType.chat_input_command,  # answers of bots
        discord.MessageType.context_menu_command,
    }
)
"""All else is Discord's own: who joined, what was pinned, who boosted."""

_KINDS: dict[str, AttachmentKind] = {"image": "image", "video": "video", "audio": "audio"}
_ID = re.compile(r"\d{15,25}")


def is_chat(message: discord.Message) -> bool:
    """Whether somebody else wrote it on a server, so that it could be read."""
    guild = message.guild
    return guild is not None and message.author != guild.me and message.type in _CHAT


def chat_message(message: discord.Message, heard_in: VocalChannel | None) -> ChatMessage:
    """Return a message of a guild, with the names that the server shows.

    A mention of the bot before the text is whom it is addressed to, and no part of what is said.
    heard_in: the voice channel that it would be read into.
    """
    guild, answered = _guild(message), _answered(message)
    return ChatMessage(
        id=message.id,
        guild_id=guild.id,
        channel_id=message.channel.id,
        author=_author(message, heard_in),
        content=_unaddressed(message.content, guild),
        names=_names(message),
        reply_to=_shown_name(message, answered) if answered is not None else None,
        forwarded=_forwarded(message),
        attachments=tuple(map(_kind, _attachments(message))),
        stickers=tuple(sticker.name for sticker in _stickers(message)),
        poll=message.poll.question if message.poll is not None else None,
        embeds=tuple(title for embed in message.embeds if (title := embed.title)),
        silent=message.flags.silent,
        edited=message.edited_at is not None,
        parent_id=message.channel.parent_id
        if isinstance(message.channel, discord.Thread)
        else None,
        reply_to_id=answered.id if answered is not None else None,
    )


def addresses_bot(message: discord.Message) -> bool:
    """Whether it mentions the bot, or answers it with a ping: Discord tells its content then."""
    return message.guild is not None and message.guild.me in message.mentions


def begins_with_bot(message: discord.Message) -> bool:
    """Whether it is addressed to the bot, and does not just speak of it."""
    return _unaddressed(message.content, _guild(message)) != message.content.strip()


def _guild(message: discord.Message) -> discord.Guild:
    assert message.guild is not None, "reading exists in guilds alone"
    return message.guild


def author_of(
    user: discord.User | discord.Member, heard_in: VocalChannel | None, *, webhook: bool = False
) -> Author:
    """Return somebody as reading knows them. heard_in: the voice channel that is read into."""
    roles = user.roles if isinstance(user, discord.Member) else []
    return Author(
        id=webhook_author(user.id, user.display_name) if webhook else user.id,
        name=user.display_name,
        roles=frozenset(role.id for role in roles),
        bot=user.bot and not webhook,
        webhook=webhook,
        in_call=heard_in is not None and user.id in heard_in.voice_states,
        manages=isinstance(user, discord.Member) and user.guild_permissions.manage_guild,
    )


def _author(message: discord.Message, heard_in: VocalChannel | None) -> Author:
    # The answer to a command has a webhook's id, too: that of the bot which was asked.
    webhook = message.webhook_id is not None and message.interaction_metadata is None
    return author_of(message.author, heard_in, webhook=webhook)


def _unaddressed(content: str, guild: discord.Guild) -> str:
    """Return the text without the mentions of the bot, or of its role, that it begins with."""
    own = [f"@!?{guild.me.id}"]
    if guild.self_role is not None:  # which clients offer under the same name
        own.append(f"@&{guild.self_role.id}")
    return re.sub(rf"^(\s*<(?:{'|'.join(own)})>[\s,:]*)+", "", content).strip()


def _names(message: discord.Message) -> Names:
    guild = _guild(message)
    texts = (message.content, *(snapshot.content for snapshot in message.message_snapshots))
    ids = {int(found) for text in texts for found in _ID.findall(text)}
    members = _members(guild, ids, message.mentions)
    roles = {role.id: role.name for role in map(guild.get_role, ids) if role}
    channels = {
        channel.id: channel.name for channel in map(guild.get_channel_or_thread, ids) if channel
    }
    return Names(members, roles, channels, message.created_at)


def _members(
    guild: discord.Guild, ids: Iterable[int], mentioned: Sequence[discord.User | discord.Member]
) -> dict[int, str]:
    """Return shown names: as the message tells them with the nickname, else from the cache."""
    cached = {member.id: member.display_name for member in map(guild.get_member, ids) if member}
    told = {user.id: user.display_name for user in mentioned}
    fresh = {user.id: user.display_name for user in mentioned if isinstance(user, discord.Member)}
    return told | cached | fresh


def _answered(message: discord.Message) -> discord.User | discord.Member | None:
    """Return whose message it answers, where that is somebody else."""
    reference = message.reference
    if reference is None or message.type is not discord.MessageType.reply:
        return None
    answered = reference.resolved
    if not isinstance(answered, discord.Message):
        return None  # deleted since, or not told
    author = answered.author
    return None if author.id in (_guild(message).me.id, message.author.id) else author


def _shown_name(message: discord.Message, user: discord.User | discord.Member) -> str:
    """Return the name of whose message is answered, for which Discord tells no nickname."""
    return _members(_guild(message), [user.id], message.mentions).get(user.id, user.display_name)


def _forwarded(message: discord.Message) -> str | None:
    snapshots = message.message_snapshots
    return "\n".join(snapshot.content for snapshot in snapshots) if snapshots else None


def _attachments(message: discord.Message) -> Iterator[discord.Attachment]:
    yield from message.attachments
    for snapshot in message.message_snapshots:
        yield from snapshot.attachments


def _stickers(message: discord.Message) -> Iterator[discord.StickerItem]:
    yield from message.stickers
    for snapshot in message.message_snapshots:
        yield from snapshot.stickers


def _kind(attachment: discord.Attachment) -> AttachmentKind:
    if attachment.is_voice_message():
        return "voice message"
    kind = attachment.content_type or mimetypes.guess_type(attachment.filename)[0] or ""
    return _KINDS.get(kind.partition("/")[0], "file")
