"""Chatterbox's models: one definition each, for loading, checks, configuration and docs.

Nothing here needs torch or the package, so the bot process may look, too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from bot.languages import LANGUAGES
from bot.speech.model_files import Part, Role, Source
from bot.speech.types import ChatterboxModel

Backbone = Literal["Llama_520M", "GPT2_medium", "GPT2_small"]
Tokenizer = Literal["english", "multilingual", "gpt2"]

_HEADROOM = 256 * 1024**2  # for what is loaded beside the weights, and for speaking one sentence
_MULTILINGUAL = "multilingual:"


@dataclass(frozen=True, slots=True)
class Model:
    """A model: its files, how it is put together, how it decodes, and what text it wants.

    summary: what it is for, in a few words. module, class_name: of chatterbox-tts.
    languages: ISO 639-1 codes of what it speaks, its own language first.
    guarded: whether stock's alignment guard watches its decoding. cuts_last_token: whether the
    audio of the last speech token, 40 ms of noise, is cut off.
    repetition_penalty, min_p, top_p: upstream's, which nobody has needed to change.
    max_text_tokens: of the longest text that is decoded.
    slot_bytes: of the key-value cache of one sentence in float32; half of it in bfloat16.
    tags: what it makes a sound of, without brackets: "laugh" for [laugh].
    piece_seconds: of the longest piece of text that it speaks well; None where no limit is known.
    min_reference_seconds: a voice's recording must be longer.
    otherwise: the model that a directory may hold in place of this one.
    """

    name: ChatterboxModel
    summary: str
    module: str
    class_name: str
    backbone: Backbone
    tokenizer: Tokenizer
    parts: tuple[Part, ...]
    languages: tuple[str, ...]
    max_text_tokens: int
    slot_bytes: int
    guarded: bool = False
    cuts_last_token: bool = False
    repetition_penalty: float = 1.2
    min_p: float = 0.05
    top_p: float = 1.0
    tags: tuple[str, ...] = ()
    piece_seconds: float | None = None
    min_reference_seconds: float = 0.0
    otherwise: ChatterboxModel | None = None

    @property
    def is_gpt(self) -> bool:
        """Whether it is of Turbo's kind: without guidance and exaggeration."""
        return self.backbone != "Llama_520M"

    @property
    def is_multilingual(self) -> bool:
        """Whether its tokenizer is told the language of a text."""
        return self.tokenizer == "multilingual"

    @property
    def repository(self) -> str:
        """The repository of what is this model's alone, its T3."""
        return self.part("T3").source.repository

    @property
    def revision(self) -> str:
        """The commit of that repository."""
        return self.part("T3").source.revision

    @property
    def sources(self) -> tuple[Source, ...]:
        """All repositories that it takes files from, its own first."""
        return tuple(dict.fromkeys((self.part("T3").source, *(part.source for part in self.parts))))

    @property
    def t3(self) -> str:
        """The file of its T3, as published."""
        return self.part("T3").choices[0][0]

    @property
    def files(self) -> tuple[str, ...]:
        """The files that it cannot be loaded without, as published."""
        return tuple(name for part in self.parts if part.required for name in part.choices[0])

    @property
    def download_bytes(self) -> int:
        """What its files take on the disk: computed, see `Part.size`."""
        return sum(part.size for part in self.parts)

    @property
    def host_bytes(self) -> int:
        """Main memory for a sentence at a time on a processor, in float32: computed."""
        # A file in torch's format is read whole beside the module that it is for.
        copies = [part.size for part in self.parts if part.choices[0][0].endswith(".pt")]
        return self.download_bytes + max([self.slot_bytes, *copies]) + _HEADROOM

    @property
    def card_bytes(self) -> int:
        """Memory of a GPU for a sentence at a time, T3 in half precision: computed.

        The weights count as they are in the files: T3 is made smaller once it is there.
        """
        return self.download_bytes + self.slot_bytes // 2 + _HEADROOM

    def part(self, role: Role) -> Part:
        """Return the first part of this role."""
        return next(part for part in self.parts if part.role == role)

    def missing(self, names: Collection[str], source: Source | None = None) -> list[str]:
        """Return what these files lack to be the model, or to be `source`'s share of it.

        Raises `ValueError`, which names them, where several files fit in place of one.
        """
        return [
            part.wanted for part in self.parts_of(source) if part.required and not part.find(names)
        ]

    def choose(self, names: Collection[str], source: Source | None = None) -> list[str]:
        """Return which of these files are the model's, or `source`'s share, the small ones first.

        Raises `ValueError`, which names them, where several files fit in place of one.
        """
        parts = sorted(self.parts_of(source), key=lambda part: part.size)
        return [name for part in parts for name in part.find(names)]

    def parts_of(self, source: Source | None) -> tuple[Part, ...]:
        """Return the parts that come from a repository; None: all of them."""
        return tuple(part for part in self.parts if source in (None, part.source))


