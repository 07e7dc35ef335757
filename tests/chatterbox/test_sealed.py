"""Voices whose recordings are sealed or damaged: they speak, or fail alone with a plain reason."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from bot.errors import EngineError
from bot.speech.engines.chatterbox.engine import ChatterboxEngine
from bot.speech.types import Speech, SynthesisRequest, VoiceReference, VoiceSettings
from storage.clips import clip_path, load_clip, write_clip
from storage.key_file import new_key, write_keys
from storage.sealing import KeyRing

pytestmark = pytest.mark.parametrize("engine", ["english"], indirect=True)

Voices = tuple[VoiceReference, ...]


def asked(voice: VoiceReference) -> SynthesisRequest:
    return SynthesisRequest("The rain had stopped.", voice, settings=VoiceSettings(seed=7))


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "mynah.key"
    write_keys(path, [new_key()])
    return path


def sealed(voice: VoiceReference, folder: Path, key_file: Path) -> VoiceReference:
    path = clip_path(folder, voice.clip_sha256)
    clip = load_clip(voice.clip_path, voice.clip_sha256)
    write_clip(path, clip, KeyRing.from_file(key_file))
    return dataclasses.replace(voice, clip_path=path)


def test_a_sealed_voice_speaks_as_a_plain_one_also_after_a_rotation(
    engine: ChatterboxEngine,
    voices: Voices,
    tmp_path: Path,
    key_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keys = KeyRing.from_file(key_file)
    monkeypatch.setattr(engine.voices, "_spec", dataclasses.replace(engine.voices._spec, keys=keys))
    spoken = []
    for rotated in (False, True):
        if rotated:
            write_keys(key_file, [new_key()])  # sealed anew by a key that the engine has not seen
        engine.voices.clear()
        spoken += engine.synthesize([asked(sealed(voices[0], tmp_path, key_file))])
    engine.voices.clear()
    spoken += engine.synthesize([asked(voices[0])])
    packets = {speech.packets for speech in spoken if isinstance(speech, Speech)}
    assert len(spoken) == 3
    assert len(packets) == 1


def test_a_voice_without_its_key_fails_alone(
    engine: ChatterboxEngine, voices: Voices, tmp_path: Path, key_file: Path
) -> None:
    engine.voices.clear()
    locked = sealed(voices[1], tmp_path, key_file)
    results = engine.synthesize([asked(locked), asked(voices[0])])
    assert [type(result) for result in results] == [EngineError, Speech]
    assert "sealed by a key that is missing" in str(results[0])


def test_a_voice_that_cannot_be_read_fails_alone_and_tells_no_path(
    engine: ChatterboxEngine, voices: Voices, tmp_path: Path
) -> None:
    engine.voices.clear()
    path = clip_path(tmp_path, voices[1].clip_sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"damaged")
    damaged = dataclasses.replace(voices[1], clip_path=path)
    results = engine.synthesize([asked(damaged), asked(voices[0])])
    assert [type(result) for result in results] == [EngineError, Speech]
    assert str(path) not in str(results[0])
