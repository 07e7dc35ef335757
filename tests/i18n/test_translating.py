"""Texts in other languages: where they stand, and where they come from another process."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle

import pytest

from bot.clip_need import ClipNeed
from bot.command_tree import explain, voice_request_text
from bot.enrolment.types import AudioFileError, Finding
from bot.errors import UserError
from bot.i18n import (
    LOCALES,
    Translatable,
    _,
    error_text,
    in_locale,
    joined,
    locale,
    ngettext,
    server_locale,
    supported,
    translated,
)
from bot.speech.types import VoiceSettings
from bot.speech.voice_settings import check_ranges, describe
from storage.errors import NameTakenError


def test_without_a_translation_a_text_stays_english() -> None:
    with in_locale("de"):
        assert _("Nobody has translated {this}.").format(this="it") == "Nobody has translated it."
        assert _("") == ""


@pytest.mark.parametrize(
    ("discords", "ours"),
    [
        ("en-US", "en"),
        ("en-GB", "en"),
        ("es-ES", "es"),
        ("es-419", "es"),
        ("de", "de"),
        ("ja", "ja"),
        ("fr", "fr"),
        ("pt-BR", "en"),
        (None, "en"),
    ],
)
def test_discords_locales_are_mapped(discords: str | None, ours: str) -> None:
    assert supported(discords) == ours


def test_the_server_is_spoken_to_as_set_else_as_discord_has_it() -> None:
    assert server_locale("auto", "fr") == "fr"
    assert server_locale("auto", "es-ES") == "es"
    assert server_locale("auto", "ko") == "en"
    assert server_locale("ja", "fr") == "ja"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("en", "3.5 s, 1,234"),
        ("de", "3,5 s, 1.234"),
        ("ja", "3.5秒, 1,234"),
        ("es", "3,5 s, 1.234"),
    ],
)
def test_numbers_are_written_as_the_language_does(name: str, expected: str) -> None:
    with in_locale(name):
        seconds = _("{seconds:.1f} s").format(seconds=3.5)
        count = _("{count:,} unknown").format(count=1234).split()[0]
        assert f"{seconds}, {count}" == expected


def test_plurals_follow_each_language() -> None:
    def entries(count: int) -> str:
        return ngettext("{count} entry added", "{count} entries added", count).format(count=count)

    said = {}
    for name in LOCALES:
        with in_locale(name):
            said[name] = [entries(count) for count in (0, 1, 2)]
    assert said["en"] == ["0 entries added", "1 entry added", "2 entries added"]
    assert said["de"] == [
        "0 Einträge hinzugefügt",
        "1 Eintrag hinzugefügt",
        "2 Einträge hinzugefügt",
    ]
    assert said["ja"] == ["0項目を追加", "1項目を追加", "2項目を追加"]
    assert said["fr"] == ["0 entrée ajoutée", "1 entrée ajoutée", "2 entrées ajoutées"]


async def test_threads_and_tasks_keep_the_language() -> None:
    async def task() -> str:
        return locale.get()

    with in_locale("ja"):
        begun = asyncio.create_task(task())
        in_thread = await asyncio.to_thread(locale.get)
    assert (await begun, in_thread, locale.get()) == ("ja", "ja", "en")


def test_an_error_of_a_worker_is_translated_where_it_is_shown() -> None:
    problem = Translatable(
        "The file is incomplete: it breaks off after {seconds:.1f} s.", seconds=4.5
    )
    advice = Translatable("Export or record it again and send the whole file.")
    error = pickle.loads(pickle.dumps(AudioFileError(joined((problem, advice)))))
    assert str(error) == (
        "The file is incomplete: it breaks off after 4.5 s. "
        "Export or record it again and send the whole file."
    )
    with in_locale("de"):
        assert explain(error) == (
            "Die Datei ist unvollständig: Sie bricht nach 4,5 s ab. "
            "Exportiere oder nimm sie noch einmal auf und schick die ganze Datei."
        )


def test_a_finding_is_stored_in_english_and_shown_in_any_language() -> None:
    need = ClipNeed(5.0, "nano").in_words
    reason = Translatable(
        "Only {seconds:.1f} s from the first word to the last are there; {need}.",
        seconds=3.0,
        need=need,
    )
    finding = Finding("too_short", copy.deepcopy(reason), Translatable("Record 10 to 20 seconds."))
    assert json.loads(json.dumps(finding.reason)).startswith("Only 3.0 s from the first word")
    with in_locale("ja"):
        assert translated(finding.reason) == (
            "最初の言葉から最後の言葉まで3.0秒しかありません。"
            "ここで話すnanoモデルには5秒より長い録音が必要です。"
        )


def test_what_storage_says_is_translated() -> None:
    error = NameTakenError(
        "There is already a voice named “{name}” here. Choose another name.", name="{Ann}"
    )
    assert str(error) == "There is already a voice named “{Ann}” here. Choose another name."
    with in_locale("es"):
        assert voice_request_text(error) == (
            "Aquí ya hay una voz llamada «{Ann}». Elige otro nombre."
        )


def test_settings_of_a_voice_are_named_in_the_members_language() -> None:
    with in_locale("de"):
        told = translated(describe(VoiceSettings(1.2, 0.3, None, 2**40, None)))
        assert told == f"ausdruck 1,2, tempo 0,3 (cfg_weight), startwert {2**40}"
    with in_locale("fr"), pytest.raises(UserError) as refused:
        check_ranges(VoiceSettings(exaggeration=9.5))
    assert str(refused.value).startswith("exaggeration (how lively")
    with in_locale("fr"):
        told = error_text(refused.value)
        assert told.startswith("expressivité (")
        assert told.endswith("va de 0,25 à 2\N{NO-BREAK SPACE}; 9,5 n’y est pas.")


def test_lists_are_written_as_the_language_does() -> None:
    settings = describe(VoiceSettings(1.5, None, None, 5, None))
    assert str(settings) == "exaggeration 1.5, seed 5"
    with in_locale("ja"):
        assert translated(settings) == "抑揚 1.5、シード 5"


def test_braces_in_what_members_typed_are_no_placeholders() -> None:
    text = Translatable("There is no voice named “{name}”.", name="{seconds}")
    with in_locale("de"):
        assert translated(text) == "Es gibt keine Stimme namens „{seconds}“."
