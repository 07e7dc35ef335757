"""A download that broke off belongs to its model: no other counts it, and no other removes it."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.errors import EngineDeadError
from bot.speech.engines.chatterbox.hub.inventory import look_up
from bot.speech.engines.chatterbox.hub.removal import remove
from bot.speech.models import MODELS
from bot.speech.types import ChatterboxModel
from tests.chatterbox.hub.conftest import Serve, fetch

BREAK = 500

Break = Callable[[ChatterboxModel, str], None]


@pytest.fixture
def break_off(also: Serve, monkeypatch: pytest.MonkeyPatch) -> Break:
    """Fetch a model until the disk is full within one of its files."""
    from huggingface_hub.file_download import http_get

    def call(model: ChatterboxModel, name: str) -> None:
        def give(url: str, content: Any, **others: Any) -> None:
            if others["displayed_filename"] != name:
                http_get(url, content, **others)
                return
            content.write(b"x" * BREAK)
            raise OSError(errno.ENOSPC, "No space left on device")

        also(model)
        with monkeypatch.context() as patch:
            patch.setattr("huggingface_hub.file_download.http_get", give)
            with pytest.raises(EngineDeadError, match=f"no room for the {model} model"):
                fetch(model=model)

    return call


def unfinished() -> dict[str, int]:
    stored = (look_up(model) for model in MODELS.values())
    return {s.name: s.unfinished_bytes for s in stored if s.unfinished_bytes}


@pytest.mark.parametrize(
    ("other", "name"),
    [
        ("english", "s3gen.pt"),
        ("english", MODELS["multilingual"].t3),
        ("multilingual-v2", MODELS["multilingual"].t3),
    ],
)
def test_no_other_model_counts_or_removes_it(
    also: Serve, break_off: Break, other: ChatterboxModel, name: str
) -> None:
    also(other)
    fetch(model=other)
    break_off("multilingual", name)
    before = look_up(MODELS["multilingual"])
    assert unfinished() == {"multilingual": BREAK}
    remove(MODELS[other])
    assert look_up(MODELS["multilingual"]) == before


def test_its_own_model_removes_it(break_off: Break, folder: Path) -> None:
    fetch()
    break_off("multilingual", "s3gen.pt")
    assert remove(MODELS["multilingual"]).freed_bytes > BREAK
    assert unfinished() == {}
    assert not [path for path in (folder / "blobs").iterdir() if "incomplete" in path.name]
    assert look_up(MODELS["english"]).complete
    remove(MODELS["english"])
    assert not folder.exists()


def test_what_two_models_wait_for_goes_with_the_second(break_off: Break, folder: Path) -> None:
    break_off("multilingual", "s3gen.pt")
    break_off("multilingual-v2", "s3gen.pt")
    assert set(unfinished()) == {"multilingual", "multilingual-v2"}
    remove(MODELS["multilingual"])
    assert set(unfinished()) == {"multilingual-v2"}
    remove(MODELS["multilingual-v2"])
    assert not folder.exists()


def test_of_a_finetune_it_may_lie_in_the_other_repository(break_off: Break) -> None:
    break_off("multilingual:pt-br", "ve.pt")
    assert unfinished() == {"multilingual:pt-br": BREAK}
    remove(MODELS["english"])
    assert unfinished() == {"multilingual:pt-br": BREAK}
    remove(MODELS["multilingual:pt-br"])
    assert unfinished() == {}


@pytest.mark.usefixtures("hub")
def test_what_nobody_noted_stays_while_another_model_is_there(also: Serve, folder: Path) -> None:
    also("multilingual")
    fetch()
    fetch(model="multilingual")
    part = folder / "blobs" / f"{'a' * 64}.incomplete"
    part.write_bytes(b"x" * BREAK)
    assert unfinished() == {}
    remove(MODELS["english"])
    assert part.exists()
    assert unfinished()["multilingual"] == BREAK
    remove(MODELS["multilingual"])
    assert not folder.exists()


def test_once_it_is_whole_the_note_is_gone(break_off: Break, folder: Path) -> None:
    break_off("english", "s3gen.safetensors")
    [part] = (folder / "blobs").glob("*.incomplete")
    part.write_bytes(b"")  # what is wrong in it is another test
    fetch()
    assert not [path for path in (folder / "blobs").iterdir() if "incomplete" in path.name]


def test_a_file_of_which_nothing_came_leaves_nothing(break_off: Break, folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{__name__}.BREAK", 0)
        break_off("english", "s3gen.safetensors")
    assert not [path for path in (folder / "blobs").iterdir() if "incomplete" in path.name]
