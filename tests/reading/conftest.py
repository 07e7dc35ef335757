from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.reading.service import ReadingService
from bot.reading.speaker import Speakers
from bot.settings.service import SettingsService
from storage.setting_values import SettingValues
from storage.settings import SettingsStore
from storage.voices import VoiceStore
from tests.reading.making import Clock


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[VoiceStore]:
    async with VoiceStore.open(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def choices(store: VoiceStore) -> SettingsStore:
    return SettingsStore.beside(store)


@pytest.fixture
def settings(store: VoiceStore) -> SettingsService:
    return SettingsService(SettingValues(store.database))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reading(choices: SettingsStore, settings: SettingsService, clock: Clock) -> ReadingService:
    return ReadingService(settings, Speakers(choices), clock=clock)
