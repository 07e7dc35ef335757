"""What a model is: its files, how it decodes, and what text it wants."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from bot.speech.models.files import Part, Role, Source, UnclearError
from bot.speech.types import ChatterboxModel

Backbone = Literal["Llama_520M", "GPT2_medium", "GPT2_small"]
Tokenizer = Literal["english", "multilingual", "gpt2"]

# For the libraries and for speaking one sentence, beside the weights. In main memory as measured:
# Nano at full size, 1.9 GB of weights, had 2.5 GB to itself when it had said something.
HOST_HEADROOM = 600 * 10**6
CARD_HEADROOM = 256 * 1024**2


@dataclass(frozen=True, slots=True)
class Model:
    """A model: its files, how it is put together, how it decodes, and what text it wants.

    summary: what it is for, in a few words. module, class_name: of chatterbox-tts.
    languages: ISO 639-1 codes of what it speaks, its own language first.
    guarded: whether stock's alignment guard watches its decoding. cuts_last_token: whether the
    audio of the last speech token, 40 ms of noise, is cut off.
    repetition_penalty, min_p, top_p: upstream's, which nobody has needed to change.
    max_text_tokens: of the longest text that is decoded. Sentences have at most 300 letters, as
    `bot.text.sentences` measures them: 484 tokens where all of them are Chinese characters with the
    longest codes, and about one a letter elsewhere. The models garble longer ones. With what else a
    sentence needs, these just fit into whole lengths of the decoder's cache, 1536 and 1792.
    slot_bytes: of the key-value cache of one sentence in float32; half of it in bfloat16.
    sounds: what it makes a sound of where a text has it in brackets: "laugh" for [laugh].
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
    sounds: tuple[str, ...] = ()
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
        return self.download_bytes + max([self.slot_bytes, *copies]) + HOST_HEADROOM

    @property
    def loading_bytes(self) -> int:
        """Main memory while it is loaded onto a GPU, part after part: computed."""
        copies = [part.size for part in self.parts if part.choices[0][0].endswith(".pt")]
        return max(part.size for part in self.parts) + max(copies, default=0) + HOST_HEADROOM

    @property
    def card_bytes(self) -> int:
        """Memory of a GPU for a sentence at a time, T3 in half precision: computed.

        The weights count as they are in the files: T3 is made smaller once it is there.
        """
        return self.download_bytes + self.slot_bytes // 2 + CARD_HEADROOM

    def part(self, role: Role) -> Part:
        """Return the first part of this role."""
        return next(part for part in self.parts if part.role == role)

    def missing(self, names: Collection[str], source: Source | None = None) -> list[str]:
        """Return what these files lack to be the model, or to be `source`'s share of it.

        Raises `UnclearError`, which names them, where several files fit in place of one.
        """
        return [
            part.wanted for part in self.parts_of(source) if part.required and not part.find(names)
        ]

    def is_complete(self, names: Collection[str], source: Source | None = None) -> bool:
        """Whether these files are the model, or `source`'s share of it, without any doubt."""
        try:
            return not self.missing(names, source)
        except UnclearError:
            return False

    def unclear(
        self, names: Collection[str], source: Source | None = None
    ) -> dict[Part, UnclearError]:
        """Return the parts of which it is not clear which of these files they are."""
        found: dict[Part, UnclearError] = {}
        for part in self.parts_of(source):
            try:
                part.find(names)
            except UnclearError as error:
                found[part] = error
        return found

    def choose(self, names: Collection[str], source: Source | None = None) -> list[str]:
        """Return which of these files are the model's, or `source`'s share, the small ones first.

        Those of a part that is not clear are left out.
        """
        unclear = self.unclear(names, source)
        clear = (part for part in self.parts_of(source) if part not in unclear)
        parts = sorted(clear, key=lambda part: part.size)
        return [name for part in parts for name in part.find(names)]

    def parts_of(self, source: Source | None) -> tuple[Part, ...]:
        """Return the parts that come from a repository; None: all of them."""
        return tuple(part for part in self.parts if source in (None, part.source))
