from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bot.speech.engines.chatterbox import ChatterboxEngine
from bot.speech.engines.chatterbox.threads import settle_waiting
from bot.speech.models import MODELS
from bot.speech.types import ChatterboxModel, EngineSpec, SelfCheck, VoiceReference
from storage.clips import clip_path, write_clip
from storage.types import CLIP_SAMPLE_RATE, ReferenceClip
from tests.chatterbox.reference import load_reference
from tests.speech.signals import voiced
from tools.random_checkpoint import make_checkpoint, shrink

if TYPE_CHECKING:
    from bot.speech.engines.chatterbox.t3.decoder import Prompt, T3Decoder

# Nothing here may reach for the model hub, and nothing may wait for it.
os.environ["HF_HUB_OFFLINE"] = "1"
# As the engine sets it, which comes too late where a test has loaded torch.
settle_waiting()


UNCHECKED = SelfCheck(enabled=False, retries=0, trim_tail=False, steady_short=False)


SPOKEN = ("english", "turbo", "nano", "multilingual", "multilingual-v2")
"""Models that differ in more than their files."""

only_english = pytest.mark.parametrize("engine", ["english"], indirect=True)
"""For what does not depend on the model."""


FIRST = ("engine", "stock_speech", "decode", "memory", "demo", "offline", "other_version")
"""Files of tests, longest first; the others follow."""


@pytest.hookimpl(trylast=True)  # after pytest has put together what shares an engine
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    files = [f"test_{name}" for name in FIRST]
    items.sort(key=lambda item: (*files, item.path.stem).index(item.path.stem))
    for item in items:
        # The packages warn of themselves; the first test also imports and compiles them.
        item.add_marker(pytest.mark.filterwarnings("ignore"))
        item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session")
def checkpoint(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Callable[[ChatterboxModel], Path]:
    """Where a tiny checkpoint of a model is; made once for all processes, and only read."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent

    def find(model: ChatterboxModel) -> Path:
        shrink(model)  # for whoever loads it now
        directory = shared / f"checkpoint {model}"
        with (shared / f"{directory.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not directory.exists():
                unfinished = tmp_path_factory.mktemp("unfinished")
                make_checkpoint(model, unfinished).rename(directory)
        return directory

    return find


@pytest.fixture(scope="session", params=SPOKEN)
def engine(
    request: pytest.FixtureRequest, checkpoint: Callable[[ChatterboxModel], Path]
) -> Iterator[ChatterboxEngine]:
    engine = ChatterboxEngine(
        spec(request.param, checkpoint(request.param)), "the test asks for it"
    )
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def stock(
    engine: ChatterboxEngine,
    checkpoint: Callable[[ChatterboxModel], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Any:
    """The same model with all of its own code, but for what it prints."""
    model = model_of(engine)
    return load_reference(model, checkpoint(model), tmp_path_factory.mktemp("stock"))


def model_of(engine: ChatterboxEngine) -> ChatterboxModel:
    model: ChatterboxModel = engine.info.model  # type: ignore[assignment]
    return model


def spec(model: ChatterboxModel, directory: Path, **changes: Any) -> EngineSpec:
    """An engine that speaks as stock does, without judging what random weights say."""
    plain = {
        "device": "cpu",
        "slots": 8,
        "precision": "fp32",
        "flow_precision": "fp32",
        "self_check": UNCHECKED,
    }
    return EngineSpec("chatterbox", model, directory, **{**plain, **changes})


@pytest.fixture(scope="session")
def voices(tmp_path_factory: pytest.TempPathFactory) -> tuple[VoiceReference, ...]:
    """Four stored voices of six seconds."""
    directory = tmp_path_factory.mktemp("clips")
    return tuple(store(directory, 6.0, pitch_hz) for pitch_hz in (95.0, 125.0, 170.0, 230.0))


def store(directory: Path, seconds: float, pitch_hz: float) -> VoiceReference:
    noise = np.random.default_rng(0).normal(0, 0.003, round(seconds * CLIP_SAMPLE_RATE))
    samples = voiced(seconds, pitch_hz, CLIP_SAMPLE_RATE) + noise.astype(np.float32)
    clip = ReferenceClip(samples)
    path = clip_path(directory, clip.sha256)
    write_clip(path, clip)
    return VoiceReference(path, clip.sha256, pitch_hz)


@pytest.fixture(scope="module")
def decoder(engine: ChatterboxEngine) -> T3Decoder:
    speaker: Any = engine._speaker
    decoder: T3Decoder = speaker._decoder
    return decoder


@pytest.fixture(scope="module")
def prompts(engine: ChatterboxEngine, voices: tuple[VoiceReference, ...]) -> list[Prompt]:
    """Eight texts of different lengths, voices, settings and seeds, some cut off earlier."""
    # Not above: torch must find the variables that are set there.
    from bot.speech.engines.chatterbox.t3.decoder import Prompt
    from tests.chatterbox.decoding import GPT2, LLAMA, TEXTS, text_tokens

    model = MODELS[model_of(engine)]
    settings = GPT2 if model.is_gpt else LLAMA
    # The multilingual guard hears that random weights never come to an end.
    most = 30 if model.guarded else 60
    ends = (most, 14, most, 19)
    return [
        Prompt(
            engine.voices.get(voices[index % len(voices)], {}).t3,
            text_tokens(engine, text),
            seed=100 + index,
            sampling=settings[index % len(settings)],
            max_tokens=ends[index % len(ends)],
        )
        for index, text in enumerate(TEXTS)
    ]
