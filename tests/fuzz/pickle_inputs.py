"""Files in place of a clip's: hand-made hostile ones, and valid ones changed at random."""

from __future__ import annotations

import gzip
import pickle
import pickletools
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import numpy as np

from storage.clips import encode_clip
from storage.sealing import KeyRing, clip_context
from storage.types import ReferenceClip

CLIP = ReferenceClip(np.random.default_rng(1).normal(0, 0.1, 96).astype(np.float32))
PLAIN = encode_clip(CLIP)
PICKLED = gzip.decompress(PLAIN)
KEYS = KeyRing([bytes(range(32))])
OTHER_KEYS = KeyRing([b"another key that is not there ..."[:32]])
CONTEXT = clip_context(CLIP.sha256)

Make: TypeAlias = Callable[[Random], bytes]

_BOMB_MB = 60


def whole(protocol: int) -> bytes:
    """A clip as `pickle` writes it; protocols 0 to 3 are none of ours."""
    content = {"format": 1, "sample_rate": 24_000, "samples": CLIP.samples}
    return pickle.dumps(content, protocol=protocol)


PICKLES = [PICKLED, *(whole(protocol) for protocol in range(6)),
           PICKLED.replace(b"\x16numpy._core.multi", b"\x15numpy.core.multi")]  # fmt: skip


def calls(marker: Path) -> list[bytes]:
    """Programs for the machine of pickle that run something, by every operation that can.

    Each would make the file `marker`, or import or call something else.
    """
    path = str(marker).encode()
    text = b"\x8c" + bytes([len(path)]) + path
    line = b"S'" + path + b"'\n"
    return [
        b"cos\nmkdir\n(" + line + b"tR.",
        b"(" + line + b"ios\nmkdir\n.",
        b"(cos\nmkdir\n" + line + b"o.",
        b"\x80\x02cos\nmkdir\n" + line + b"\x85R.",
        b"\x80\x04\x8c\x02os\x8c\x05mkdir\x93" + text + b"\x85R.",
        b"\x80\x04\x8c\x07pathlib\x8c\x04Path\x93" + text + b"\x85\x81.",
        b"\x80\x04\x8c\x07pathlib\x8c\x04Path\x93" + text + b"\x85}\x92.",
        b"\x80\x04\x8c\x08builtins\x8c\x04exec\x93\x8c\x0fimport colorsys\x85R.",
        b"\x80\x04\x8c\x08builtins\x8c\x04open\x93" + text + b"\x8c\x01w\x86R.",
        b"\x80\x04\x8c\x05types\x8c\x0fSimpleNamespace\x93)R}\x8c\x09__class__Nsb.",
        b"\x80\x04\x8c\x0bcollections\x8c\x0bOrderedDict\x93)R(K\x01K\x02e.",
        b"\x80\x02\x82\x01.", b"\x80\x02\x83\x01\x01.", b"\x80\x02\x84\x01\x00\x00\x00.",
        b"\x80\x02\x84\xff\xff\xff\x7f.", b"Pos.system\n.", b"\x80\x02K\x01Q.",
        b"\x80\x05\x97\x98.", b"c__main__\nnothing\n.", b"cos\nsystem\n0(lp0\n.",
        b"\x80\x04\x8c\x16numpy._core.multiarray\x8c\x0c_reconstruct\x93" + text + b"\x85R.",
    ]  # fmt: skip


def doubled(depth: int) -> bytes:
    """A tuple that holds the one before twice, and so on: 2^depth steps to hash or show."""
    steps = b"".join(b"h" + bytes([n]) + b"h" + bytes([n]) + b"\x86\x94" for n in range(depth))
    return b")\x94" + steps


def long_integer(size: int) -> bytes:
    """LONG4: a number of so many bytes; as text, it would take the square of that in time."""
    return b"\x8b" + struct.pack("<i", size) + b"\x7f" * size


def bomb() -> bytes:
    """A small gzip file of zeros; made in blocks, because memory is measured."""
    stream = zlib.compressobj(1, wbits=31)
    block = b"\0" * 1_000_000
    return b"".join(stream.compress(block) for _ in range(_BOMB_MB)) + stream.flush()


