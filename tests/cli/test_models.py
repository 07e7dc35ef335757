"""`mynah models` where Chatterbox is not installed; tests/chatterbox has the rest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.config import load_settings
from bot.engines import open_models
from bot.speech.models import MODELS
from storage.names_at_hand import languages
from tests.cli.conftest import Mynah
from tests.cli.test_docs import TEXT, section
from tests.cli.test_json import documented


def test_every_model_is_listed_with_what_it_needs(mynah: Mynah) -> None:
    outcome = mynah("models")
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert [line.split()[0] for line in lines[1 : len(MODELS) + 1]] == list(MODELS)
    assert lines[3].split() == ["nano", "English", "1.9", "GB", "2.7", "GB", "2.3", "GB", "-"]


def test_it_says_what_auto_takes_and_how_to_have_more(
    mynah: Mynah, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYNAH_ENGINE__KIND", "auto")
    told = mynah("models", "list").out
    assert "auto takes piper here, because Chatterbox, which clones voices, is not in" in told
    assert "`make install-chatterbox` installs the engine that clones voices." in told
    assert "configuration" not in told


def test_it_says_what_the_configuration_asks_for(
    mynah: Mynah, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYNAH_ENGINE__MODEL", "turbo")
    assert 'The configuration asks for [engine] model = "turbo".' in mynah("models").out


def test_an_engine_that_is_asked_for_and_missing_is_told(
    mynah: Mynah, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYNAH_ENGINE__KIND", "chatterbox")
    outcome = mynah("models")
    assert outcome.code == 0
    assert "auto takes none here: The engine chatterbox is not installed" in outcome.out


def test_json_has_the_documented_keys(mynah: Mynah) -> None:
    outcome = mynah("models", "--json")
    told = json.loads(outcome.out)
    assert {*told, *told["models"][0]} == documented("models")
    assert told["auto"]["kind"] == "piper"
    assert [model["name"] for model in told["models"]] == list(MODELS)


@pytest.mark.parametrize("command", [("fetch", "nano"), ("verify", "nano"), ("remove", "nano")])
def test_what_needs_chatterbox_says_how_to_install_it(
    mynah: Mynah, command: tuple[str, ...]
) -> None:
    outcome = mynah("models", *command)
    assert (outcome.code, outcome.out) == (1, "")
    assert "make install-chatterbox" in outcome.err


def test_a_model_that_is_not_known_is_refused_with_the_names(mynah: Mynah) -> None:
    outcome = mynah("models", "fetch", "klingon")
    assert outcome.code == 2
    assert "multilingual:pt-br" in outcome.err


def test_json_before_the_command_is_refused(mynah: Mynah) -> None:
    outcome = mynah("models", "--json", "fetch", "nano")
    assert outcome.code == 2
    assert "mynah models fetch ... --json" in outcome.err


def test_the_page_names_the_models_without_a_known_revision() -> None:
    unknown = [f"`{model.name}`" for model in MODELS.values() if model.revision == "main"]
    assert f"({', '.join(unknown)})" in section("mynah models").replace("\n", " ")
    assert "`auto`" in TEXT


async def languages_of_the_choice() -> tuple[str, ...]:
    async with open_models(load_settings()) as keeper:
        return keeper._spec.languages


async def test_the_languages_of_the_voices_count_for_the_choice(enrolled: Mynah) -> None:
    assert languages(enrolled.data) == ["en"]
    assert await languages_of_the_choice() == ("en",)


async def test_a_data_directory_that_is_not_there_yet_has_no_languages(
    mynah: Mynah, tmp_path: Path
) -> None:
    assert await languages_of_the_choice() == ()
    assert not mynah.data.exists()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mynah.db").write_bytes(b"no database at all" * 100)
    assert await languages_of_the_choice() == ()
