"""A sentence on its way from another machine: a stream of byte strings.

The first byte says what follows: Opus packets, each after its length in two bytes (big-endian), of
0.5 s at first and 1 s afterwards; or, last of all, the facts: the `Speech` without its packets, or
the error in its place, as `bot.workers.answers` writes it, so that no code can come out of it.
"""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from bot.errors import MynahError
from bot.speech.types import PACKET_SECONDS, Speech, SynthesisResult
from bot.worker_answers import ENGINE_ANSWERS
from bot.workers.answers import AnswerCodec
from bot.workers.protocol import GarbageError, Raised, Returned

FIRST_PACKETS: Final = round(0.5 / PACKET_SECONDS)
PACKETS: Final = round(1.0 / PACKET_SECONDS)

UNKNOWN_CLIP: Final = b"U"
"""In place of speech: the recording of its voice has to come along."""

_PACKETS, _FACTS = b"P", b"F"
_LENGTH = struct.Struct(">H")
_codec = AnswerCodec(ENGINE_ANSWERS)


def pieces(result: SynthesisResult) -> Iterator[bytes]:
    """Yield a sentence, or the error in its place, as it travels."""
    if isinstance(result, Speech):
        packets = result.packets
        for start, end in _spans(len(packets)):
            yield _PACKETS + b"".join(
                _LENGTH.pack(len(packet)) + packet for packet in packets[start:end]
            )
        yield _FACTS + _codec.encode_outcome(Returned(dataclasses.replace(result, packets=())))
    else:
        yield _FACTS + _codec.encode_outcome(Raised(result))


def assemble(received: Iterable[bytes]) -> SynthesisResult:
    """Return the sentence, or the error in its place. Raises `GarbageError` for what is neither."""
    packets: list[bytes] = []
    for piece in received:
        kind, content = piece[:1], piece[1:]
        if kind == _PACKETS:
            packets += _cut(content)
        elif kind == _FACTS:
            return _with_facts(tuple(packets), content)
        else:
            raise GarbageError("a piece of speech of an unknown kind")
    raise GarbageError("speech without its end")


def _spans(count: int) -> Iterator[tuple[int, int]]:
    start, size = 0, FIRST_PACKETS
    while start < count:
        yield start, min(start + size, count)
        start, size = start + size, PACKETS


def _cut(content: bytes) -> Sequence[bytes]:
    packets, start = [], 0
    while start < len(content):
        if len(content) < start + _LENGTH.size:
            raise GarbageError("a piece of speech that is cut off")
        (length,) = _LENGTH.unpack_from(content, start)
        start += _LENGTH.size
        packets.append(content[start : start + length])
        start += length
    if start != len(content):
        raise GarbageError("a piece of speech that is cut off")
    return packets


def _with_facts(packets: tuple[bytes, ...], content: bytes) -> SynthesisResult:
    match _codec.decode(content):
        case Returned(Speech() as speech):
            return dataclasses.replace(speech, packets=packets)
        case Raised(MynahError() as error):
            return error
    raise GarbageError("facts of no speech")