def handmade(marker: Path) -> list[bytes]:
    """Files that were thought of, not found."""
    pickled = [
        *calls(marker),
        b"\x80\x04}(" + doubled(60) + b"K\x01u.",
        b"\x80\x04}(\x8c\x06format" + doubled(50) + b"u.",
        b"\x80\x04" + b")" + b"\x85" * 200_000 + b".",
        b"\x80\x04" + b"(" * 200_000 + b".", b"\x80\x04" + b"]\x94h\x00a" * 50_000 + b".",
        b"\x80\x04r\xff\xff\xff\xff.", b"\x80\x04}r\xff\xff\xff\x7fj\xff\xff\xff\x7f.",
        b"\x80\x04X\xff\xff\xff\xff", b"\x80\x04\x8d" + b"\xff" * 8, b"\x80\x04\x8e" + b"\x7f" * 8,
        b"\x80\x05\x96" + b"\xff" * 8, b"\x80\x04B\xff\xff\xff\xff", b"\x80\x04\x95" + b"\xff" * 8,
        b"\x80\x04" + long_integer(2_000_000) + b".", b"\x80\x04\x8b\xff\xff\xff\xff.",
        b"I" + b"9" * 1_000_000 + b"\n.", b"L" + b"9" * 1_000_000 + b"L\n.",
        b"F" + b"9" * 1_000_000,
        b"V" + b"\\u0041" * 500_000 + b"\n.", b"S'" + b"\\x41" * 500_000 + b"'\n.",
        *(PICKLED.replace(b"K\x01", long_integer(size), 1) for size in (8, 2000, 1_000_000)),
        PICKLED.replace(b"M\xc0\x5d", long_integer(2000), 1),
        PICKLED.replace(b"\x8c\x05numpy", b"X\x80\x84\x1e\x00" + b"n" * 2_000_000, 1),
        b"\x80\x04" * 100_000, b"\x80\xff.", b"", b".", b"\x00" * 1000,
    ]  # fmt: skip
    compressed = [
        bomb(), gzip.compress(bomb()),
        gzip.compress(b"", mtime=0) * 50_000,
        zlib.compress(PICKLED), PLAIN + PLAIN, PLAIN[:-8] + b"\0" * 8, PLAIN[:10], b"\x1f\x8b", b"",
        PLAIN[:3] + b"\x1c" + PLAIN[4:10] + b"\xff\xff" + b"a" * 0xFFFF + b"n" * 99_999 + b"\0\0",
    ]  # fmt: skip
    plain = [gzip.compress(content, 1) for content in pickled] + compressed
    return plain + [KEYS.seal(content, CONTEXT) for content in plain]


def changed(random: Random) -> bytes:
    """A file that was a clip's, or a program of random operations; sealed a fifth of the time."""
    if random.random() < 0.25:
        content = _bytes_changed(PLAIN, random)
    else:
        way = random.choice(_WAYS)
        content = gzip.compress(way(random), 0, mtime=0)
        if random.random() < 0.05:
            content = _bytes_changed(content, random)
    return _sealed(content, random) if random.random() < 0.2 else content


def _sealed(content: bytes, random: Random) -> bytes:
    ring, context = random.choice([
        (KEYS, CONTEXT), (KEYS, CONTEXT), (KEYS, b"clip of another"), (OTHER_KEYS, CONTEXT),
    ])  # fmt: skip
    sealed = ring.seal(content, context)
    if random.random() < 0.5:
        return sealed
    return _bytes_changed(sealed[: random.choice([20, 44, 60, len(sealed)])], random)


def _bytes_changed(content: bytes, random: Random) -> bytes:
    """Do one to eight small changes: bits, bytes, lengths, cuts, repeats, pieces elsewhere."""
    data = bytearray(content)
    for _ in range(random.choice([1, 1, 1, 2, 3, 8])):
        at, length = random.randrange(len(data) + 1), random.choice([1, 1, 2, 4, 8, 40])
        match random.randrange(6):
            case 0 if at < len(data):
                data[at] ^= 1 << random.randrange(8)
            case 1:
                data[at : at + length] = random.randbytes(length)
            case 2:
                data[at : at + length] = random.choice([b"\xff", b"\0", b"\x7f"]) * length
            case 3:
                del data[at:]
            case 4:
                data[at:at] = data[at : at + length]
            case 5:
                piece = data[at : at + length]
                del data[at : at + length]
                place = random.randrange(len(data) + 1)
                data[place:place] = piece
    return bytes(data)


