"""Which model would speak, asked of a real worker that loads none."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot import app
from bot.config import load_settings


@pytest.mark.parametrize(
    ("configured", "chosen"), [("auto", "nano"), ("turbo", "turbo"), ("nano", "nano")]
)
def test_the_model_that_would_speak_is_told(
    configured: str, chosen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MYNAH_ENGINE__MODEL", configured)
    monkeypatch.setenv("MYNAH_ENGINE__DEVICE", "cpu")
    settings = load_settings()
    assert asyncio.run(app.chosen_model(settings)) == chosen
