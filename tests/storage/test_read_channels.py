"""What is read where, over restarts."""

from pathlib import Path

from storage.read_channels import ReadChannel, ReadChannels
from storage.voices import VoiceStore

LOUNGE = ReadChannel(1, 10, 20, 5)
GENERAL = ReadChannel(1, 11, 20, 6)
ELSEWHERE = ReadChannel(2, 12, 22, 5)


async def test_it_is_there_after_a_restart(tmp_path: Path) -> None:
    async with VoiceStore.open(tmp_path) as store:
        channels = ReadChannels(store.database)
        await channels.replace(1, (LOUNGE, GENERAL))
        await channels.replace(2, (ELSEWHERE,))
    async with VoiceStore.open(tmp_path) as store:
        assert await ReadChannels(store.database).all() == [LOUNGE, GENERAL, ELSEWHERE]


async def test_what_is_no_longer_read_is_forgotten(tmp_path: Path) -> None:
    async with VoiceStore.open(tmp_path) as store:
        channels = ReadChannels(store.database)
        await channels.replace(1, (LOUNGE, GENERAL))
        await channels.replace(2, (ELSEWHERE,))
        await channels.replace(1, (GENERAL,))
        assert await channels.all() == [GENERAL, ELSEWHERE]
