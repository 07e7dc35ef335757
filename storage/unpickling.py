"""Reading a pickled clip from an untrusted file, without running any of it.

Nothing is unpickled: the operations of the pickle are compared with those that the writer makes. An
unpickler that only looks at names is not enough. A file of 136 bytes can hold a tuple that holds
another twice, and so on; as a key of a dict, its hash takes 2^depth steps.
"""

from __future__ import annotations

import pickletools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from storage.texts import excerpt


class FaultError(Exception):
    """What is wrong with a clip's content; whoever knows the file's name completes it."""


@dataclass(frozen=True, slots=True)
class PickledClip:
    """What a clip's pickle says. code, order: numpy's of the samples, such as "f4" and "<"."""

    format: int
    sample_rate: int
    shape: int
    code: str
    order: str
    data: bytes | bytearray


Token: TypeAlias = tuple[str, object]

_MAX_OPERATIONS = 256  # a clip has about 90

_KINDS = {
    "BININT": "int", "BININT1": "int", "BININT2": "int", "SHORT_BINUNICODE": "str",
    "SHORT_BINBYTES": "bytes", "BINBYTES": "bytes", "BYTEARRAY8": "bytes",
}  # fmt: skip

# As text: `kind=value` is a value that must be so, `kind:name` one that is looked at later, and any
# other word an operation. Frames and the filling of the memo are left out.
_BEGINNING = "EMPTY_DICT MARK str=format int:format str=sample_rate int:sample_rate str=samples"
_DTYPE = """
str=numpy str=dtype STACK_GLOBAL str:code NEWFALSE NEWTRUE TUPLE3 REDUCE
MARK int=3 str:order NONE NONE NONE int=-1 int=-1 int=0 TUPLE BUILD
"""
_PROTOCOL_4 = f"""
PROTO=4 {_BEGINNING}
str=numpy.MODULE.multiarray str=_reconstruct STACK_GLOBAL str=numpy str=ndarray STACK_GLOBAL
int=0 TUPLE1 bytes=b TUPLE3 REDUCE
MARK int=1 int:shape TUPLE1 {_DTYPE} NEWFALSE bytes:data TUPLE BUILD SETITEMS STOP
"""
_PROTOCOL_5 = f"""
PROTO=5 {_BEGINNING}
str=numpy.MODULE.numeric str=_frombuffer STACK_GLOBAL
MARK bytes:data {_DTYPE} int:shape TUPLE1 str=C TUPLE REDUCE SETITEMS STOP
"""
_LAYOUTS = tuple(
    tuple(layout.replace("MODULE", module).split())
    for layout in (_PROTOCOL_4, _PROTOCOL_5)
    for module in ("core", "_core")  # numpy 1, numpy 2
)


def unpickle(content: bytes) -> PickledClip:
    """Return what a clip's pickle says. Takes time and memory in proportion to `content`.

    Raises FaultError if it is damaged, or holds or asks for anything else.
    """
    try:
        tokens = list(_tokens(content))
    except FaultError:
        raise
    except Exception as error:  # pickletools documents none
        raise FaultError(f"its pickle is damaged ({excerpt(str(error))})") from error
    for layout in _LAYOUTS:
        values = _match(tokens, layout)
        if values is not None:
            return PickledClip(**values)  # type: ignore[arg-type]
    raise FaultError(
        "it holds something else than format, sample_rate and samples, or was written by a newer "
        "Mynah"
    )


def _tokens(content: bytes) -> Iterator[Token]:
    memo: list[Token] = []
    token: Token = ("", None)
    for number, (opcode, argument, _) in enumerate(pickletools.genops(content)):
        if number >= _MAX_OPERATIONS:
            raise FaultError("its pickle holds more than a clip")
        if opcode.name == "FRAME":
            continue
        if opcode.name == "MEMOIZE":
            memo.append(token)
            continue
        token = _token(opcode.name, argument, memo)
        yield token


def _token(name: str, argument: object, memo: list[Token]) -> Token:
    if name != "BINGET":
        return _KINDS.get(name, name), argument
    remembered = memo[argument] if isinstance(argument, int) and argument < len(memo) else None
    if remembered is None or remembered[0] != "str":
        raise FaultError("its pickle uses something twice that is no text")
    return remembered


def _match(tokens: list[Token], layout: tuple[str, ...]) -> dict[str, object] | None:
    """Return the values by name, or None if the tokens are others."""
    if len(tokens) != len(layout):
        return None
    values = {}
    for (kind, value), wanted in zip(tokens, layout, strict=True):
        if wanted.startswith(f"{kind}:"):
            values[wanted.partition(":")[2]] = value
        elif wanted != kind and not _is(kind, value, wanted):
            return None
    return values


def _is(kind: str, value: object, wanted: str) -> bool:
    # Values of another kind are not turned into text: a long number has none.
    return wanted.startswith(f"{kind}=") and wanted.partition("=")[2] == _shown(value)


def _shown(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def array_of(clip: PickledClip) -> npt.NDArray[np.float32]:
    """Return the float32 array of shape (n,) that a clip's pickle describes. Raises FaultError."""
    if (clip.code, clip.order) != ("f4", "<"):
        raise FaultError("its samples are not little-endian float32")
    if clip.shape * 4 != len(clip.data):
        raise FaultError(f"its shape ({clip.shape},) is not that of its samples")
    return np.frombuffer(clip.data, dtype="<f4").astype(np.float32)  # a copy, to be written to
