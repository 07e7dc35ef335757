"""The table of models: what each line must hold, and what follows from it."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from bot.config_sections import EngineSettings
from bot.languages import LANGUAGES
from bot.speech.engines.chatterbox.judge import token_limit
from bot.speech.models import MODELS, Model
from bot.speech.texts import SECONDS_PER_LETTER, most_letters, reads_for
from bot.speech.types import ChatterboxModel
from bot.text.engine_reads import PIPER, WORDS
from bot.text.plan import TextLimits, plan_text
from bot.text.sentences import letters
from bot.text.sounds import SOUNDS

ROOT = Path(__file__).parents[2]

every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


def test_every_name_that_the_configuration_takes_has_its_line() -> None:
    assert list(MODELS) == list(get_args(ChatterboxModel))
    assert all(name == model.name for name, model in MODELS.items())
    for name in MODELS:
        assert EngineSettings(model=name).model == name


def page_rows() -> str:
    """The table of docs/models.md."""
    rows = [
        "| `model` | for | repository | download | memory without a GPU | memory of a GPU |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for model in MODELS.values():
        sizes = (model.download_bytes, model.host_bytes, model.card_bytes)
        cells = (f"`{model.name}`", model.summary, model.repository, *map(gigabytes, sizes))
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


def test_the_page_shows_the_table() -> None:
    assert page_rows() in (ROOT / "docs" / "models.md").read_text(encoding="utf-8")


def test_the_page_says_what_another_sentence_takes() -> None:
    page = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    for name in ("english", "multilingual", "turbo", "nano"):
        assert f"{MODELS[name].slot_bytes / 1e9:.2f} GB (" in page  # type: ignore[index]


def test_the_example_of_the_configuration_names_every_model() -> None:
    example = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    (comment,) = re.findall(r"(?:^#.*\n)+(?=model = )", example, re.MULTILINE)
    assert set(MODELS) <= set(re.findall(r"[\w:-]+(?=[ ,.])", comment))


def test_looking_at_the_table_loads_no_engine() -> None:
    heavy = ["torch", "chatterbox", "numpy", "librosa", "huggingface_hub", "babel"]
    program = f"""
import sys, bot.speech.models
print([name for name in {heavy} if name in sys.modules])
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"


@every_model
def test_a_line_is_whole(model: Model) -> None:
    assert model.summary
    assert model.languages
    assert set(model.languages) <= set(LANGUAGES)
    assert {part.role for part in model.parts} >= {"voice encoder", "T3", "S3Gen", "tokenizer"}
    for source in model.sources:
        assert re.fullmatch(r"ResembleAI/[\w-]+", source.repository)
        assert re.fullmatch(r"main|[0-9a-f]{40}", source.revision)
    assert model.sources[0].repository == model.repository
    assert all(part.size > 0 for part in model.parts)


@every_model
def test_its_own_files_are_all_that_it_needs(model: Model) -> None:
    assert model.missing(model.files) == []
    assert set(model.choose(model.files)) == set(model.files)
    for source in model.sources:
        own = [name for part in model.parts_of(source) for name in part.choices[0]]
        assert model.missing(own, source) == []
        assert set(model.choose([*own, "README.md", "conds.pt"], source)) == set(own)


@every_model
def test_small_files_come_first(model: Model) -> None:
    assert (
        model.choose(model.files)[-1] == max(model.parts, key=lambda part: part.size).choices[0][0]
    )


@pytest.mark.parametrize(
    ("name", "disk", "host", "card"),
    [
        ("english", 3.2, 4.55, 3.8),
        ("turbo", 3.0, 3.95, 3.4),
        ("nano", 1.9, 2.65, 2.3),
        ("multilingual", 3.2, 4.9, 3.8),
        ("multilingual:hi", 3.2, 4.55, 3.8),
    ],
)
def test_what_it_takes_in_gigabytes(
    name: ChatterboxModel, disk: float, host: float, card: float
) -> None:
    model = MODELS[name]
    sizes = (model.download_bytes, model.host_bytes, model.card_bytes)
    assert [size / 1e9 for size in sizes] == pytest.approx([disk, host, card], abs=0.06)


def test_only_turbo_and_nano_make_sounds() -> None:
    assert {name for name, model in MODELS.items() if model.sounds} == {"turbo", "nano"}
    assert MODELS["nano"].sounds == SOUNDS


def test_a_text_is_in_a_language_that_the_model_speaks() -> None:
    def said(name: str, language: str | None = None) -> tuple[str, ...]:
        return plan_text("7", TextLimits(), language=language, reads=reads_for("chatterbox", name))

    assert said("multilingual:pt-br") == ("sete",)
    assert said("multilingual:hi") == ("सात",)
    assert said("multilingual") == said("nano") == ("seven",)
    assert said("multilingual:pt-br", "en") == ("sete",)
    assert said("nano", "de") == said("english", "zh") == ("seven",)
    assert said("multilingual", "de") == ("sieben",)


def test_of_what_is_not_known_all_can_read_it() -> None:
    any_of_them = dataclasses.replace(WORDS, most_letters=250)
    for model in (None, "auto", "unheard-of"):
        assert reads_for("chatterbox", model) == reads_for(None, model) == any_of_them
    assert reads_for("piper", "nano") is PIPER


@pytest.mark.parametrize("name", ["turbo", "nano"])
def test_pieces_and_the_guard_keep_to_what_the_model_speaks_well(name: ChatterboxModel) -> None:
    model = MODELS[name]
    text = "and so they went on and on without a mark of any kind " * 30
    limits = TextLimits(sentence_characters=300, first_sentence_characters=300)
    pieces = plan_text(text, limits, reads=reads_for("chatterbox", name))
    assert max(map(letters, pieces)) * SECONDS_PER_LETTER <= 25
    assert max(map(letters, pieces)) > 200
    assert token_limit("a" * 1000, "en", model.piece_seconds) == 25 * 25
    assert token_limit("Hello there.", "en", model.piece_seconds) == token_limit(
        "Hello there.", "en"
    )


@pytest.mark.parametrize("name", ["english", "multilingual", "multilingual:pt-br"])
def test_of_the_others_no_such_limit_is_known(name: ChatterboxModel) -> None:
    assert most_letters(MODELS[name]) is None
    assert token_limit("a" * 1000, "en", MODELS[name].piece_seconds) == 1000


def test_a_shorter_limit_of_the_configuration_holds() -> None:
    limits = TextLimits(sentence_characters=100)
    pieces = plan_text("one two three " * 40, limits, reads=reads_for("chatterbox", "nano"))
    assert max(map(letters, pieces)) <= 100