def _pickle_bytes_changed(random: Random) -> bytes:
    return _bytes_changed(random.choice(PICKLES), random)


def _operations_changed(random: Random) -> bytes:
    """A clip's own operations, some left out, twice, moved or exchanged for others."""
    pieces = list(random.choice(_OPERATIONS))
    for _ in range(random.choice([1, 1, 2, 3, 10])):
        at = random.randrange(len(pieces))
        match random.randrange(4):
            case 0:
                pieces[at] = _operation(random)
            case 1:
                pieces.insert(at, _operation(random))
            case 2 if len(pieces) > 1:
                del pieces[at]
            case _:
                pieces.insert(at, random.choice(pieces))
    return b"".join(pieces)


def _random_program(random: Random) -> bytes:
    protocol = random.choice([b"", *(b"\x80" + bytes([n]) for n in (1, 2, 3, 4, 5, 6, 255))])
    return protocol + b"".join(_operation(random) for _ in range(random.randrange(60))) + b"."


def _call_in_a_clip(random: Random) -> bytes:
    """Something that calls, in place of a value or before the end of a clip."""
    program = random.choice(calls(Path("marker-of-a-call")))
    program = program.removeprefix(program[:2] if program[:1] == b"\x80" else b"")[:-1]
    pieces = list(random.choice(_OPERATIONS))
    at = random.randrange(1, len(pieces))
    pieces[at : at + random.randrange(2)] = [program]
    return b"".join(pieces)


_WAYS: list[Make] = [_pickle_bytes_changed, _operations_changed, _random_program, _call_in_a_clip]


def _split(content: bytes) -> list[bytes]:
    places = [place for _, _, place in pickletools.genops(content)]
    ends = [*places[1:], len(content)]
    return [content[begin:end] for begin, end in zip(places, ends, strict=True)]  # type: ignore[misc]


_OPERATIONS = [_split(content) for content in PICKLES]


def _operation(random: Random) -> bytes:
    """Any operation of any protocol, with an argument as it wants one, or almost."""
    opcode: Any = random.choice(pickletools.opcodes)
    code = opcode.code.encode("latin-1")
    return code if opcode.arg is None else code + _argument(opcode.arg.name, random)


_NAMES = [b"os\nsystem\n", b"builtins\neval\n", b"numpy\nndarray\n", b"a\nb\n", b"\n\n", b"x" * 999]
_TEXTS = [b"format", b"numpy", b"samples", b"os", b"__reduce__", b"\xff\xfe", b"\xed\xa0\x80", b""]


def _argument(kind: str, random: Random) -> bytes:
    if kind.startswith(("uint", "int")):
        return _number(int(kind[-1]), random)
    if kind == "float8":
        return random.randbytes(8)
    if kind == "stringnl_noescape_pair":
        return random.choice(_NAMES)
    if kind.startswith(("decimal", "float")):
        return random.choice([b"1", b"-1", b"0x1", b"1e999", b"nan", b"01", b"9" * 5000]) + b"\n"
    if kind.endswith(("nl", "nl_noescape")):
        return random.choice([b"'a'", b'"', b"\\ud800", b"\\x", b"x" * 5000, b""]) + b"\n"
    return _counted(int(kind[-1]), random)


def _number(size: int, random: Random) -> bytes:
    if random.random() < 0.5:  # small, so that memo and lengths may fit
        return random.randrange(200).to_bytes(size, "little")
    return random.choice([b"\0" * size, b"\xff" * size, b"\x7f" * size, random.randbytes(size)])


def _counted(size: int, random: Random) -> bytes:
    """A length of 1, 4 or 8 bytes and the text, of which the length may not be true."""
    text = random.choice([*_TEXTS, b"x" * 300, random.randbytes(8)])
    if size == 1:
        text = text[:255]
    if random.random() < 0.1:
        return random.choice([b"\xff", b"\x7f"]) * size + text
    return len(text).to_bytes(size, "little") + text
