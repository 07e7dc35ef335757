"""Unpickling a dict with a numpy array from an untrusted file, without running any of it."""

from __future__ import annotations

import io
import itertools
import pickle
import pickletools
import reprlib
from typing import Any

import numpy as np
import numpy.typing as npt


class FaultError(Exception):
    """What is wrong with a clip's content; whoever knows the file's name completes it."""


class _DType:
    """Stands in for numpy.dtype: remembers its code ("f4") and byte order ("<")."""

    __slots__ = ("code", "order")

    def __init__(self, code: object, *_flags: object) -> None:
        self.code = code
        self.order: object = None

    def __setstate__(self, state: Any) -> None:
        self.order = state[1]


class _Array:
    """Stands in for numpy.ndarray and `_reconstruct`: remembers shape, dtype and data.

    The real ones do as the file says before anyone can check: `ndarray((10**9,), "O")` in a file
    of 100 bytes fills 8 GB.
    """

    __slots__ = ("data", "dtype", "shape")

    def __init__(self, *_prototype: object) -> None:
        self.shape: object = None
        self.dtype: object = None
        self.data: object = None

    def __setstate__(self, state: Any) -> None:
        _version, self.shape, self.dtype, _fortran_order, self.data = state


class _BufferArray(_Array):
    """Stands in for `_frombuffer`, which numpy pickles arrays with in protocol 5."""

    __slots__ = ()

    def __init__(self, data: object, dtype: object, shape: object, *_order: object) -> None:
        super().__init__()
        self.shape, self.dtype, self.data = shape, dtype, data


_GLOBALS: dict[tuple[str, str], type] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _DType,
    # numpy 1, numpy 2
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy.core.numeric", "_frombuffer"): _BufferArray,
    ("numpy._core.numeric", "_frombuffer"): _BufferArray,
}

# What a pickled dict with an array is made of. Others can ask for memory that the file does not
# pay for, as LONG_BINPUT grows the memo to any size. Walking over them first also finds a length
# that promises more than the file has, before anything is allocated for it.
_OPCODES = frozenset({
    "PROTO", "FRAME", "MARK", "STOP", "MEMOIZE", "BINGET", "EMPTY_DICT", "SETITEMS", "NONE",
    "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "SHORT_BINUNICODE", "SHORT_BINBYTES",
    "BINBYTES", "BYTEARRAY8", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "STACK_GLOBAL", "REDUCE",
    "BUILD",
})  # fmt: skip
_MAX_OPCODES = 256  # a clip has about 90


class _ClipUnpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str, /) -> type:
        try:
            return _GLOBALS[module_name, global_name]
        except KeyError:
            raise FaultError(
                f"its pickle names {reprlib.repr(f'{module_name}.{global_name}')}, "
                "which no clip needs"
            ) from None


def unpickle(content: bytes) -> object:
    """Return the pickled object; an array in it is a stand-in that `array_of` reads.

    Raises FaultError if it is damaged, or holds or asks for anything else.
    """
    try:
        operations = itertools.islice(pickletools.genops(content), _MAX_OPCODES + 1)
        names = [opcode.name for opcode, _, _ in operations]
        if len(names) > _MAX_OPCODES or not _OPCODES.issuperset(names):
            raise FaultError("its pickle holds more than a dict with an array")
        return _ClipUnpickler(io.BytesIO(content)).load()
    except FaultError:
        raise
    except Exception as error:  # pickle's own documentation allows any
        raise FaultError(f"its pickle is damaged ({reprlib.repr(str(error))})") from error


def array_of(array: object) -> npt.NDArray[np.float32]:
    """Return the float32 array of shape (n,) that a stand-in describes. Raises FaultError."""
    if not isinstance(array, _Array) or not isinstance(array.dtype, _DType):
        raise FaultError("its samples are not an array")
    if (array.dtype.code, array.dtype.order) != ("f4", "<"):
        raise FaultError("its samples are not little-endian float32")
    data = array.data
    if not isinstance(data, bytes | bytearray) or array.shape != (len(data) / 4,):
        raise FaultError(f"its samples have the shape {reprlib.repr(array.shape)}, not (n,)")
    return np.frombuffer(data, dtype="<f4").astype(np.float32)  # a copy, so it can be written to
