"""The sections of the configuration: typed, bounded, with their defaults.

`bot.config` reads them; `config.example.toml` explains every key.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from bot.clip_address import check_clips, check_endpoint, check_region
from bot.consent.no_go import check_patterns
from bot.credentials import (
    check_database,
    check_keys,
    check_proxy,
    check_store_key,
    check_token,
    none_if_blank,
)
from bot.speech.types import ChatterboxModel, Decode, FlowPrecision, Precision
from storage.shards import FORM, Shards, parse_shards


def _known_device(device: str) -> str:
    if not re.fullmatch(r"auto|cpu|mps|cuda(:(0|[1-9]\d*))?", device):
        raise ValueError("should be auto, cpu, mps, cuda or cuda:N")
    return device


def _cluster_address(address: str) -> str:
    if address != "auto" and not re.fullmatch(
        r"[^\s:/]+:\d{1,5}|\[[\da-fA-F:]+\]:\d{1,5}", address
    ):
        raise ValueError(
            "should be auto or HOST:PORT of the cluster's head, which this machine has joined"
        )
    return address


def _expand_home(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError("begins with ~ but there is no such home directory") from None


def _expand_variables(path: Path) -> Path:
    expanded = os.path.expandvars(path)
    if "$" in expanded:
        raise ValueError("names a variable of the environment that is not set")
    return Path(expanded)


def _read_shards(value: object) -> Shards | None:
    if value is None or isinstance(value, Shards):
        return value
    if not isinstance(value, str):
        raise ValueError(FORM)
    return parse_shards(value)


_UserPath = Annotated[Path, AfterValidator(_expand_home)]
_StoreKey = Annotated[
    SecretStr | None, BeforeValidator(none_if_blank), AfterValidator(check_store_key)
]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    at_most: ClassVar[Mapping[str, str]] = {}
    """Keys that contradict another one when they are above it."""

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Self:
        for lower, upper in self.at_most.items():
            if getattr(self, lower) > getattr(self, upper):
                fields = type(self).model_fields
                raise ValueError(
                    f"{lower} (by default {fields[lower].default}) should be at most {upper} "
                    f"(by default {fields[upper].default}). Lower the one or raise the other"
                )
        return self


class DiscordSettings(_Section):
    """How to reach Discord. Token and proxy are secret: a proxy URL can hold a password.

    token_file: a file that holds the token; `bot.config` reads it. message_content: ask for the
    privileged intent of that name, to read whole channels aloud. shards: which ones this process
    runs; None is "auto": all of them, as many as Discord advises.
    """

    token: Annotated[
        SecretStr | None, BeforeValidator(none_if_blank), AfterValidator(check_token)
    ] = None
    token_file: Annotated[_UserPath, AfterValidator(_expand_variables)] | None = None
    proxy: Annotated[
        SecretStr | None, BeforeValidator(none_if_blank), AfterValidator(check_proxy)
    ] = None
    message_content: bool = False
    shards: Annotated[Shards | None, BeforeValidator(_read_shards)] = None

    @model_validator(mode="after")
    def _refuse_two_origins(self) -> Self:
        if self.token is not None and self.token_file is not None:
            raise ValueError("token and token_file cannot both be set. Take one away")
        return self

    def secrets(self) -> list[str]:
        """Return what must never be logged."""
        return [secret.get_secret_value() for secret in (self.token, self.proxy) if secret]


class StorageSettings(_Section):
    """Where voices are kept, and what they are sealed with: keys of a file, or the keys themselves.

    key: as the lines of a key file, apart by white space or commas. Secret. departed_days: how long
    the data of servers and members stays after they left. clips: of recordings in an S3-compatible
    store, s3://bucket/prefix; None keeps them in the directory. clips_cache_mb: bound of the copies
    of them that this process's engine reads.
    """

    directory: _UserPath = Path("data")
    clips: Annotated[str | None, BeforeValidator(none_if_blank), AfterValidator(check_clips)] = None
    clips_endpoint: Annotated[
        str | None, BeforeValidator(none_if_blank), AfterValidator(check_endpoint)
    ] = None
    clips_region: Annotated[
        str | None, BeforeValidator(none_if_blank), AfterValidator(check_region)
    ] = None
    clips_access_key: _StoreKey = None
    clips_secret_key: _StoreKey = None
    clips_cache_mb: Annotated[int, Field(ge=16, le=65_536)] = 256
    departed_days: Annotated[int, Field(ge=0, le=3650)] = 30
    key_file: Annotated[_UserPath, AfterValidator(_expand_variables)] | None = None
    key: Annotated[SecretStr | None, BeforeValidator(none_if_blank), AfterValidator(check_keys)] = (
        None
    )
    url: Annotated[
        SecretStr | None, BeforeValidator(none_if_blank), AfterValidator(check_database)
    ] = None
    """Of a PostgreSQL database for the rows; None keeps them in the directory. Secret."""

    @model_validator(mode="after")
    def _refuse_two_origins(self) -> Self:
        if self.key is not None and self.key_file is not None:
            raise ValueError("key and key_file cannot both be set. Take one away")
        return self

    @model_validator(mode="after")
    def _refuse_half_of_the_keys(self) -> Self:
        if (self.clips_access_key is None) != (self.clips_secret_key is None):
            raise ValueError("clips_access_key and clips_secret_key go together. Set both or none")
        return self

    def secrets(self) -> list[str]:
        """Return what must never be logged."""
        keys = re.split(r"[\s,]+", self.key.get_secret_value()) if self.key else []
        others = (self.clips_access_key, self.clips_secret_key)
        return keys + [other.get_secret_value() for other in others if other is not None]


class EngineSettings(_Section):
    """Which engine speaks, and on what.

    devices: in place of `device`, one engine for each of them.
    """

    kind: Literal["auto", "chatterbox", "piper"] = "auto"
    model: Literal["auto", ChatterboxModel] = "auto"
    checkpoint: _UserPath | None = None
    device: Annotated[str, AfterValidator(_known_device)] = "auto"
    devices: (
        Annotated[
            list[Annotated[str, AfterValidator(_known_device)]], Field(min_length=1, max_length=64)
        ]
        | None
    ) = None
    precision: Precision = "auto"
    flow_precision: FlowPrecision = "auto"
    decode: Decode = "own"
    slots: Annotated[int, Field(ge=1, le=64)] | None = None
    graphs: bool = True
    fused: bool = True
    tf32: bool = False
    vocoder_batch: Annotated[int, Field(ge=1, le=8)] = 1
    prompt_seconds: Annotated[float, Field(ge=2, le=10)] | None = None
    check_speech: bool = True
    check_retries: Annotated[int, Field(ge=0, le=10)] = 2
    trim_tail: bool = True
    steady_short: bool = True
    cache_mb: Annotated[int, Field(ge=16, le=65_536)] = 256
    load_timeout_seconds: Annotated[float, Field(ge=10, le=7200)] = 1800
    sentence_timeout_seconds: Annotated[float, Field(ge=5, le=3600)] = 300
    executor: Literal["process", "ray"] = "process"
    ray_address: Annotated[str, AfterValidator(_cluster_address)] = "auto"
    ray_namespace: Annotated[str, Field(pattern=r"^[\w.-]{1,64}$")] = "mynah"
    ray_actors: Literal["auto"] | Annotated[int, Field(ge=0, le=1024)] = "auto"
    ray_gpus: Annotated[float, Field(ge=0, le=1)] = 1

    @model_validator(mode="after")
    def _refuse_unclear_devices(self) -> Self:
        devices = self.devices or []
        if devices and self.device != "auto":
            raise ValueError("device and devices cannot both be set. Take one away")
        if devices and self.executor == "ray":
            raise ValueError(
                'devices are those of this machine; with executor = "ray" say ray_actors instead'
            )
        if "auto" in devices:
            raise ValueError("devices should name each device, such as cuda:0, and not auto")
        cards = ["cuda:0" if name == "cuda" else name for name in devices if name != "cpu"]
        if twice := [name for name in dict.fromkeys(cards) if cards.count(name) > 1]:
            raise ValueError(f"devices names {twice[0]} twice. Only cpu may be named again")
        if cards and self.kind == "piper":
            raise ValueError(f"devices names {cards[0]}, and piper speaks on cpu only")
        return self


class EnrolmentSettings(_Section):
    """What an upload may be, and what the media worker may use."""

    at_most = {"min_speech_seconds": "keep_seconds"}

    max_upload_mb: Annotated[float, Field(ge=0.1, le=500)] = 25
    max_minutes: Annotated[float, Field(ge=0.1, le=60)] = 10
    keep_seconds: Annotated[float, Field(ge=10, le=120)] = 30
    min_speech_seconds: Annotated[float, Field(ge=1, le=30)] = 3
    least_similarity: Annotated[float, Field(ge=0, le=1)] = 0.6
    no_go_names: Annotated[list[str], AfterValidator(check_patterns), Field(max_length=1000)] = []
    no_go_clips: _UserPath | None = None
    no_go_similarity: Annotated[float, Field(ge=0.1, le=1)] = 0.8
    worker_memory_mb: Annotated[int, Field(ge=512, le=65_536)] = 2048
    worker_cpu_seconds: Annotated[float, Field(ge=5, le=3600)] = 120


class SpeechSettings(_Section):
    """How texts are cut into sentences, and what is kept of what was said."""

    at_most = {"first_sentence_characters": "sentence_characters"}

    max_characters: Annotated[int, Field(ge=1, le=100_000)] = 3000
    sentence_characters: Annotated[int, Field(ge=40, le=300)] = 260
    first_sentence_characters: Annotated[int, Field(ge=20, le=300)] = 100
    phrase_cache_mb: Annotated[int, Field(ge=0, le=4096)] = 32


class VoiceSettings(_Section):
    """How the bot behaves in voice channels."""

    alone_seconds: Annotated[float, Field(ge=5, le=86_400)] = 60
    prefetch_seconds: Annotated[float, Field(ge=5, le=300)] = 30


_Count = Annotated[int, Field(ge=1, le=1_000_000)]
_Megabytes = Annotated[int, Field(ge=1, le=10_000_000)]
_Minutes = Annotated[int, Field(ge=1, le=1_000_000)]


class LimitSettings(_Section):
    """What one server or member may use, of members' doing; the operator's own is not counted.

    What a server sets for its members is at most what is allowed here: see
    `bot.operations.limits.CEILINGS`. A day is the last 24 hours.
    """

    at_most = {"queue_per_member": "queue_per_guild"}

    voices_per_guild: _Count = 1000
    voices_per_member: _Count = 100
    stored_mb_per_guild: _Megabytes = 4096
    stored_mb_per_member: _Megabytes = 256
    enrolments_per_day_per_guild: _Count = 500
    enrolments_per_day_per_member: _Count = 50
    recordings_per_day_per_guild: _Count = 2000
    recordings_per_day_per_member: _Count = 100
    upload_mb_per_day_per_guild: _Megabytes = 4096
    upload_mb_per_day_per_member: _Megabytes = 512
    speech_minutes_per_day_per_guild: _Minutes = 1440
    speech_minutes_per_day_per_member: _Minutes = 1440
    texts_per_minute_per_guild: Annotated[int, Field(ge=1, le=100_000)] = 600
    says_per_minute_per_member: Annotated[int, Field(ge=1, le=1000)] = 120
    reads_per_minute_per_member: Annotated[int, Field(ge=1, le=1000)] = 240
    exports_per_day_per_member: Annotated[int, Field(ge=1, le=1000)] = 5
    dictionary_entries_per_guild: Annotated[int, Field(ge=1, le=10_000)] = 2000
    dictionary_entries_per_member: Annotated[int, Field(ge=1, le=10_000)] = 2000
    queue_per_guild: Annotated[int, Field(ge=1, le=1000)] = 20
    queue_per_member: Annotated[int, Field(ge=1, le=1000)] = 5


class LoggingSettings(_Section):
    """What is logged and how it looks."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "text", "json"] = "auto"


class MetricsSettings(_Section):
    """Where figures and health are told: for Prometheus, a health check and `mynah status`.

    host: whoever can reach it reads how much the bot is used, so it is this machine by default.
    """

    enabled: bool = False
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 9464
