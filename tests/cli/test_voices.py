"""`mynah voices`: list, show, tune, rename, delete, export."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import soundfile

from bot.speech.choice import Choice
from bot.speech.model_keeper import ModelKeeper
from bot.speech.stored_models import Survey
from tests.cli.conftest import Mynah, Outcome, add_voice
from tests.samples import RATE, encode, speech_samples

CHOSEN = Choice("chatterbox", "nano", "cpu", "there is no GPU")


def test_list_shows_every_server(enrolled: Mynah) -> None:
    add_voice(enrolled.data, "Bert", 7)
    lines = enrolled("voices").out.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [["operator", "Anna"], ["7", "Bert"]]
    assert "Anna" not in enrolled("voices", "--guild", "7").out


def test_empty_list_says_how_to_begin(mynah: Mynah) -> None:
    assert "mynah enroll" in mynah("voices").out


def test_show_tells_what_is_stored(enrolled: Mynah) -> None:
    out = enrolled("voices", "show", "ANNA").out
    for part in (
        "Anna",
        "operator",
        str(enrolled.clips()[0]),
        "Hz",
        "en",
        "good",
        "LUFS",
        "dB",
        "SHA-256",
    ):
        assert part in out


def test_rename_and_find_under_the_new_name(enrolled: Mynah) -> None:
    assert enrolled("voices", "rename", "anna", "Änne").code == 0
    assert enrolled("voices", "show", "änne").code == 0
    assert enrolled("voices", "show", "Anna").code == 2


def test_delete_removes_row_and_recording(enrolled: Mynah) -> None:
    assert enrolled("voices", "delete", "Anna", "--yes").code == 0
    assert enrolled.clips() == []
    assert "No voices yet" in enrolled("voices").out


@pytest.mark.parametrize(
    "change", [("rename", "Anna", "Bert"), ("delete", "Anna", "--yes"), ("tune", "Anna", "--reset")]
)
def test_change_in_a_server_spares_the_operators_voice(
    enrolled: Mynah, change: tuple[str, ...]
) -> None:
    outcome = enrolled("voices", *change, "--guild", "7")
    assert outcome.code == 2
    assert "operator's voice" in outcome.err
    assert enrolled("voices", "show", "Anna").code == 0


def test_export_writes_the_clip_as_wav(enrolled: Mynah) -> None:
    assert enrolled("voices", "export", "Anna").code == 0
    information = soundfile.info("Anna.wav")
    assert (information.samplerate, information.channels) == (24_000, 1)
    assert information.subtype == "FLOAT"
    assert information.duration == pytest.approx(12, abs=1)


def test_export_to_nowhere_is_refused(enrolled: Mynah) -> None:
    outcome = enrolled("voices", "export", "Anna", "-o", "nowhere/anna.wav")
    assert (outcome.code, "error: " in outcome.err) == (2, True)


def tuned(outcome: Outcome) -> dict[str, str]:
    """What is shown by setting."""
    assert outcome.code == 0, outcome.err
    told = {}
    for line in outcome.out.splitlines():
        if line.endswith("."):  # a note
            continue
        label, value = re.split(r" {2,}", line, maxsplit=1)
        told[label] = value.split()[0]
    return told


LIVELY, CLOSE = "how lively the voice is", "how closely it keeps to the text"
SEED = "the same number reads a text the same way each time"
FAST, LOUD = "how fast it speaks, at the same pitch", "louder or softer than others, in decibels"
DEFAULTS = {
    LIVELY: "0.5",
    CLOSE: "0.5",
    "how much two readings differ": "0.8",
    SEED: "drawn",
    "readings of a sentence, of which the best is spoken": "1",
    FAST: "the",
    LOUD: "the",
    "language": "en",
}


def test_tune_shows_the_defaults_and_ranges(enrolled: Mynah) -> None:
    outcome = enrolled("voices", "tune", "Anna")
    assert tuned(outcome) == DEFAULTS
    assert outcome.out.count("(default)") == 7
    assert "0.25 to 2, --exaggeration" in outcome.out


@pytest.mark.parametrize(
    ("model", "note"),
    [
        ("multilingual", "Exaggeration changes little in the multilingual model."),
        ("nano", "The nano model ignores exaggeration."),
        ("english", ""),
    ],
)
def test_tune_says_what_the_model_makes_little_of(
    model: str, note: str, enrolled: Mynah, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if it were installed: nothing is loaded here.
    monkeypatch.setattr("bot.app.installed_engine", lambda settings: "chatterbox")
    monkeypatch.setenv("MYNAH_ENGINE__MODEL", model)
    lines = enrolled("voices", "tune", "Anna", "--exaggeration", "1.5").out.splitlines()
    notes = [line for line in lines if line.endswith(".")]
    assert notes == ([note] if note else [])


@pytest.mark.parametrize(
    ("decode", "cost"),
    [
        ("own", "3 takes of a sentence need 3 of the engine's places."),
        (
            "stock",
            'The engine makes one take, not 3: its operator has set [engine] decode = "stock".',
        ),
    ],
)
@pytest.mark.parametrize("model", ["auto", "english"])
def test_tune_says_what_takes_cost(
    model: str, decode: str, cost: str, enrolled: Mynah, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.app.installed_engine", lambda settings: "chatterbox")
    monkeypatch.setenv("MYNAH_ENGINE__MODEL", model)
    monkeypatch.setenv("MYNAH_ENGINE__DECODE", decode)
    lines = enrolled("voices", "tune", "Anna", "--takes", "3").out.splitlines()
    assert [line for line in lines if line.endswith(".")] == [cost]


@pytest.mark.parametrize("choice", [CHOSEN, None], ids=["chosen", "not to be told"])
def test_tune_looks_up_which_model_auto_takes(
    choice: Choice | None, enrolled: Mynah, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def survey(keeper: ModelKeeper) -> Survey:
        return Survey((), choice, "")

    monkeypatch.setattr("bot.app.installed_engine", lambda settings: "chatterbox")
    monkeypatch.setattr(ModelKeeper, "survey", survey)
    lines = enrolled("voices", "tune", "Anna", "--exaggeration", "1.5").out.splitlines()
    notes = [line for line in lines if line.endswith(".")]
    assert notes == (["The nano model ignores exaggeration."] if choice else [])


def test_tune_says_what_a_preview_ignores(enrolled: Mynah) -> None:
    out = enrolled("voices", "tune", "Anna", "--takes", "2", "--seed", "3").out
    assert out.splitlines()[-1] == "The preview model ignores takes."


def test_tune_keeps_what_is_not_named_until_reset(enrolled: Mynah) -> None:
    enrolled("voices", "tune", "Anna", "--exaggeration", "1.5")
    both = enrolled("voices", "tune", "Anna", "--cfg-weight", "0", "--language", "de")
    german = {**DEFAULTS, "language": "de"}
    assert tuned(both) == {**german, LIVELY: "1.5", CLOSE: "0"}
    enrolled("voices", "tune", "Anna", "--speed", "1.5", "--volume", "-3")
    shown = enrolled("voices", "show", "Anna").out
    assert f"{FAST}: 1.5 (speed); {LOUD}: -3 dB (volume_db)" in shown
    assert f"{LIVELY}: 1.5 (exaggeration); {CLOSE}: 0 (cfg_weight)" in shown
    reset = enrolled("voices", "tune", "Anna", "--reset", "--seed", "12345678")
    assert tuned(reset) == {**german, SEED: "12345678"}
    assert tuned(enrolled("voices", "tune", "Anna", "--reset")) == german


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--exaggeration", "2.5", "is between 0.25 and 2; 2.5 is not"),
        ("--cfg-weight", "-0.1", "is between 0 and 1; -0.1 is not"),
        ("--temperature", "nan", "is between 0.05 and 2; nan is not"),
        ("--temperature", "warm", "not a valid float"),
        ("--speed", "2.1", "is between 0.5 and 2; 2.1 is not"),
        ("--volume", "7", "softer than others, in decibels) is between -12 and 6; 7"),
        ("--seed", "-1", "is between 0 and 9007199254740991; -1 is not"),
        ("--language", "xx", "is not one of"),
    ],
)
def test_setting_out_of_range_is_refused(
    enrolled: Mynah, option: str, value: str, message: str
) -> None:
    outcome = enrolled("voices", "tune", "Anna", option, value)
    assert outcome.code == 2
    assert message in outcome.err
    assert tuned(enrolled("voices", "tune", "Anna")) == DEFAULTS


def test_export_that_is_no_wav_is_refused(enrolled: Mynah) -> None:
    outcome = enrolled("voices", "export", "Anna", "-o", "anna.mp3")
    assert outcome.code == 2
    assert "does not end in .wav" in outcome.err
    assert not Path("anna.mp3").exists()


def test_quality_is_shown_as_at_enrolment(mynah: Mynah) -> None:
    Path("short.flac").write_bytes(encode(speech_samples(5), RATE, "flac", "flac"))
    told = mynah("enroll", "short.flac", "--name", "Anna").out.partition("stored as")[0]
    shown = mynah("voices", "show", "Anna").out
    report = {tuple(line.split()) for line in told.splitlines()}
    assert any(row[0] == "!" for row in report)
    assert report <= {tuple(line.split()) for line in shown.splitlines()}


def test_unknown_voice_says_where_to_look(enrolled: Mynah) -> None:
    outcome = enrolled("voices", "show", "zed")
    assert outcome.code == 2
    assert "There is no voice named “zed”. All voices: mynah voices" in outcome.err


def test_a_name_of_another_server_says_where(enrolled: Mynah) -> None:
    for guild in (7, 8):
        add_voice(enrolled.data, f"Bert {guild}", guild)
    for command in (("voices", "show"), ("say", "Hello.", "--voice"), ("voices", "export")):
        outcome = enrolled(*command, "bert 7")
        assert outcome.code == 2
        assert "Server 7 has one: add --guild 7." in outcome.err
    assert "add --guild 8." in enrolled("voices", "delete", "Bert 8", "--guild", "7", "--yes").err
    enrolled("voices", "rename", "Bert 8", "Bert 7", "--guild", "8")
    outcome = enrolled("voices", "show", "Bert 7")
    assert "The servers 7, 8 have one: add --guild ID." in outcome.err


def test_empty_list_names_the_server(enrolled: Mynah) -> None:
    out = enrolled("voices", "--guild", "5").out
    assert "Server 5 has no voices of its own." in out
    assert "--guild 5" in out


def test_damaged_voice_is_not_logged_beside_the_list(enrolled: Mynah) -> None:
    [clip] = enrolled.clips()
    clip.unlink()
    outcome = enrolled("voices")
    assert "DAMAGED" in outcome.out
    assert outcome.err == ""


def test_a_voice_is_paused_and_speaks_again(enrolled: Mynah) -> None:
    assert "is paused: nobody" in enrolled("voices", "pause", "Anna").out
    assert "is paused already" in enrolled("voices", "pause", "Anna").out
    assert re.search(r"paused +by an admin", enrolled("voices", "show", "Anna").out)
    assert "can speak again" in enrolled("voices", "resume", "Anna").out
    assert "is not paused" in enrolled("voices", "resume", "Anna").out


def test_the_operator_narrows_and_never_widens(enrolled: Mynah) -> None:
    add_voice(enrolled.data, "Bert", 7, owner_id=9)
    assert "everybody on its server" in enrolled("voices", "show", "Bert", "--guild", "7").out
    shared = enrolled("voices", "share", "Bert", "--guild", "7", "--with", "named")
    assert "members: none; roles: none" in shared.out
    narrowed = enrolled("voices", "share", "Bert", "--guild", "7", "--with", "owner")
    assert "is for its owner alone" in narrowed.out
    assert "its owner alone" in enrolled("voices", "show", "Bert", "--guild", "7").out
    refused = enrolled("voices", "share", "Bert", "--guild", "7", "--with", "named")
    assert refused.code == 2
    assert "Only its owner" in refused.err
    nobodys = enrolled("voices", "share", "Anna", "--with", "owner")
    assert "belongs to no member" in nobodys.err
