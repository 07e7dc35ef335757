"""Files that another program put into the cache, so that nobody can tell which is the model's."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.speech.engines.chatterbox.hub.fetch import fetch_model
from bot.speech.engines.chatterbox.hub.inventory import drop_damaged, look_up, verify
from bot.speech.engines.chatterbox.hub.removal import plan_removal, remove
from bot.speech.models import MODELS
from bot.speech.types import ChatterboxModel
from tests.chatterbox.hub.conftest import Serve, fetch

PACK = MODELS["multilingual:pt-br"]
OTHERS = ("t3_new.safetensors", "t3_old.safetensors")

Confuse = Callable[..., Path]


@pytest.fixture
def confuse(also: Serve) -> Confuse:
    """Fetch a finetune, then let several files be one of its parts; returns their directory."""

    def call(published: str = PACK.t3, others: tuple[str, ...] = OTHERS) -> Path:
        also(PACK.name)
        directory = fetch(model=PACK.name)
        for name in others:
            shutil.copy(directory / published, directory / name)
        (directory / published).unlink()
        return directory

    return call


@pytest.mark.parametrize(
    ("published", "others"),
    [
        (PACK.t3, OTHERS),
        ("s3gen_v3.safetensors", ("s3gen_a.safetensors", "s3gen_b.safetensors")),
        ("grapheme_mtl_merged_expanded_v1.json", ("grapheme_a.json", "grapheme_b.json")),
    ],
)
def test_the_model_is_not_complete_and_its_files_are_named(
    confuse: Confuse, published: str, others: tuple[str, ...]
) -> None:
    confuse(published, others)
    stored = look_up(PACK)
    assert not stored.complete
    assert stored.stored_bytes > 0
    assert f"{others[0]} and {others[1]} all fit" in stored.problem


@pytest.mark.parametrize("name", MODELS)
def test_no_other_model_minds(confuse: Confuse, name: ChatterboxModel) -> None:
    confuse()
    model = MODELS[name]
    assert not look_up(model).complete
    verify(model)
    drop_damaged(model)
    assert bool(plan_removal(model).unclear) is (model is PACK)
    remove(model)


def test_another_model_is_fetched_checked_and_removed_as_ever(confuse: Confuse) -> None:
    confuse()
    fetch()
    assert {file.state for file in verify(MODELS["english"])} == {"ok"}
    assert set(remove(MODELS["english"]).files) == set(MODELS["english"].files)


def test_what_is_not_clear_stays_when_the_rest_is_removed(confuse: Confuse) -> None:
    directory = confuse()
    removal = remove(PACK)
    assert removal.unclear == tuple(str(directory / name) for name in OTHERS)
    assert sorted(path.name for path in directory.iterdir()) == sorted(OTHERS)


def test_fetching_takes_the_published_name(confuse: Confuse) -> None:
    directory = confuse()
    fetch_model(PACK, lambda _progress: None)
    assert look_up(PACK).complete
    assert (directory / PACK.t3).is_file()


@pytest.mark.parametrize("name", ["Cangjie5_TC.json", "s3gen.pt"])
def test_a_name_whose_content_is_gone_is_not_there(also: Serve, name: str) -> None:
    also("multilingual")
    directory = fetch(model="multilingual")
    (directory / name).resolve().unlink()
    assert look_up(MODELS["multilingual"]).complete is (name == "Cangjie5_TC.json")
    assert name not in [f.name for f in verify(MODELS["multilingual"]) if f.state == "ok"]
    remove(MODELS["multilingual"])
    assert not directory.exists()
