"""Which text channels are read into which voice channel, in every guild."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.errors import UserError
from bot.i18n import _
from storage.read_channels import MAX_READ_CHANNELS, ReadChannel, ReadChannels


@dataclass(slots=True)
class Session:
    """What is read in a guild, where the bot can be in one voice channel only.

    channels: by id of the text channel; all into the same voice channel. since: when it was begun,
    by Discord's clock; None where that is not known.
    skipped: how many messages were not read, by the reason that rules give.
    """

    channels: dict[int, ReadChannel] = field(default_factory=dict)
    since: datetime | None = None
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def voice_channel_id(self) -> int:
        """Where it is heard."""
        return next(iter(self.channels.values())).voice_channel_id


class ReadingSessions:
    """The sessions of all guilds, as they are remembered over restarts.

    What changes is stored first: every method that changes something raises StorageError, and has
    changed nothing then.
    """

    def __init__(self, store: ReadChannels) -> None:
        self._store = store
        self._sessions: dict[int, Session] = {}
        self._changing = asyncio.Lock()

    async def load(self) -> None:
        """Take in what was read when the program ended. Raises StorageError."""
        self._sessions.clear()
        for channel in await self._store.all():
            session = self._sessions.setdefault(channel.guild_id, Session())
            session.channels[channel.text_channel_id] = channel

    async def take_in(self) -> None:
        """Take in who is stored to have had channels read, and drop what is not stored any more.

        Somebody's data was deleted. Raises StorageError.
        """
        async with self._changing:
            stored = {(c.guild_id, c.text_channel_id): c for c in await self._store.all()}
            for guild_id, session in list(self._sessions.items()):
                known = ((key, stored.get((guild_id, key))) for key in session.channels)
                session.channels = {key: channel for key, channel in known if channel is not None}
                if not session.channels:
                    del self._sessions[guild_id]

    def of(self, guild_id: int) -> Session | None:
        """Return what is read in a guild; None where nothing is."""
        return self._sessions.get(guild_id)

    async def start(self, *channels: ReadChannel, since: datetime | None = None) -> None:
        """Read text channels of a guild, beside those that are read into the same voice channel.

        What is read into another one ends. Raises UserError for too many.
        """
        guild_id, voice_channel_id = channels[0].guild_id, channels[0].voice_channel_id
        async with self._changing:
            session = self._sessions.get(guild_id)
            stays = session is not None and session.voice_channel_id == voice_channel_id
            kept = session.channels if session is not None and stays else {}
            wanted = kept | {channel.text_channel_id: channel for channel in channels}
            _check_room(wanted)
            await self._set(guild_id, wanted)
            if not stays:
                self._sessions[guild_id] = Session(wanted, since)

    async def stop(self, guild_id: int, text_channel_id: int) -> bool:
        """Read a text channel no more; whether it was read."""
        async with self._changing:
            session = self._sessions.get(guild_id)
            if session is None or text_channel_id not in session.channels:
                return False
            left = dict(session.channels)
            del left[text_channel_id]
            await self._set(guild_id, left)
        return True

    async def end(self, guild_id: int) -> tuple[ReadChannel, ...]:
        """Read nothing more in a guild; return what was read."""
        async with self._changing:
            session = self._sessions.get(guild_id)
            if session is None:
                return ()
            await self._set(guild_id, {})
        return tuple(session.channels.values())

    async def follow(self, guild_id: int, voice_channel_id: int) -> None:
        """Read into the voice channel that the bot was moved to: its own chat for the former's."""
        async with self._changing:
            session = self._sessions.get(guild_id)
            if session is None or session.voice_channel_id == voice_channel_id:
                return
            former = session.voice_channel_id
            moved = [
                replace(
                    channel,
                    voice_channel_id=voice_channel_id,
                    text_channel_id=voice_channel_id if key == former else key,
                )
                for key, channel in session.channels.items()
            ]
            await self._set(guild_id, {channel.text_channel_id: channel for channel in moved})

    async def _set(self, guild_id: int, channels: dict[int, ReadChannel]) -> None:
        await self._store.replace(guild_id, tuple(channels.values()))
        if not channels:
            self._sessions.pop(guild_id, None)
            return
        session = self._sessions.setdefault(guild_id, Session())
        session.channels = channels


def _check_room(channels: dict[int, ReadChannel]) -> None:
    if len(channels) > MAX_READ_CHANNELS:
        text = _("I read {most} channels at most. Stop one of them first.")
        raise UserError(text.format(most=MAX_READ_CHANNELS))
