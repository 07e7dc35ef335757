"""What verifying finds of models that are there in part."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from bot.errors import EngineDeadError
from bot.speech.engines.chatterbox.hub.inventory import verify
from bot.speech.models import MODELS
from tests.chatterbox.fake_hub import FakeHub
from tests.chatterbox.hub.conftest import Serve, Told, fetch

ENGLISH = MODELS["english"]


@pytest.mark.parametrize("name", ENGLISH.files)
@pytest.mark.parametrize("only_its_content", [False, True])
@pytest.mark.usefixtures("hub")
def test_what_is_missing_is_named(name: str, only_its_content: bool) -> None:
    path = fetch() / name
    path.resolve().unlink()
    if not only_its_content:
        path.unlink()
    states = {file.name: (file.state, file.path) for file in verify(ENGLISH)}
    assert states.pop(name) == ("missing", str(path))
    assert {state for state, _ in states.values()} == {"ok"}


def test_of_a_download_that_broke_off_the_rest_is_missing(hub: FakeHub) -> None:
    hub.lost = {"s3gen.safetensors"}
    with pytest.raises(EngineDeadError):
        fetch()
    missing = {file.name for file in verify(ENGLISH) if file.state == "missing"}
    assert missing == {"s3gen.safetensors", ENGLISH.t3}


def test_a_repository_of_which_there_is_nothing_is_missing(also: Serve) -> None:
    also("multilingual:pt-br")
    model = MODELS["multilingual:pt-br"]
    fetch(model=model.name)
    base = fetch(model=model.name).parents[2] / "models--ResembleAI--chatterbox"
    base.rename(base.with_name("elsewhere"))
    assert [f.name for f in verify(model) if f.state == "missing"] == ["ve.pt or ve.safetensors"]


def test_files_that_could_be_the_same_part_are_each_told(also: Serve) -> None:
    also("multilingual:pt-br")
    model = MODELS["multilingual:pt-br"]
    directory = fetch(model=model.name)
    for name in ("t3_a.safetensors", "t3_b.safetensors"):
        (directory / name).write_bytes(b"T3")
    (directory / model.t3).unlink()
    unclear = {file.name: file.path for file in verify(model) if file.state == "unclear"}
    assert unclear == {
        name: str(directory / name) for name in ("t3_a.safetensors", "t3_b.safetensors")
    }


def test_the_command_fails_and_says_what_is_missing(mynah: Callable[..., Told]) -> None:
    path = fetch() / ENGLISH.t3
    path.unlink()
    for arguments in (["english"], []):
        code, out, _ = mynah("verify", *arguments)
        assert code == 1
        assert "ok " not in out
        assert f"FAILED english: {ENGLISH.t3} is missing in {path.parent}\n" in out
        assert "mynah models fetch english fetches it." in out
        code, out, _ = mynah("verify", *arguments, "--json")
        told = json.loads(out)
        assert (code, told["ok"]) == (1, False)
        assert [f["name"] for f in told["files"] if f["state"] == "missing"] == [ENGLISH.t3]


def test_what_a_complete_model_has_is_not_the_beginning_of_another(
    mynah: Callable[..., Told], also: Serve
) -> None:
    also("multilingual-v2")
    fetch(model="multilingual-v2")
    assert mynah("verify")[:2] == (0, "ok     multilingual-v2: 5 files as published\n")
    code, out, _ = mynah("verify", "multilingual")
    assert (code, "t3_mtl23ls_v3.safetensors is missing" in out) == (1, True)


def test_nothing_there_is_the_same_failure_in_json(mynah: Callable[..., Told]) -> None:
    code, out, _ = mynah("verify", "nano", "--json")
    error = json.loads(out)["error"]
    assert (code, error["exit_code"]) == (2, 2)
    assert "There is nothing of the nano model. mynah models fetch nano" in error["message"]
    code, out, _ = mynah("verify", "--json")
    assert (code, json.loads(out)) == (0, {"ok": True, "files": []})
