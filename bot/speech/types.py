"""What travels between the bot and the engine worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Literal, TypeAlias

from bot.confinement import Wall
from bot.errors import MynahError
from bot.operations.vitals import DeviceReading
from bot.speech.delivery import Delivery
from storage.sealing import NO_KEYS, KeyRing

EngineKind = Literal["chatterbox", "piper"]
ChatterboxModel = Literal[
    "english",
    "turbo",
    "nano",
    "multilingual",
    "multilingual-v2",
    "multilingual:zh-cmn",
    "multilingual:es-mx-latam",
    "multilingual:pt-br",
    "multilingual:es-es",
    "multilingual:pt-pt",
    "multilingual:hi",
]
"""The models that `bot.speech.models.MODELS` describes."""

Precision = Literal["auto", "fp32", "bf16", "fp16", "int8"]
FlowPrecision = Literal["auto", "fp32", "bf16"]
Decode = Literal["own", "stock"]

OPUS_SAMPLE_RATE = 48_000
"""Hz. Discord's voice is 48 kHz Opus."""

PACKET_SECONDS = 0.02
"""One Opus packet is 20 ms: 960 samples."""


@dataclass(frozen=True, slots=True)
class VoiceReference:
    """Where a worker finds a voice: the clip's file, its hash, and the speaker's median pitch.

    clip_path: a clip file of storage; clip_sha256: what its samples must hash to.
    pitch_hz: median pitch in Hz, or None if it could not be measured.
    language: ISO 639-1 code of what is spoken in the clip, or None where nobody said.
    content: the clip itself, not sealed, for a worker on another machine; it reads no file then.
    """

    clip_path: Path
    clip_sha256: str
    pitch_hz: float | None = None
    language: str | None = None
    content: bytes | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class VoiceSettings:
    """How a voice speaks; None leaves a setting at the model's default.

    seed: reads a text the same way each time; None draws one for every sentence. takes: readings
    of a sentence of which the best is spoken; each takes a slot of the engine. Ranges and defaults
    are in `bot.speech.voice_settings`.
    """

    exaggeration: float | None = None
    cfg_weight: float | None = None
    temperature: float | None = None
    seed: int | None = None
    takes: int | None = None

    def over(self, other: VoiceSettings) -> VoiceSettings:
        """Return these settings where they are given, and `other`'s elsewhere."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(other, **{name: value for name, value in given.items() if value is not None})


@dataclass(frozen=True, slots=True)
class SynthesisRequest:
    """One sentence to synthesise.

    text: cleaned, within the sentence limit, with at least one letter or digit.
    language: ISO 639-1 code, or None for the model's own.
    settings: of the voice and the request together.
    rank: how many sentences that its guild hears before it were not made yet when it was begun.
    delivery: how fast and how loud it is heard.
    guild_id, due_seconds: for whom it is, and in how many seconds it is needed (below 0: since when
        nothing is heard there), for an engine that several bots share. alone: it is to share such
        an engine with no other sentence, of any bot. They do not change how it sounds.
    """

    text: str
    voice: VoiceReference
    language: str | None = None
    settings: VoiceSettings = VoiceSettings()
    rank: int = 0
    delivery: Delivery = field(default_factory=Delivery)
    guild_id: int = field(default=0, compare=False)
    due_seconds: float = field(default=0.0, compare=False)
    alone: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Speech:
    """One synthesised sentence.

    packets: 48 kHz mono Opus packets of 20 ms each.
    seconds: length of the audio that was encoded.
    timings: seconds spent by stage ("conditionals", "synthesis", "encode", ...).
    notes: what whoever asked should know, such as settings that the model ignores.
    retries: how often it was spoken again because it had gone wrong.
    doubtful: whether it may still be wrong: no better reading was found.
    cached: whether it was kept from before, and no engine was needed.
    """

    packets: tuple[bytes, ...]
    seconds: float
    timings: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    retries: int = 0
    doubtful: bool = False
    cached: bool = False


SynthesisResult: TypeAlias = Speech | MynahError
"""What became of one request of a batch: one bad sentence does not fail the others."""


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """What is done about speech that went wrong; see `bot.speech.engines.chatterbox.judge`.

    enabled: judge every sentence and speak a bad one again. retries: how often at most.
    trim_tail: cut silence and noise after the last word. steady_short: speak one or two words
    more carefully.
    """

    enabled: bool = True
    retries: int = 2
    trim_tail: bool = True
    steady_short: bool = True


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """What the engine worker needs to load an engine; a part of the configuration.

    auto_model: whether the machine and `languages` decide about the model and the device, see
        `bot.speech.choice`; a model in `checkpoint` is taken as it is.
    languages: ISO 639-1 codes of the voices that are enrolled.
    checkpoint: a directory of model files; None downloads from the hub.
    device: "auto", "cuda", "mps" or "cpu".
    cache_bytes: bound of the cache of prepared voices.
    precision: what T3 computes in; "auto" takes what suits the device. "int8" is for a CPU.
    flow_precision: what S3Gen's linear layers compute in on a CPU; "auto" as above.
    decode: "own" decodes sentences together, "stock" is the package's own way, one at a time.
    slots: how many sentences are decoded together; None takes what the memory holds.
    graphs: whether decoding is captured in CUDA graphs where the device is a GPU.
    fused: whether decoding takes kernels of its own there, by Triton.
    tf32: whether S3Gen's estimator rounds the inputs of its products to TF32, where it is captured.
    vocoder_batch: how many sentences S3Gen takes together, on a CPU those of equal length. Rounding
        then depends on the company (1e-7 of full scale), so the same seed gives other packets that
        sound the same.
    prompt_seconds: how much of the voice S3Gen is shown (up to 10 s); None shows all of it.
    progress_file: where loading tells how far a download is; see `bot.speech.load_progress`.
    keys: open the voices' clips.
    """

    kind: Literal["auto", "chatterbox", "piper"] = "auto"
    model: ChatterboxModel = "english"
    checkpoint: Path | None = None
    device: str = "auto"
    cache_bytes: int = 256 * 1024 * 1024
    precision: Precision = "auto"
    flow_precision: FlowPrecision = "auto"
    decode: Decode = "own"
    slots: int | None = None
    graphs: bool = True
    fused: bool = True
    tf32: bool = False
    vocoder_batch: int = 1
    prompt_seconds: float | None = None
    self_check: SelfCheck = SelfCheck()
    progress_file: Path | None = None
    auto_model: bool = False
    languages: tuple[str, ...] = ()
    keys: KeyRing = NO_KEYS


@dataclass(frozen=True, slots=True)
class RemoteEngine:
    """An engine on another machine, as those who ask it know it.

    reading: how it stands; sentences and working are those of this bot. fault: why it is not asked;
    "" while it is, or is being begun.
    """

    reading: DeviceReading
    fault: str = ""


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What was loaded.

    clones: whether the engine clones the voice or only previews its pitch.
    slots: how many sentences it works on together; with more than one, a sentence may join others
    that are under way.
    notes: what whoever runs it should know of it, such as that another model was found.
    computes: in what numbers, and why; "" where nothing is to be said.
    decode: as in `EngineSpec`; with "stock", it makes one take whatever `slots` are configured.
    walls: what its process can do no more since.
    members: the engines on other machines that it asks; None where it speaks by itself.
    largest: of several engines that speak as one, the slots of the one with most; None of one.
    """

    kind: EngineKind
    model: str
    device: str
    clones: bool
    reason: str
    load_seconds: float
    slots: int = 1
    notes: tuple[str, ...] = ()
    computes: str = ""
    decode: Decode = "own"
    walls: tuple[Wall, ...] = field(default=(), compare=False)
    members: tuple[RemoteEngine, ...] | None = field(default=None, compare=False)
    largest: int | None = None

    @property
    def most_takes(self) -> int:
        """How many takes of a sentence it makes at the most: one engine makes them in its slots."""
        there = [each.reading.slots for each in self.members or () if each.reading.ready]
        return self.largest or max(there, default=self.slots)

    @property
    def sound(self) -> tuple[str, ...]:
        """What decides how it sounds; engines that differ in it speak differently."""
        return self.kind, self.model, self.device, self.computes, self.decode

    @property
    def remote(self) -> bool:
        """Whether it asks other machines, of which some may come and others go."""
        return self.members is not None

    @property
    def company_slows(self) -> bool:
        """Whether sentences that are worked on together take longer each.

        A GPU computes all slots in every step, whether they are taken or not.
        """
        return not self.device.startswith("cuda")
