from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.cli.main import run
from bot.speech.engines.chatterbox.hub.fetch import fetch_model
from bot.speech.load_progress import LoadProgress
from bot.speech.models import MODELS, Model
from bot.speech.types import ChatterboxModel
from tests.chatterbox.fake_hub import FakeHub

REPOSITORY = "ResembleAI/chatterbox"
SIZE = 3000


def serve(served: Path, model: Model) -> None:
    """Put the files of a model where a hub serves them, each under its repository."""
    for source in model.sources:
        folder = served / source.repository
        folder.mkdir(parents=True, exist_ok=True)
        for part in model.parts_of(source):
            for name in part.choices[0]:
                (folder / name).write_bytes(name.encode() * (SIZE // len(name)))


def point_to(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What HF_ENDPOINT does, which is read at import."""
    template = endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", endpoint)
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A hub with all files of the English model and one that nobody needs; an empty cache."""
    served = tmp_path / "served"
    serve(served, MODELS["english"])
    (served / REPOSITORY / "conds.pt").write_bytes(b"conds.pt" * 300)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    # What comes is written by so many bytes; 10 MB otherwise, which is more than these files have.
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 100)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with FakeHub(served).serving() as hub:
        point_to(hub.endpoint, monkeypatch)
        yield hub


@pytest.fixture
def files(hub: FakeHub) -> Path:
    """Where the hub has the files of ResembleAI/chatterbox."""
    return hub.directory / REPOSITORY


@pytest.fixture
def folder(hub: FakeHub, tmp_path: Path) -> Path:
    """Where the cache has them."""
    assert hub.endpoint
    return tmp_path / "cache" / "models--ResembleAI--chatterbox"


def fetch(told: list[LoadProgress] | None = None, model: ChatterboxModel = "english") -> Path:
    """The directory of a model's own files."""
    return fetch_model(MODELS[model], (told if told is not None else []).append)[0]


Serve = Callable[[ChatterboxModel], None]


@pytest.fixture
def also(hub: FakeHub) -> Serve:
    """Let the hub have another model, too."""
    return lambda name: serve(hub.directory, MODELS[name])


Told = tuple[int, str, str]


@pytest.fixture
def mynah(
    hub: FakeHub,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Callable[..., Told]:
    """Runs a command; returns its exit code and what it wrote."""
    told = {
        "MYNAH_STORAGE__DIRECTORY": str(tmp_path / "data"),
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_CACHE": str(folder.parent),
        "HF_ENDPOINT": hub.endpoint,
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)

    def call(*arguments: str) -> Told:
        code = run(["models", *arguments])
        return code, *capfd.readouterr()

    return call
