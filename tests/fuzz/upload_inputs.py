"""Uploads, and what damages them: a container each, mutated where its structure is."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from typing import TypeAlias

from tests.samples import encode, speech_samples

SECONDS = 1.5
"""Of each recording: short, so that many can be tried."""

HEAD_BYTES = 2048
"""Where most containers keep their structure."""

CONTAINERS: tuple[tuple[str, str, int, int], ...] = (
    ("ogg", "libopus", 48_000, 1),
    ("ogg", "vorbis", 48_000, 2),
    ("mp3", "libmp3lame", 48_000, 1),
    ("wav", "pcm_s16le", 24_000, 1),
    ("flac", "flac", 24_000, 1),
    ("ipod", "aac", 48_000, 1),
    ("mp4", "aac", 48_000, 1),
    ("mov", "alac", 48_000, 1),
    ("webm", "libopus", 48_000, 1),
    ("matroska", "libmp3lame", 48_000, 1),
    ("aiff", "pcm_s16be", 24_000, 1),
    ("adts", "aac", 48_000, 1),
    ("caf", "alac", 48_000, 1),
    ("3gp", "aac", 48_000, 1),
    ("flv", "aac", 44_100, 1),
    ("avi", "libmp3lame", 48_000, 1),
    ("mpegts", "mp2", 48_000, 1),
    ("asf", "libmp3lame", 44_100, 1),
    ("w64", "pcm_s16le", 24_000, 1),
    ("wv", "wavpack", 48_000, 1),
    ("tta", "tta", 48_000, 1),
    ("au", "pcm_s16be", 24_000, 1),
    ("ac3", "ac3", 48_000, 1),
)
"""FFmpeg's names of the container and the encoder, the rate and the channels."""

_NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)

Damage: TypeAlias = Callable[[bytearray, random.Random], None]


@functools.cache
def upload(container: str, codec: str, rate: int, channels: int) -> bytes:
    """Return a recording that is whole."""
    return encode(speech_samples(SECONDS), rate, container, codec, channels)


def mutated(case: int, seed: int) -> tuple[str, bytes]:
    """Return the container's name and the bytes of a case."""
    name, *others = CONTAINERS[case % len(CONTAINERS)]
    chance = random.Random(f"{seed} {case}")
    data = bytearray(upload(name, *others))
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        chance.choice(DAMAGES)(data, chance)
    return f"{name}/{others[0]}", bytes(data)


def _place(data: bytearray, chance: random.Random) -> int:
    most = len(data) if chance.random() < 0.3 else min(len(data), HEAD_BYTES)
    return chance.randrange(max(1, most))


def _flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 2, 8, 64))):
        if data:
            data[_place(data, chance)] ^= 1 << chance.randrange(8)


def _number(data: bytearray, chance: random.Random) -> None:
    at, width = _place(data, chance), chance.choice((1, 2, 4, 8))
    value = chance.choice(_NUMBERS) & ((1 << 8 * width) - 1)
    data[at : at + width] = value.to_bytes(width, chance.choice(("big", "little")))


def _noise(data: bytearray, chance: random.Random) -> None:
    at, length = _place(data, chance), chance.choice((1, 4, 16, 256))
    data[at : at + length] = chance.randbytes(length)


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[_place(data, chance) :]


def _remove(data: bytearray, chance: random.Random) -> None:
    at = _place(data, chance)
    del data[at : at + chance.choice((1, 4, 64, 1024))]


def _repeat(data: bytearray, chance: random.Random) -> None:
    at, length = _place(data, chance), chance.choice((4, 64, 1024))
    part = data[at : at + length]
    data[at:at] = part * chance.choice((1, 2, 16, 200))


def _move(data: bytearray, chance: random.Random) -> None:
    at, to = _place(data, chance), _place(data, chance)
    part = data[at : at + 64]
    del data[at : at + 64]
    data[to:to] = part


def _blank(data: bytearray, chance: random.Random) -> None:
    at, length = _place(data, chance), chance.choice((8, 128, 2048))
    data[at : at + length] = bytes([chance.choice((0, 0xFF))]) * len(data[at : at + length])


def _graft(data: bytearray, chance: random.Random) -> None:
    """Put the beginning of one kind before the rest of another."""
    other = upload(*chance.choice(CONTAINERS))
    length = chance.choice((4, 12, 64, 512))
    data[:length] = other[:length]


_SAME_LENGTH = (_flip, _number, _noise, _blank)
_MOVING = (_cut, _remove, _repeat, _move, _graft)
DAMAGES: tuple[Damage, ...] = (*_SAME_LENGTH, *_MOVING)
