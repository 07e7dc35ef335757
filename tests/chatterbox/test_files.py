"""Which files make a checkpoint of each model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.errors import EngineDeadError
from bot.speech.engines.chatterbox.files import MODELS
from bot.speech.engines.chatterbox.stock import load_model
from bot.speech.types import ChatterboxModel, EngineSpec

BYTE_LEVEL = ("vocab.json", "merges.txt")


def write_empty(directory: Path, *names: str) -> Path:
    for name in names:
        (directory / name).touch()
    return directory


@pytest.mark.parametrize("model", ["english", "multilingual"])
def test_all_files_are_required(model: ChatterboxModel, tmp_path: Path) -> None:
    files = MODELS[model]
    write_empty(tmp_path, *files.files)
    files.require_in(tmp_path, model)
    (tmp_path / files.files[1]).unlink()
    with pytest.raises(EngineDeadError, match=f"{model} model: it has no {files.files[1]}. Set"):
        files.require_in(tmp_path, model)


@pytest.mark.parametrize("tokenizer", [BYTE_LEVEL, ("tokenizer.json",)])
def test_turbo_takes_either_form_of_its_tokenizer(
    tokenizer: tuple[str, ...], tmp_path: Path
) -> None:
    files = MODELS["turbo"]
    write_empty(tmp_path, *files.files, *tokenizer)
    files.require_in(tmp_path, "turbo")


@pytest.mark.parametrize("incomplete", [(), BYTE_LEVEL[:1], BYTE_LEVEL[1:]])
def test_turbo_without_a_vocabulary_is_refused(incomplete: tuple[str, ...], tmp_path: Path) -> None:
    files = MODELS["turbo"]
    write_empty(tmp_path, *files.files, *incomplete)
    told = r"it has no vocab\.json with merges\.txt or tokenizer\.json\. Set \[engine\] checkpoint"
    with pytest.raises(EngineDeadError, match=told):
        files.require_in(tmp_path, "turbo")


def test_turbo_loads_with_either_form(
    checkpoint: Callable[[ChatterboxModel], Path], tmp_path: Path
) -> None:
    for file in checkpoint("turbo").iterdir():
        (tmp_path / file.name).symlink_to(file)
    whole = json.loads((tmp_path / "tokenizer.json").read_text())
    (tmp_path / "tokenizer.json").unlink()
    (tmp_path / "vocab.json").write_text(json.dumps(whole["model"]["vocab"]))
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    (tmp_path / "tokenizer_config.json").unlink()
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "GPT2Tokenizer"}')
    spoken = [
        load_model(EngineSpec("chatterbox", "turbo", directory, "cpu"), "cpu")
        .tokenizer("Hello there.")
        .input_ids
        for directory in (tmp_path, checkpoint("turbo"))
    ]
    assert spoken[0] == spoken[1]


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineDeadError, match=r"no directory .*/gone\. Set \[engine\] checkpoint"):
        MODELS["english"].require_in(tmp_path / "gone", "english")


def test_what_is_downloaded_is_what_is_read(tmp_path: Path) -> None:
    repository = {"s3gen.safetensors", "conds.pt", *BYTE_LEVEL, "added_tokens.json"}
    chosen = MODELS["turbo"].choose({*repository, *MODELS["turbo"].files})
    assert sorted(chosen) == sorted([*BYTE_LEVEL, "added_tokens.json", *MODELS["turbo"].files])
    assert MODELS["multilingual"].choose(["Cangjie5_TC.json", "conds.pt"]) == ["Cangjie5_TC.json"]
