"""`mynah say --explain`: what would be said, without an engine, a voice or a data directory."""

from __future__ import annotations

import sys

import pytest

from tests.cli.conftest import Mynah

TEXT = (
    "See https://en.wikipedia.org/wiki/Bird, <@175928847299117063>. Dr. Bird waits for you there."
)


def test_every_piece_has_a_line(mynah: Mynah) -> None:
    result = mynah("say", "--explain", TEXT, "--engine", "chatterbox")
    assert result.code == 0
    assert result.out.splitlines() == [
        "See link to wikipedia.org, someone.",
        "Dr. Bird waits for you there.",
    ]


def test_the_engine_decides_what_needs_words(mynah: Mynah) -> None:
    assert "Dr Bird" in mynah("say", "--explain", TEXT, "--engine", "piper").out


def test_the_language_decides_the_words(mynah: Mynah) -> None:
    german = ("say", "--explain", "Hallo <@175928847299117063>", "--language", "de")
    assert mynah(*german, "--model", "multilingual").out == "Hallo jemand\n"
    assert mynah(*german, "--model", "nano").out == "Hallo someone\n"
    assert mynah(*german, "--engine", "piper").out == "Hallo someone\n"


def test_it_loads_no_engine_and_makes_no_data_directory(
    mynah: Mynah, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "piper", None)
    assert mynah("say", "--explain", "Hello there").out == "Hello there\n"
    assert not mynah.data.exists()


def test_nothing_to_say_is_wrong_use(mynah: Mynah) -> None:
    result = mynah("say", "--explain", "...")
    assert (result.code, result.out) == (2, "")
    assert "nothing to say" in result.err


def test_an_engine_without_explain_is_wrong_use(mynah: Mynah) -> None:
    result = mynah("say", "Hello", "--voice", "Anna", "--engine", "piper")
    assert result.code == 2
    assert "--explain" in result.err


def test_the_model_decides_what_is_a_sound(mynah: Mynah) -> None:
    text = 'Say "yes" [Laughs]'
    assert mynah("say", "--explain", text, "--model", "nano").out == "Say yes [laugh]\n"
    english = mynah("say", "--explain", text, "--engine", "chatterbox", "--model", "english")
    assert english.out == "Say yes Laughs\n"


def test_the_configured_model_is_the_one_explained_for(
    mynah: Mynah, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYNAH_ENGINE__MODEL", "turbo")
    assert mynah("say", "--explain", "[sigh] No.", "--engine", "chatterbox").out == "[sigh] No.\n"


def test_where_auto_takes_no_model_that_is_said(
    mynah: Mynah, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.speech.engines.select._is_installed", lambda kind: kind == "piper")
    result = mynah("say", "--explain", "[laugh] Hi", "--engine", "chatterbox")
    assert result.out == "laugh Hi\n"
    assert "auto takes none here" in result.err
    assert "--model" in result.err


def test_a_model_that_was_named_needs_no_word(mynah: Mynah) -> None:
    assert mynah("say", "--explain", "Hi", "--model", "english").err == ""


def test_a_model_is_one_of_chatterboxs(mynah: Mynah) -> None:
    piper = mynah("say", "--explain", "Hello", "--engine", "piper", "--model", "nano")
    assert (piper.code, "--engine is piper" in piper.err) == (2, True)
    alone = mynah("say", "Hello", "--voice", "Anna", "--model", "nano")
    assert (alone.code, "--model goes with --explain" in alone.err) == (2, True)
    unknown = mynah("say", "--explain", "Hello", "--model", "nanno")
    assert (unknown.code, "'nano'" in unknown.err) == (2, True)
