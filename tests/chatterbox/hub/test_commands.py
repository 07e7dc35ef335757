"""`mynah models` with the real program's worker and a hub on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.speech.models import MODELS
from tests.chatterbox.fake_hub import FakeHub
from tests.chatterbox.hub.conftest import Serve, Told


def test_a_model_is_fetched_listed_checked_and_removed(
    mynah: Callable[..., Told], folder: Path
) -> None:
    code, out, err = mynah("fetch", "english")
    assert code == 0, err
    assert out.startswith("english is complete: 12.0 kB in ")
    assert f"ResembleAI/chatterbox at {MODELS['english'].revision}" in out
    assert "Downloading the english model: " in err
    listed = mynah("list")[1].splitlines()
    assert listed[1].split()[0] == "english"
    assert listed[1].endswith("fetched")
    assert mynah("verify")[:2] == (0, "ok     english: 4 files as published\n")
    code, out, err = mynah("remove", "english", "--force")
    assert (code, out) == (0, "english is removed; 12.0 kB are free again.\n")
    assert not folder.exists()


def test_what_is_damaged_is_named_and_mended(mynah: Callable[..., Told], folder: Path) -> None:
    mynah("fetch", "english")
    path = next(folder.glob("snapshots/*/t3_cfg.safetensors"))
    path.resolve().write_bytes(b"damaged")
    code, out, _ = mynah("verify", "english")
    assert code == 1
    assert f"FAILED english: {path} is damaged\n" in out
    assert "mynah models fetch english fetches it again" in out
    code, out, _ = mynah("fetch", "english")
    assert "t3_cfg.safetensors: damaged, and fetched again." in out
    assert mynah("verify", "english")[0] == 0


def test_the_same_is_told_in_json(mynah: Callable[..., Told], also: Serve) -> None:
    def told(*arguments: str) -> Any:
        code, out, err = mynah(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)

    also("multilingual")
    also("multilingual-v2")
    assert told("fetch", "multilingual")["model"]["fetched"] is True
    assert told("fetch", "multilingual-v2")["damaged"] == []
    files = told("verify", "multilingual")["files"]
    assert {file["name"]: file["state"] for file in files} == dict.fromkeys(
        (*MODELS["multilingual"].files, "Cangjie5_TC.json"), "ok"
    )
    assert set(files[0]) == {"model", "name", "path", "size", "state"}
    removed = told("remove", "multilingual-v2", "--force")
    assert (removed["removed"], removed["files"]) == (True, [MODELS["multilingual-v2"].t3])
    assert removed["kept"]["s3gen.pt"] == ["multilingual"]
    assert removed["freed_bytes"] > 0


def test_an_answer_is_asked_for(
    mynah: Callable[..., Told], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io
    import sys

    mynah("fetch", "english")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"n\n")))
    code, out, err = mynah("remove", "english")
    assert (code, out) == (0, "Nothing was removed.\n")
    assert "Remove the english model and free 12.0 kB?" in err
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    code, _, err = mynah("remove", "english")
    assert code == 2
    assert "Add --force to remove unasked" in err
    assert next(folder.glob("snapshots/*/t3_cfg.safetensors")).is_file()


def test_nothing_to_check_or_remove_is_told(mynah: Callable[..., Told]) -> None:
    assert mynah("verify")[0] == 0
    code, _, err = mynah("verify", "nano")
    assert (code, "mynah models fetch nano" in err) == (2, True)
    code, _, err = mynah("remove", "nano")
    assert (code, "nothing to remove of the nano model" in err) == (2, True)


def test_a_failed_download_is_an_error_with_what_to_do(
    mynah: Callable[..., Told], hub: FakeHub
) -> None:
    hub.broken = 500
    code, out, err = mynah("fetch", "english")
    assert (code, out) == (1, "")
    assert "error: The english model could not be downloaded" in err


def test_files_that_are_not_clear_are_named_in_the_row_and_hinder_no_other(
    mynah: Callable[..., Told], also: Serve, folder: Path
) -> None:
    also("multilingual:pt-br")
    mynah("fetch", "multilingual:pt-br")
    [t3] = folder.parent.glob("*/snapshots/*/t3_pt_br.safetensors")
    for name in ("t3_a.safetensors", "t3_b.safetensors"):
        (t3.parent / name).write_bytes(b"T3")
    t3.unlink()
    code, out, err = mynah()
    assert code == 0, err
    [row] = [line for line in out.splitlines() if line.startswith("multilingual:pt-br")]
    assert "not complete: t3_a.safetensors and t3_b.safetensors all fit" in row
    assert mynah("fetch", "english")[0] == 0
    assert mynah("verify", "english")[0] == 0
    assert mynah("remove", "english", "--force")[0] == 0
    code, out, err = mynah("remove", "multilingual:pt-br", "--force")
    assert code == 0, err
    assert f"{t3.parent / 't3_a.safetensors'} and " in out
    assert "Remove by hand what nobody needs." in out
