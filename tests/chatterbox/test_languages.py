"""Chinese, Japanese and Korean: their tables, what is said without them, and how long they get."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.errors import UserError
from bot.speech.engines.chatterbox import languages
from bot.speech.engines.chatterbox.loading import load_found, load_model, locate
from bot.speech.engines.chatterbox.prompts import (
    context_length,
    language_code,
    text_tokens,
)
from bot.speech.engines.chatterbox.t3.graphs import whole_lengths
from bot.speech.models import MODELS
from bot.speech.types import ChatterboxModel, SynthesisRequest, VoiceReference
from bot.text.sentences import split_sentences
from tests.chatterbox.conftest import spec

Checkpoints = Callable[[ChatterboxModel], Path]

VOICE = VoiceReference(Path("unused"), "")
HAN = "".join(map(chr, range(0x4E00, 0x9FA6)))
KANA = "".join(map(chr, [*range(0x3041, 0x3097), *range(0x30A1, 0x30FB)]))
HANGUL = "".join(map(chr, range(0xAC00, 0xD7A4)))


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Who asked for the network, which is not there."""
    asked: list[Any] = []

    def refuse(*arguments: Any, **_options: Any) -> Any:
        asked.append(arguments)
        raise OSError("no network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    return asked


@pytest.fixture(autouse=True)
def no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where spacy-pkuseg keeps what it downloads: nothing yet."""
    from spacy_pkuseg.config import config

    monkeypatch.setattr(config, "pkuseg_home", str(tmp_path / "home"))
    return tmp_path / "home"


def copy_of(checkpoint: Path, directory: Path) -> Path:
    directory.mkdir()
    for file in checkpoint.iterdir():
        (directory / file.name).symlink_to(file)
    return directory


def write_cangjie(directory: Path) -> None:
    # "word code frequency", as the real file has it.
    rows = ["你\tonf\t1", "好\tvnd\t1", "好好\tvnd\t1"]
    (directory / languages.CANGJIE).write_text(json.dumps(rows), encoding="utf-8")


def write_segmenter(directory: Path) -> None:
    """A segmenter without features, which knows no words but those of the package's dictionary."""
    import srsly

    directory.mkdir(parents=True)
    features = {
        "unigram": [],
        "bigram": [],
        "feature_to_idx": {"none": 0},
        "tag_to_idx": {"B": 0, "I": 1},
    }
    srsly.write_msgpack(directory / "features.msgpack", features)
    weights = np.array([1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    np.savez(directory / "weights.npz", sizes=np.array([2, 1]), w=weights)


def tokens(model: Any, text: str, language: str) -> list[int]:
    request = SynthesisRequest(text, VOICE, language)
    return list(text_tokens(model, "multilingual", request).tolist())


def test_without_its_table_chinese_is_refused_and_nothing_else_is(
    checkpoint: Checkpoints, tmp_path: Path, no_network: list[Any]
) -> None:
    directory = copy_of(checkpoint("multilingual"), tmp_path / "model")
    model = load_model(spec("multilingual", directory), "cpu")
    with pytest.raises(UserError, match=r"no Cangjie5_TC\.json.*beside the model's other files"):
        tokens(model, "你好", "zh")
    for language in ("de", "ja", "ko"):
        assert len(tokens(model, "Guten Tag", language)) > 5
    assert no_network == []


@pytest.mark.parametrize(
    ("language", "known"), [("nb", "no"), ("nn-NO", "no"), ("pt_BR", "pt"), ("DE", "de")]
)
def test_a_language_is_known_by_its_other_codes(
    checkpoint: Checkpoints, no_network: list[Any], language: str, known: str
) -> None:
    model = load_model(spec("multilingual", checkpoint("multilingual")), "cpu")
    assert tokens(model, "Takk", language) == tokens(model, "Takk", known)
    assert language_code(model, "multilingual", language) == known


def test_the_table_beside_the_model_is_used(
    checkpoint: Checkpoints, tmp_path: Path, no_network: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    directory = copy_of(checkpoint("multilingual"), tmp_path / "model")
    write_cangjie(directory)
    model = load_model(spec("multilingual", directory), "cpu")
    assert model.tokenizer.cangjie_converter("你好") == (
        "[cj_o][cj_n][cj_f][cj_.][cj_v][cj_n][cj_d][cj_.]"
    )
    for _ in range(2):
        assert tokens(model, "你好", "zh")
    warnings = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 1
    assert f"into {directory / languages.SEGMENTER}" in warnings[0]
    assert no_network == []


@pytest.mark.parametrize("place", ["model", "home"])
def test_a_segmenter_that_is_there_is_used(
    place: str, checkpoint: Checkpoints, tmp_path: Path, no_network: list[Any]
) -> None:
    directory = copy_of(checkpoint("multilingual"), tmp_path / "model")
    write_segmenter(tmp_path / place / languages.SEGMENTER)
    model = load_model(spec("multilingual", directory), "cpu")
    assert model.tokenizer.cangjie_converter("你好啊") == "你好 啊"
    assert no_network == []


def test_from_the_hub_the_segmenter_is_downloaded_or_else_done_without(
    checkpoint: Checkpoints, no_network: list[Any]
) -> None:
    model = load_found(locate(spec("multilingual", checkpoint("multilingual"))), "cpu", online=True)
    assert no_network
    assert model.tokenizer.cangjie_converter.segmenter is None
    assert len(tokens(model, "Guten Tag", "de")) > 5


def test_kanji_are_read_and_without_their_readings_japanese_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from chatterbox.models.tokenizers import tokenizer

    assert tokenizer.hiragana_normalize("東京") == "とうきょう"
    monkeypatch.setitem(sys.modules, "pykakasi", None)
    with pytest.raises(UserError, match="pykakasi is not installed"):
        languages.require(None, "ja")


@pytest.fixture(scope="module")
def longest_codes(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """As much of a model as reads text, in which each Chinese character has the longest code."""
    from chatterbox.models.tokenizers import MTLTokenizer
    from tokenizers import AddedToken, Tokenizer, models

    directory = tmp_path_factory.mktemp("tokenizer")
    codes = [f"[cj_{letter}]" for letter in "abcdefghijklmnopqrstuvwxyz0123456789."]
    special = ["[STOP]", "[UNK]", "[SPACE]", "[START]", "[zh]", "[ja]", "[ko]", "[en]", *codes]
    # Of several glyphs with one code, all but the first have a digit behind it.
    table = [f"{glyph}\taaaa{chr(97 + index // 10 % 26)}" for index, glyph in enumerate(HAN[:260])]
    (directory / languages.CANGJIE).write_text(json.dumps(table), encoding="utf-8")
    made = Tokenizer(models.BPE(vocab={"[UNK]": 0}, merges=[], unk_token="[UNK]"))
    made.add_special_tokens([AddedToken(token, normalized=False) for token in special])
    made.save(str(directory / "vocabulary.json"))
    languages.prepare(online=False)
    tokenizer = MTLTokenizer(str(directory / "vocabulary.json"))
    # It takes each character for a word; the real one, too, drops the spaces that were there.
    words = SimpleNamespace(cut=lambda text: [*"".join(text.split())])
    tokenizer.cangjie_converter.segmenter = words
    config = SimpleNamespace(start_text_token=255, stop_text_token=0)
    return SimpleNamespace(
        tokenizer=tokenizer,
        t3=SimpleNamespace(hp=config),
        get_supported_languages=lambda: dict.fromkeys(("zh", "ja", "ko", "en")),
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    language_and_text=st.one_of(
        st.tuples(st.just("zh"), st.text(HAN[:260] + "，。 ", min_size=1)),
        st.tuples(st.just("ja"), st.text(HAN + KANA + "、。", min_size=1)),
        st.tuples(st.just("ko"), st.text(HANGUL + " .,", min_size=1)),
        st.tuples(st.sampled_from(["en", "zh", "ja", "ko"]), st.text("ab1é ,." + HAN[:99])),
    )
)
@example(("zh", "丁，"))
@example(("zh", "ab"))
@example(("zh", "é"))
def test_no_sentence_is_refused_for_its_length(
    longest_codes: Any, language_and_text: tuple[str, str]
) -> None:
    language, text = language_and_text
    for piece in split_sentences(text * 200, language=language, max_characters=300):
        assert (
            2
            < len(tokens(longest_codes, piece, language))
            <= MODELS["multilingual"].max_text_tokens
        )


@pytest.mark.parametrize(("gpt", "positions"), [(False, 1536), (True, 1792)])
def test_the_longest_texts_fit_into_whole_lengths_of_the_cache(gpt: bool, positions: int) -> None:
    t3 = SimpleNamespace(is_gpt=gpt, hp=SimpleNamespace(speech_cond_prompt_len=375))
    assert whole_lengths(context_length(t3)) == positions


def test_the_longest_sentence_of_each_language_fits_and_no_longer_one(longest_codes: Any) -> None:
    longest = {"zh": HAN[1:2] * 60, "ja": "鯢" * 60, "ko": "값" * 100, "en": "a" * 300}
    lengths = {
        language: len(tokens(longest_codes, text, language)) for language, text in longest.items()
    }
    assert lengths["zh"] == 484
    assert max(lengths.values()) <= MODELS["multilingual"].max_text_tokens
    with pytest.raises(UserError, match="too long for the voice engine"):
        tokens(longest_codes, HAN[1:2] * 63, "zh")
