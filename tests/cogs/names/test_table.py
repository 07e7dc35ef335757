"""The table of names: what becomes of each as the name of a voice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.command_tree import voice_request_text
from bot.enrolment.room import Room, unlimited
from storage.errors import InvalidNameError, NameTakenError
from storage.names import clean_name
from storage.types import OPERATOR_GUILD_ID, NewVoice
from storage.voices import VoiceStore
from tests.cogs.names.looking import table
from tests.storage.conftest import GUILD, make_clip

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def voices(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[VoiceStore]:
    directory: Path = tmp_path_factory.mktemp("voices")
    async with VoiceStore.open(directory) as store:
        for name in ("Taylor", "Robin 1", "Mo-Li", "Anna"):
            await store.add(NewVoice(guild_id=GUILD, name=name), make_clip(len(name)))
        await store.add(NewVoice(guild_id=OPERATOR_GUILD_ID, name="Orator"), make_clip(9))
        yield store


async def test_the_table_has_sixty_names_and_more() -> None:
    assert len(table()) >= 60


@pytest.mark.parametrize("typed", table(), ids=ascii)
async def test_a_name_is_accepted_or_refused_for_its_reason(voices: VoiceStore, typed: str) -> None:
    outcome = table()[typed]
    clip = make_clip(1)
    voice = NewVoice(guild_id=GUILD, name=typed)
    if "refused" in outcome:
        with pytest.raises((InvalidNameError, NameTakenError)) as refused:
            await voices.add(voice, clip)
        assert outcome["refused"] in voice_request_text(refused.value)
        return
    await Room(voices, unlimited).require_name(GUILD, clean_name(typed))
    added = await voices.add(voice, clip)
    assert added.name == outcome["stored"]
    await voices.delete(added.id)
