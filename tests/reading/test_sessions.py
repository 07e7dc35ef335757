"""Which text channels are read into which voice channel."""

from pathlib import Path

import pytest

from bot.errors import UserError
from bot.reading.sessions import ReadingSessions
from storage.read_channels import MAX_READ_CHANNELS, ReadChannel, ReadChannels
from storage.voices import VoiceStore

GUILD, ANN = 1, 5
LOUNGE, HALL = 20, 21


def row(text_channel_id: int, voice_channel_id: int = LOUNGE) -> ReadChannel:
    return ReadChannel(GUILD, text_channel_id, voice_channel_id, ANN)


async def test_several_channels_are_read_into_one(store: VoiceStore) -> None:
    sessions = ReadingSessions(ReadChannels.beside(store))
    await sessions.start(row(10))
    await sessions.start(row(11))
    session = sessions.of(GUILD)
    assert session is not None
    assert (set(session.channels), session.voice_channel_id) == ({10, 11}, LOUNGE)


async def test_what_was_read_elsewhere_ends(store: VoiceStore) -> None:
    sessions = ReadingSessions(ReadChannels.beside(store))
    await sessions.start(row(10))
    await sessions.start(row(11, HALL))
    session = sessions.of(GUILD)
    assert session is not None
    assert (set(session.channels), session.voice_channel_id) == ({11}, HALL)


async def test_the_number_of_channels_is_bounded(store: VoiceStore) -> None:
    sessions = ReadingSessions(ReadChannels.beside(store))
    await sessions.start(*(row(100 + number) for number in range(MAX_READ_CHANNELS)))
    with pytest.raises(UserError, match=f"at most {MAX_READ_CHANNELS}|{MAX_READ_CHANNELS} chan"):
        await sessions.start(row(10))


async def test_stopping_the_last_channel_ends_the_session(store: VoiceStore) -> None:
    sessions = ReadingSessions(ReadChannels.beside(store))
    await sessions.start(row(10))
    assert not await sessions.stop(GUILD, 11)
    assert await sessions.stop(GUILD, 10)
    assert sessions.of(GUILD) is None
    assert await sessions.end(GUILD) == ()


async def test_moved_it_reads_the_chat_of_where_it_is(store: VoiceStore) -> None:
    sessions = ReadingSessions(ReadChannels.beside(store))
    await sessions.start(row(10), row(LOUNGE))
    await sessions.follow(GUILD, HALL)
    session = sessions.of(GUILD)
    assert session is not None
    assert (set(session.channels), session.voice_channel_id) == ({10, HALL}, HALL)


async def test_all_of_it_is_there_after_a_restart(tmp_path: Path) -> None:
    async with VoiceStore.open(tmp_path) as store:
        await ReadingSessions(ReadChannels.beside(store)).start(row(10), row(LOUNGE))
    async with VoiceStore.open(tmp_path) as store:
        sessions = ReadingSessions(ReadChannels.beside(store))
        await sessions.load()
        session = sessions.of(GUILD)
        assert session is not None
        assert set(session.channels) == {10, LOUNGE}