_BASE = Source("ResembleAI/chatterbox", "5bb1f6ee58e50c3b8d408bc82a6d3740c2db6e18")
_TURBO = Source("ResembleAI/chatterbox-turbo", "749d1c1a46eb10492095d68fbcf55691ccf137cd")
_NANO = Source("ResembleAI/chatterbox-nano", "71ccd1d0081b430592cea481f4307e764e07bc64")

_GRAPHEMES = "grapheme_mtl_merged_expanded_v1.json"
_CANGJIE = Part("extra", _BASE, (("Cangjie5_TC.json",),), 2_000_000, required=False)
"""How Chinese characters are written in the tokenizer's letters."""

_VE_BYTES = 5_694_472
_S3GEN_BYTES = 1_056_169_260
_ENGLISH_T3_BYTES, _MULTILINGUAL_T3_BYTES = 2_129_620_992, 2_143_956_992

# 30 layers, keys and values, two rows, 1536 positions of 1024 values of 4 bytes; see `prompts`.
_LLAMA_SLOT_BYTES = 30 * 2 * 2 * 1536 * 1024 * 4
_TEXT_TOKENS = 490

TAGS = ("clear throat", "sigh", "shush", "cough", "groan", "sniff", "gasp", "chuckle", "laugh")
"""Sounds that Turbo and Nano have learned to make where a text has them in brackets."""


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
            Part("T3", _BASE, (("t3_cfg.safetensors",),), _ENGLISH_T3_BYTES),
            Part("S3Gen", _BASE, (("s3gen.safetensors",),), _S3GEN_BYTES),
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
    t3: str,
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
            Part("T3", source, ((t3,),), t3_bytes),
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
        tags=TAGS,
        piece_seconds=25.0,
        min_reference_seconds=5.0,
    )


def _multilingual(
    name: ChatterboxModel,
    summary: str,
    t3: str,
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
            Part("T3", _BASE, ((t3,),), _MULTILINGUAL_T3_BYTES),
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


def _finetune(name: ChatterboxModel, summary: str, revision: str = "main") -> Model:
    """A model of the Single Language Pack: a T3 and an S3Gen for the multilingual model's rest."""
    variant = name.removeprefix(_MULTILINGUAL)
    source = Source(f"ResembleAI/Chatterbox-Multilingual-{variant}", revision)
    language = variant.split("-")[0]
    t3 = f"t3_{variant.replace('-', '_')}.safetensors"
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
            Part("T3", source, ((t3,), ("t3*.safetensors",)), _MULTILINGUAL_T3_BYTES),
            Part("S3Gen", source, tuple((name,) for name in s3gen), _S3GEN_BYTES),
            Part("tokenizer", source, ((_GRAPHEMES,), ("grapheme*.json",)), 70_000),
            *((_CANGJIE,) if language == "zh" else ()),
        ),
        (language,),
        max_text_tokens=_TEXT_TOKENS,
        slot_bytes=_LLAMA_SLOT_BYTES,
        cuts_last_token=True,
    )


# Keys and values of one row, 1792 positions, 4 bytes: 24 layers of 1024 values, 12 layers of 768.
_TURBO_SLOT_BYTES = 24 * 2 * 1792 * 1024 * 4
_NANO_SLOT_BYTES = 12 * 2 * 1792 * 768 * 4

_ALL = (
    _english(),
    _gpt(
        "turbo",
        "English, quick on a GPU; makes sounds such as [laugh]",
        _TURBO,
        "t3_turbo_v1.safetensors",
        1_915_451_020,
        "GPT2_medium",
        _TURBO_SLOT_BYTES,
    ),
    _gpt(
        "nano",
        "English, for machines without a GPU; makes sounds such as [laugh]",
        _NANO,
        "t3_nano_v1.safetensors",
        869_884_556,
        "GPT2_small",
        _NANO_SLOT_BYTES,
    ),
    _multilingual(
        "multilingual",
        "23 languages (version 3)",
        "t3_mtl23ls_v3.safetensors",
        otherwise="multilingual-v2",
    ),
    _multilingual(
        "multilingual-v2",
        "23 languages, the version before",
        "t3_mtl23ls_v2.safetensors",
        guarded=True,
    ),
    _finetune("multilingual:zh-cmn", "Mandarin Chinese"),
    _finetune(
        "multilingual:es-mx-latam",
        "Latin American Spanish",
        "27e595bf2fe7be0533ca299d9afafcde08b7cca7",
    ),
    _finetune(
        "multilingual:pt-br", "Brazilian Portuguese", "b3952f18bc2eaa72b9bd7c17d2c4653bcad4770d"
    ),
    _finetune("multilingual:es-es", "Spanish of Spain"),
    _finetune("multilingual:pt-pt", "Portuguese of Portugal"),
    _finetune("multilingual:hi", "Hindi", "82ca71273cc2a9ab19efdf8315f865c1a5af0ee7"),
)

MODELS: Mapping[ChatterboxModel, Model] = MappingProxyType({model.name: model for model in _ALL})
"""Every model by its name, as `[engine] model` takes it."""
