"""Which files make a checkpoint of each model, and what is said of those that do not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.errors import EngineDeadError
from bot.speech.engines.chatterbox.files import find_checkpoint
from bot.speech.engines.chatterbox.loading import load_model, locate
from bot.speech.models import MODELS
from bot.speech.types import ChatterboxModel, EngineSpec
from tests.chatterbox.reference import linked

Checkpoints = Callable[[ChatterboxModel], Path]

BYTE_LEVEL = ("vocab.json", "merges.txt")
FINETUNE: ChatterboxModel = "multilingual:pt-br"


def write_empty(directory: Path, *names: str) -> Path:
    for name in names:
        (directory / name).touch()
    return directory


def spec(model: ChatterboxModel, directory: Path) -> EngineSpec:
    return EngineSpec("chatterbox", model, directory, "cpu")


@pytest.mark.parametrize("model", MODELS)
def test_each_file_is_required(model: ChatterboxModel, tmp_path: Path) -> None:
    write_empty(tmp_path, *MODELS[model].files)
    assert find_checkpoint(tmp_path, model).model is MODELS[model]
    for part in MODELS[model].parts:
        if part.required:
            (tmp_path / part.choices[0][0]).unlink()
            with pytest.raises(EngineDeadError, match=f"{model} model: it has no ") as told:
                find_checkpoint(tmp_path, model)
            assert part.wanted in str(told.value)
            write_empty(tmp_path, part.choices[0][0])


@pytest.mark.parametrize("model", ["turbo", "nano"])
@pytest.mark.parametrize("tokenizer", [BYTE_LEVEL, ("tokenizer.json",)])
def test_either_form_of_a_gpt2_tokenizer_is_taken(
    model: ChatterboxModel, tokenizer: tuple[str, ...], tmp_path: Path
) -> None:
    names = set(MODELS[model].files).difference(BYTE_LEVEL)
    write_empty(tmp_path, *names, *tokenizer)
    assert find_checkpoint(tmp_path, model).path("tokenizer") == tmp_path / tokenizer[0]


@pytest.mark.parametrize("incomplete", [(), BYTE_LEVEL[:1], BYTE_LEVEL[1:]])
def test_without_a_vocabulary_it_is_refused(incomplete: tuple[str, ...], tmp_path: Path) -> None:
    names = set(MODELS["nano"].files).difference(BYTE_LEVEL)
    write_empty(tmp_path, *names, *incomplete)
    told = r"it has no vocab\.json with merges\.txt or tokenizer\.json\. Set \[engine\] checkpoint"
    with pytest.raises(EngineDeadError, match=told):
        find_checkpoint(tmp_path, "nano")


def test_turbo_loads_with_either_form(checkpoint: Checkpoints, tmp_path: Path) -> None:
    linked(checkpoint("turbo"), tmp_path)
    whole = json.loads((tmp_path / "tokenizer.json").read_text())
    (tmp_path / "tokenizer.json").unlink()
    (tmp_path / "vocab.json").write_text(json.dumps(whole["model"]["vocab"]))
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    (tmp_path / "tokenizer_config.json").unlink()
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "GPT2Tokenizer"}')
    spoken = [
        load_model(spec("turbo", directory), "cpu").tokenizer("Hello there.").input_ids
        for directory in (tmp_path, checkpoint("turbo"))
    ]
    assert spoken[0] == spoken[1]


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineDeadError, match=r"no directory .*/gone\. Set \[engine\] checkpoint"):
        find_checkpoint(tmp_path / "gone", "english")


def test_another_model_that_is_there_is_named(tmp_path: Path) -> None:
    write_empty(tmp_path, *MODELS["turbo"].files)
    with pytest.raises(EngineDeadError, match=r"no t3_nano_v1.*\[engine\] model = \"turbo\"\.$"):
        find_checkpoint(tmp_path, "nano")


def test_what_is_downloaded_is_what_is_read(tmp_path: Path) -> None:
    repository = {"s3gen.safetensors", "conds.pt", *BYTE_LEVEL, "added_tokens.json"}
    chosen = MODELS["turbo"].choose({*repository, *MODELS["turbo"].files})
    assert sorted(chosen) == sorted(["added_tokens.json", *MODELS["turbo"].files])
    assert MODELS["multilingual"].choose(["Cangjie5_TC.json", "conds.pt"]) == ["Cangjie5_TC.json"]


def test_a_directory_with_version_2_only_is_version_2_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_empty(tmp_path, *MODELS["multilingual-v2"].files)
    found = locate(spec("multilingual", tmp_path))
    assert found.model.name == "multilingual-v2"
    assert "no t3_mtl23ls_v3.safetensors, so it is the multilingual-v2 model" in found.note
    (record,) = caplog.records
    assert record.getMessage() == f"about the model's files: {found.note}"


def test_a_directory_with_both_versions_is_what_was_asked_for(tmp_path: Path) -> None:
    write_empty(tmp_path, *MODELS["multilingual-v2"].files, *MODELS["multilingual"].files)
    for name in ("multilingual", "multilingual-v2"):
        assert find_checkpoint(tmp_path, name).model.name == name  # type: ignore[arg-type]
        assert not find_checkpoint(tmp_path, name).note  # type: ignore[arg-type]


def test_version_2_is_not_stood_in_for(tmp_path: Path) -> None:
    write_empty(tmp_path, *MODELS["multilingual"].files)
    with pytest.raises(EngineDeadError, match=r"no t3_mtl23ls_v2.*model = \"multilingual\"\.$"):
        find_checkpoint(tmp_path, "multilingual-v2")


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        (("t3_pt_br.safetensors", "t3_other.safetensors"), "t3_pt_br.safetensors"),
        (("t3_pt_br_v4.safetensors",), "t3_pt_br_v4.safetensors"),
        (("t3.safetensors", "t3_mtl23ls_v3.safetensors"), "t3.safetensors"),
    ],
)
def test_a_name_that_is_not_known_is_taken_from_what_is_there(
    names: tuple[str, ...], taken: str, tmp_path: Path
) -> None:
    rest = set(MODELS[FINETUNE].files) - {MODELS[FINETUNE].t3}
    write_empty(tmp_path, *rest, *names)
    assert find_checkpoint(tmp_path, FINETUNE).path("T3").name == taken


@pytest.mark.parametrize("other", ["multilingual", "multilingual:hi", "english"])
def test_the_t3_of_another_model_is_not_taken(other: ChatterboxModel, tmp_path: Path) -> None:
    rest = set(MODELS[FINETUNE].files) - {MODELS[FINETUNE].t3}
    write_empty(tmp_path, *rest, MODELS[other].t3)
    with pytest.raises(EngineDeadError, match=r"no t3_pt_br\.safetensors or t3\*\.safetensors"):
        find_checkpoint(tmp_path, FINETUNE)


def test_files_that_are_not_unique_are_named(tmp_path: Path) -> None:
    rest = set(MODELS[FINETUNE].files) - {MODELS[FINETUNE].t3}
    write_empty(tmp_path, *rest, "t3_a.safetensors", "t3_b.safetensors")
    told = r"t3_a\.safetensors and t3_b\.safetensors all fit t3\*.* Move the others elsewhere"
    with pytest.raises(EngineDeadError, match=told):
        find_checkpoint(tmp_path, FINETUNE)


def test_another_finetune_that_is_not_clear_is_not_offered(tmp_path: Path) -> None:
    write_empty(tmp_path, *MODELS[FINETUNE].files, "s3gen_a.safetensors", "s3gen_b.safetensors")
    (tmp_path / "s3gen_v3.safetensors").unlink()
    with pytest.raises(EngineDeadError, match=r"no ve\.safetensors, t3_nano.* download them\.$"):
        find_checkpoint(tmp_path, "nano")


def test_a_finetune_loads_under_the_names_that_its_directory_has(
    checkpoint: Checkpoints, tmp_path: Path
) -> None:
    linked(checkpoint(FINETUNE), tmp_path)
    for old, new in (
        ("t3_pt_br.safetensors", "t3_brazil.safetensors"),
        ("s3gen_v3.safetensors", "s3gen_v9.safetensors"),
        ("grapheme_mtl_merged_expanded_v1.json", "grapheme_v2.json"),
    ):
        (tmp_path / old).rename(tmp_path / new)
    model = load_model(spec(FINETUNE, tmp_path), "cpu")
    assert type(model).__name__ == "ChatterboxMultilingualTTS"
    assert not model.t3.hp.is_multilingual  # nobody guards it


@pytest.mark.parametrize(
    ("model", "wrong", "told"),
    [
        # A text embedding of 704 tokens instead of 2454.
        (FINETUNE, "english", r"t3_pt_br.* does not fit .* is 704 x 1024 and not 2454 x 1024"),
        ("nano", "turbo", r"t3_nano_v1.* does not fit the nano model: .* 1024 .* and \d+ more"),
        ("turbo", "english", r"t3_turbo_v1.* does not fit the turbo model: .*Get the file anew"),
    ],
)
def test_a_file_that_does_not_fit_is_named(
    model: ChatterboxModel,
    wrong: ChatterboxModel,
    told: str,
    checkpoint: Checkpoints,
    tmp_path: Path,
) -> None:
    other = checkpoint(wrong) / MODELS[wrong].t3
    linked(checkpoint(model), tmp_path)
    (tmp_path / MODELS[model].t3).unlink()
    shutil.copy(other, tmp_path / MODELS[model].t3)
    with pytest.raises(EngineDeadError, match=told):
        load_model(spec(model, tmp_path), "cpu")


def test_weights_that_are_missing_are_named_where_upstream_is_lenient_too(
    checkpoint: Checkpoints, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    linked(checkpoint("english"), tmp_path)
    tensors = load_file(tmp_path / "s3gen.safetensors")
    (tmp_path / "s3gen.safetensors").unlink()
    gone = "flow.input_embedding.weight"
    save_file({k: v for k, v in tensors.items() if k != gone}, tmp_path / "s3gen.safetensors")
    with pytest.raises(
        EngineDeadError, match=rf"s3gen\.safetensors does not .*: there is no {gone}\."
    ):
        load_model(spec("english", tmp_path), "cpu")


def test_what_is_not_clear_of_another_model_is_no_fault(tmp_path: Path) -> None:
    rest = set(MODELS[FINETUNE].files) - {"s3gen_v3.safetensors"}
    write_empty(tmp_path, *rest, "s3gen_a.safetensors", "s3gen_b.safetensors")
    with pytest.raises(EngineDeadError, match=r"english model: it has no"):
        find_checkpoint(tmp_path, "english")


@pytest.mark.parametrize("model", ["turbo", "nano"])
def test_the_tokenizer_of_another_model_in_the_directory_is_not_taken(
    model: ChatterboxModel, checkpoint: Checkpoints, tmp_path: Path
) -> None:
    linked(checkpoint(model), tmp_path)
    whole = json.loads((tmp_path / "tokenizer.json").read_text())
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).unlink()
    (tmp_path / "vocab.json").write_text(json.dumps(whole["model"]["vocab"]))
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "GPT2Tokenizer"}')
    shutil.copy(checkpoint("english") / "tokenizer.json", tmp_path / "tokenizer.json")
    spoken = [
        load_model(spec(model, directory), "cpu").tokenizer("Hello there.").input_ids
        for directory in (tmp_path, checkpoint(model))
    ]
    assert spoken[0] == spoken[1]
