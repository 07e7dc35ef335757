"""The table of models. Sizes are computed; commits are those that were looked at."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.languages import LANGUAGES
from bot.speech.models.files import Part, Source
from bot.speech.models.model import Backbone, Model
from bot.speech.types import ChatterboxModel
from bot.text.sounds import SOUNDS

_BASE = Source("ResembleAI/chatterbox", "5bb1f6ee58e50c3b8d408bc82a6d3740c2db6e18")
_TURBO = Source("ResembleAI/chatterbox-turbo", "749d1c1a46eb10492095d68fbcf55691ccf137cd")
_NANO = Source("ResembleAI/chatterbox-nano", "71ccd1d0081b430592cea481f4307e764e07bc64")

_GRAPHEMES = "grapheme_mtl_merged_expanded_v1.json"
_CANGJIE = Part("extra", _BASE, (("Cangjie5_TC.json",),), 2_000_000, required=False)
"""How Chinese characters are written in the tokenizer's letters."""

_T3_FILES: Mapping[ChatterboxModel, str] = {
    "english": "t3_cfg.safetensors",
    "turbo": "t3_turbo_v1.safetensors",
    "nano": "t3_nano_v1.safetensors",
    "multilingual": "t3_mtl23ls_v3.safetensors",
    "multilingual-v2": "t3_mtl23ls_v2.safetensors",
}

_VE_BYTES = 5_694_472
_S3GEN_BYTES = 1_056_169_260
_ENGLISH_T3_BYTES, _MULTILINGUAL_T3_BYTES = 2_129_620_992, 2_143_956_992

# 30 layers, keys and values, two rows, 1536 positions of 1024 values of 4 bytes; see `prompts`.
_LLAMA_SLOT_BYTES = 30 * 2 * 2 * 1536 * 1024 * 4
# Keys and values of one row, 1792 positions, 4 bytes: 24 layers of 1024 values, 12 layers of 768.
_TURBO_SLOT_BYTES = 24 * 2 * 1792 * 1024 * 4
_NANO_SLOT_BYTES = 12 * 2 * 1792 * 768 * 4

_TEXT_TOKENS = 490


def _english() -> Model:
    return Model(
        "english",
        "English, the original",
        "chatterbox.tts",
        "ChatterboxTTS",
        "Llama_520M",
        "english",
        (
            Part("voice encoder", _BASE, (("ve.safetensors",),), _VE_BYTES),
            Part("T3", _BASE, ((_T3_FILES["english"],),), _ENGLISH_T3_BYTES),
            Part("S3Gen", _BASE, (("s3gen.safetensors",),), _S3GEN_BYTES, lenient=True),
            Part("tokenizer", _BASE, (("tokenizer.json",),), 25_000),
        ),
        ("en",),
        max_text_tokens=_TEXT_TOKENS,
        slot_bytes=_LLAMA_SLOT_BYTES,
    )


def _gpt(
    name: ChatterboxModel,
    summary: str,
    source: Source,
    t3_bytes: int,
    backbone: Backbone,
    slot_bytes: int,
) -> Model:
    vocabularies = (("vocab.json", "merges.txt"), ("tokenizer.json",))
    return Model(
        name,
        summary,
        "chatterbox.tts_turbo",
        "ChatterboxTurboTTS",
        backbone,
        "gpt2",
        (
            Part("voice encoder", source, (("ve.safetensors",),), _VE_BYTES),
            Part("T3", source, ((_T3_FILES[name],),), t3_bytes),
            Part("S3Gen", source, (("s3gen_meanflow.safetensors",),), 1_064_557_868),
            Part("tokenizer", source, vocabularies, 1_500_000),
            Part("tokenizer", source, (("tokenizer_config.json",),), 4_000),
            Part("extra", source, (("added_tokens.json",),), 1_000, required=False),
            Part("extra", source, (("special_tokens_map.json",),), 1_000, required=False),
        ),
        ("en",),
        max_text_tokens=400,
        slot_bytes=slot_bytes,
        min_p=0.0,
        top_p=0.95,
        sounds=SOUNDS,
        piece_seconds=25.0,
        min_reference_seconds=5.0,
    )


