"""Which text channels are read aloud into which voice channels, over restarts."""

from __future__ import annotations

from dataclasses import dataclass

from storage.connections import Execute
from storage.database import Database
from storage.voices import VoiceStore

MAX_READ_CHANNELS = 25
"""Of one guild."""


@dataclass(frozen=True, slots=True)
class ReadChannel:
    """A text channel that is read into a voice channel. started_by: the member who asked."""

    guild_id: int
    text_channel_id: int
    voice_channel_id: int
    started_by: int


class ReadChannels:
    """The rows of `read_channels`. Every method raises StorageError if that is unusable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def beside(cls, voices: VoiceStore) -> ReadChannels:
        """Return them in the database of `voices`, which goes on owning it."""
        return cls(voices.database)

    async def all(self) -> list[ReadChannel]:
        """Return what is read, in every guild."""
        rows = await self._database.read(
            "SELECT guild_id, text_channel_id, voice_channel_id, started_by FROM read_channels "
            "ORDER BY guild_id, text_channel_id"
        )
        return [ReadChannel(*row) for row in rows]

    async def replace(self, guild_id: int, channels: tuple[ReadChannel, ...]) -> None:
        """Remember that these channels of a guild are read, and no others."""

        async def work(execute: Execute) -> None:
            await execute("DELETE FROM read_channels WHERE guild_id = ?", (guild_id,))
            for channel in channels:
                await execute(
                    "INSERT INTO read_channels "
                    "(guild_id, text_channel_id, voice_channel_id, started_by) "
                    "VALUES (?, ?, ?, ?)",
                    (guild_id, channel.text_channel_id, channel.voice_channel_id,
                     channel.started_by),
                )  # fmt: skip

        await self._database.write(work)
