"""`mynah say`: text in, a file out, in the pitch of the voice."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import librosa
import numpy as np
import pytest
import soundfile

from bot.cli import say_report
from bot.cli.say_report import Spoken
from bot.enrolment.pitch import median_pitch
from bot.enrolment.types import FRAME_SAMPLES
from bot.settings.service import SettingsService
from bot.speech.delivery import Delivery
from bot.speech.types import EngineInfo, Speech, VoiceSettings
from bot.speech.voice_settings import takes_notes
from storage.errors import StorageError
from storage.setting_values import SettingValues
from storage.voices import VoiceStore
from tests.cli.conftest import Done, Mynah, done
from tests.samples import RATE, encode, speech_samples

TEXT = "The weather is lovely today. We could walk along the river, and come home for dinner."
SHORT = "The weather is lovely today."


def pitch_of(path: Path) -> float:
    """Median of the voiced frames in Hz."""
    samples, _ = librosa.load(path, sr=RATE)
    pitch = median_pitch(samples, np.ones(len(samples) // FRAME_SAMPLES + 1, dtype=bool))
    assert pitch is not None
    return pitch


@pytest.fixture(scope="module")
def spoken(enrolled_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """A text of two sentences, spoken once for all tests; nothing names the file."""
    data = shutil.copytree(enrolled_data, tmp_path_factory.mktemp("spoken") / "data")
    return done(Path(data), "say", TEXT, "--voice", "anna")


def assert_speech(path: Path, shortest: float) -> None:
    samples, rate = soundfile.read(path)
    assert shortest < len(samples) / rate < 4 * shortest
    assert np.abs(samples).max() > 0.1


def test_file_holds_the_speech(spoken: Done) -> None:
    assert_speech(spoken.folder / "speech.wav", shortest=3)


def test_a_use_that_cannot_be_counted_fails_nothing(
    enrolled: Mynah, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_store: VoiceStore, _voice_id: int) -> None:
        raise StorageError("The disk is full.")

    monkeypatch.setattr(VoiceStore, "mark_used", refuse)
    outcome = enrolled("say", SHORT, "--voice", "Anna", "-o", "out.ogg")
    assert outcome.code == 0, outcome.err
    assert_speech(Path("out.ogg"), shortest=1)


def test_what_the_operator_had_spoken_is_known_by_its_packets(enrolled: Mynah) -> None:
    enrolled("say", SHORT, "--voice", "Anna", "-o", "said.ogg", "--force")
    provenance = enrolled("provenance", "said.ogg")
    assert provenance.code == 0
    assert provenance.out.startswith("Made here: exactly this was spoken.\n")
    newest = enrolled("audit", "--guild", "0", "--limit", "1").out
    assert "the operator had a file made of “Anna”" in newest
    assert SHORT not in newest


def test_report_says_engine_length_and_speed(spoken: Done) -> None:
    for part in ("piper", "audio", "first sentence", "real-time factor", "speech.wav", "preview"):
        assert part in spoken.out


def test_report_says_where_the_time_went(spoken: Done) -> None:
    (line,) = [line for line in spoken.out.splitlines() if line.startswith("time ")]
    stages = re.findall(r"(\w+) \d+\.\d\d s", line)
    assert stages[0] == "synthesis"
    assert stages[-1] == "encode"


def test_report_counts_what_was_spoken_again() -> None:
    once, thrice = Speech((), 1.0), Speech((), 1.0, retries=2)
    assert say_report._sentences([once, once]) == "2"
    assert say_report._sentences([thrice, once, thrice]) == "3, 2 of them spoken again"


@pytest.mark.parametrize(
    ("engine", "told"),
    [
        ({"slots": 4}, "3 takes of a sentence need 3 of the engine's 4 places"),
        ({"slots": 1}, "The engine has no place for 3 takes: one is made."),
        ({"slots": 1, "decode": "stock"}, "The engine makes one take, not 3: its operator"),
    ],
)
def test_report_says_what_takes_cost_once(
    engine: dict[str, Any], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    info = EngineInfo("chatterbox", "english", "cpu", True, "it is installed", 0.1, **engine)
    settings = VoiceSettings(takes=3)
    voice: Any = SimpleNamespace(name="Anna")
    said_by_the_engine = takes_notes(settings, info) if info.slots == 1 else ()
    spoken = Spoken(voice, info, settings, Delivery(), [Speech((), 1.0, notes=said_by_the_engine)])
    say_report.print_report(spoken, Path("speech.wav"), err=False)
    assert capsys.readouterr().out.count(told) == 1


def test_setting_that_the_engine_ignores_is_told_once(enrolled: Mynah) -> None:
    enrolled("voices", "tune", "Anna", "--exaggeration", "1.5")
    outcome = enrolled("say", SHORT, "--voice", "Anna", "--temperature", "0.6")
    assert outcome.out.count("The preview model ignores exaggeration and temperature.") == 1


def test_the_text_is_faster_than_its_voice_and_both_make_it_louder(enrolled: Mynah) -> None:
    enrolled("voices", "tune", "Anna", "--speed", "0.5", "--volume", "-3", "--seed", "1")
    said = ("say", SHORT, "--voice", "Anna", "--json", "-o")
    slow = json.loads(enrolled(*said, "slow.wav").out)
    assert slow["delivery"] == {"speed": 0.5, "volume_db": -3.0, "loudness_lufs": -20.0}
    fast = json.loads(enrolled(*said, "fast.wav", "--speed", "2", "--volume", "4").out)
    assert fast["delivery"] == {"speed": 2.0, "volume_db": 1.0, "loudness_lufs": -20.0}
    assert slow["seconds"] == pytest.approx(fast["seconds"] * 4, rel=0.02)


def test_a_guilds_level_is_heard(enrolled: Mynah) -> None:
    async def choose() -> None:
        async with VoiceStore.open(enrolled.data) as store:
            settings = SettingsService(SettingValues.beside(store))
            await settings.change_guild(7, "loudness_lufs", -25.0, changed_by=None)

    asyncio.run(choose())
    said = enrolled("say", SHORT, "--voice", "Anna", "--guild", "7", "--json")
    assert json.loads(said.out)["delivery"]["loudness_lufs"] == -25


def test_use_is_counted(mynah: Mynah, spoken: Done) -> None:
    shutil.copytree(spoken.data, mynah.data)
    assert "(1 use)" in mynah("voices", "show", "Anna").out


def test_voices_of_different_pitch_speak_at_their_own(enrolled: Mynah, spoken: Done) -> None:
    high = encode(speech_samples(5, pitch_ratio=2.0), RATE, "flac", "flac")
    Path("high.flac").write_bytes(high)
    assert enrolled("enroll", "high.flac", "--name", "High").code == 0
    assert enrolled("say", SHORT, "--voice", "High", "--seed", "1").code == 0
    for name in ("Anna", "High"):
        assert enrolled("voices", "export", name).code == 0
    low, high_pitch = pitch_of(spoken.folder / "speech.wav"), pitch_of(Path("speech.wav"))
    assert low == pytest.approx(pitch_of(Path("Anna.wav")), rel=0.15)
    assert high_pitch == pytest.approx(pitch_of(Path("High.wav")), rel=0.15)
    assert high_pitch > 1.5 * low


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("...", "--voice", "Anna"), "nothing to say"),
        ((TEXT, "--voice", "Ann"), "Did you mean “Anna”"),
        ((TEXT, "--voice", "Anna", "-o", "out.m4a"), ".wav"),
        (("word " * 1000, "--voice", "Anna"), "the limit is 3,000"),
        ((TEXT,), "--voice"),
        ((TEXT, "--voice", "Anna", "--cfg-weight", "1.5"), "between 0 and 1; 1.5 is not"),
    ],
    ids=[
        "punctuation",
        "unknown voice",
        "unknown format",
        "too long",
        "no voice",
        "setting out of range",
    ],
)
def test_bad_request_is_refused(enrolled: Mynah, arguments: tuple[str, ...], reason: str) -> None:
    outcome = enrolled("say", *arguments)
    assert outcome.code == 2
    assert reason in outcome.err
    assert not list(Path().glob("*.wav"))


def test_damaged_clip_is_reported(enrolled: Mynah) -> None:
    [clip] = enrolled.clips()
    clip.write_bytes(clip.read_bytes()[:-1000])
    outcome = enrolled("say", TEXT, "--voice", "Anna")
    assert outcome.code == 1
    assert clip.name in outcome.err


def test_missing_folder_is_told_before_the_engine_loads(enrolled: Mynah) -> None:
    outcome = enrolled("say", TEXT, "--voice", "Anna", "-o", "nowhere/out.wav")
    assert outcome.code == 2
    assert "There is no folder nowhere" in outcome.err
    assert "Loading" not in outcome.err


def test_engine_that_cannot_load_is_told_once(
    enrolled: Mynah, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYNAH_ENGINE__KIND", "chatterbox")
    outcome = enrolled("say", TEXT, "--voice", "Anna")
    assert outcome.code == 1
    assert len(outcome.err.splitlines()) == 2  # "Loading ..." and the error
    assert "nstall" in outcome.err