def _multilingual(
    name: ChatterboxModel,
    summary: str,
    *,
    guarded: bool = False,
    otherwise: ChatterboxModel | None = None,
) -> Model:
    return Model(
        name,
        summary,
        "chatterbox.mtl_tts",
        "ChatterboxMultilingualTTS",
        "Llama_520M",
        "multilingual",
        (
            Part("voice encoder", _BASE, (("ve.pt",),), _VE_BYTES),
            Part("T3", _BASE, ((_T3_FILES[name],),), _MULTILINGUAL_T3_BYTES),
            Part("S3Gen", _BASE, (("s3gen.pt",),), _S3GEN_BYTES),
            Part("tokenizer", _BASE, ((_GRAPHEMES,),), 70_000),
            _CANGJIE,
        ),
        ("en", *(code for code in LANGUAGES if code != "en")),
        max_text_tokens=_TEXT_TOKENS,
        slot_bytes=_LLAMA_SLOT_BYTES,
        guarded=guarded,
        cuts_last_token=not guarded,
        repetition_penalty=2.0 if guarded else 1.2,
        otherwise=otherwise,
    )


_FINETUNES = {
    "zh-cmn": ("Mandarin Chinese", "main"),
    "es-mx-latam": ("Latin American Spanish", "27e595bf2fe7be0533ca299d9afafcde08b7cca7"),
    "pt-br": ("Brazilian Portuguese", "b3952f18bc2eaa72b9bd7c17d2c4653bcad4770d"),
    "es-es": ("Spanish of Spain", "main"),
    "pt-pt": ("Portuguese of Portugal", "main"),
    "hi": ("Hindi", "82ca71273cc2a9ab19efdf8315f865c1a5af0ee7"),
}
"""By variant: what it speaks, and the commit of its repository."""


def _finetune(name: ChatterboxModel) -> Model:
    """A model of the Single Language Pack: a T3 and an S3Gen for the multilingual model's rest."""
    variant = name.removeprefix("multilingual:")
    summary, revision = _FINETUNES[variant]
    source = Source(f"ResembleAI/Chatterbox-Multilingual-{variant}", revision)
    language = variant.split("-")[0]
    t3 = _finetuned_t3(variant)
    s3gen = ("s3gen_v3.safetensors", "s3gen_v3.pt", "s3gen*.safetensors", "s3gen*.pt")
    return Model(
        name,
        summary,
        "chatterbox.mtl_tts",
        "ChatterboxMultilingualTTS",
        "Llama_520M",
        "multilingual",
        (
            Part("voice encoder", _BASE, (("ve.pt",), ("ve.safetensors",)), _VE_BYTES),
            # Where the name is another one, there is one T3 in the repository.
            Part(
                "T3",
                source,
                ((t3,), ("t3*.safetensors",)),
                _MULTILINGUAL_T3_BYTES,
                others=tuple({*_T3_FILES.values(), *map(_finetuned_t3, _FINETUNES)} - {t3}),
            ),
            Part("S3Gen", source, tuple((n,) for n in s3gen), _S3GEN_BYTES, lenient=True),
            Part("tokenizer", source, ((_GRAPHEMES,), ("grapheme*.json",)), 70_000),
            *((_CANGJIE,) if language == "zh" else ()),
        ),
        (language,),
        max_text_tokens=_TEXT_TOKENS,
        slot_bytes=_LLAMA_SLOT_BYTES,
        cuts_last_token=True,
    )


def _finetuned_t3(variant: str) -> str:
    return f"t3_{variant.replace('-', '_')}.safetensors"


_ALL = (
    _english(),
    _gpt(
        "turbo",
        "English, quick on a GPU; makes sounds such as [laugh]",
        _TURBO,
        1_915_451_020,
        "GPT2_medium",
        _TURBO_SLOT_BYTES,
    ),
    _gpt(
        "nano",
        "English, for machines without a GPU; makes sounds such as [laugh]",
        _NANO,
        869_884_556,
        "GPT2_small",
        _NANO_SLOT_BYTES,
    ),
    _multilingual(
        "multilingual",
        "23 languages (version 3)",
        otherwise="multilingual-v2",
    ),
    _multilingual(
        "multilingual-v2",
        "23 languages, the version before",
        guarded=True,
    ),
    _finetune("multilingual:zh-cmn"),
    _finetune("multilingual:es-mx-latam"),
    _finetune("multilingual:pt-br"),
    _finetune("multilingual:es-es"),
    _finetune("multilingual:pt-pt"),
    _finetune("multilingual:hi"),
)

MODELS: Mapping[ChatterboxModel, Model] = MappingProxyType({model.name: model for model in _ALL})
"""Every model by its name, as `[engine] model` takes it."""
