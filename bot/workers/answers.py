"""What a child answers, as it travels. Nothing of it is unpickled: a child that decodes strangers'
files may be in their hands, and a pickle can name code to be run.

An answer is a tree in MessagePack, which has no code, no references and no classes. Of numbers,
texts, lists and arrays it holds what it likes; beyond those only instances of classes that the
parent listed before, made by their own constructors. Longer bytes follow the tree, so that the tree
stays small enough to be read on the event loop. Whatever is wrong in it is a `GarbageError`.
"""

from __future__ import annotations

import builtins
import re
import string
import struct
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import msgpack
import numpy as np
import numpy.typing as npt

import bot.errors
from bot.confinement import Wall
from bot.i18n import Translatable
from bot.workers.protocol import Answer, Beat, Began, GarbageError, Raised, Ready, Returned, Unfit

TREE_BYTES = 1 << 20
"""Of an answer without its longer bytes."""

_LONG = 64  # bytes that follow the tree
_LENGTH = struct.Struct(">I")
_ARRAYS = {np.dtype(kind).str: np.dtype(kind) for kind in "?bhilqBHILQefd"}
_FORMAT = re.compile(r"\d?\d?,?(\.\d)?[a-z%]?")  # of a number in a text, which may be billions wide
_MESSAGES = (Beat, Began, Raised, Ready, Returned, Unfit)
_NEVER = (StopIteration, StopAsyncIteration, SyntaxError, Warning, BaseExceptionGroup)


def _errors_of(module: Any) -> list[type]:
    found = [kind for kind in vars(module).values() if isinstance(kind, type)]
    return [kind for kind in found if issubclass(kind, Exception) and not issubclass(kind, _NEVER)]


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


class AnswerCodec:
    """Writes and reads answers. Both sides are made with the same classes.

    kinds: dataclasses, and errors that are made by their `args`, which an answer may hold besides
    the errors of Python and of `bot.errors`. Of a dataclass its fields are arguments, in order.
    """

    def __init__(self, kinds: Iterable[type] = ()) -> None:
        always = (*_MESSAGES, Wall, *_errors_of(builtins), *_errors_of(bot.errors))
        self._kinds = {_name(kind): kind for kind in (*always, *kinds)}

    def encode(self, answer: object) -> bytes:
        """Return an answer as it travels. Raises TypeError, ValueError, ... for what cannot."""
        writer = _Writer(self._kinds)
        tree = writer.node(answer)
        sizes = [len(content) for content in writer.long]
        packed = msgpack.packb([tree, sizes], unicode_errors="surrogatepass")
        if len(packed) > TREE_BYTES:
            raise ValueError(f"{len(packed)} bytes are too many")
        return b"".join([_LENGTH.pack(len(packed)), packed, *writer.long])

    def encode_outcome(self, outcome: Returned | Raised) -> bytes:
        """Return the outcome of a call as it travels; if it cannot, an error that says so."""
        try:
            content = self.encode(outcome)
            if isinstance(outcome, Raised):
                self.decode(content)
        except Exception as error:
            what = outcome.error if isinstance(outcome, Raised) else outcome.value
            text = f"{type(what).__name__} cannot be passed to another process ({error!r})"
            if isinstance(outcome, Raised):
                text += f": {''.join(traceback.format_exception(outcome.error))}"
            return self.encode(Raised(TypeError(text[: TREE_BYTES // 8])))
        return content

    def decode(self, content: bytes) -> Answer:
        """Return an answer. Raises `GarbageError` for what is none."""
        try:
            answer: Answer = self._decode(memoryview(content))
        except Exception as error:
            raise GarbageError(f"{type(error).__name__}: {str(error)[:200]}") from None
        if not is_answer(answer):
            raise GarbageError(f"{type(answer).__name__} is no answer")
        return answer

    def _decode(self, content: memoryview) -> Any:
        (length,) = _LENGTH.unpack(content[: _LENGTH.size])
        if length > TREE_BYTES:
            raise ValueError("its tree is too large")
        start = _LENGTH.size + length
        tree, sizes = msgpack.unpackb(
            content[_LENGTH.size : start],
            unicode_errors="surrogatepass",
            max_map_len=0,
            max_ext_len=0,
        )
        parts = _cut(content[start:], sizes)
        answer = _Reader(self._kinds, parts).value(tree)
        if any(part is not None for part in parts):
            raise ValueError("a part that nothing uses")
        return answer


def is_answer(answer: object) -> bool:
    """Whether it is a message of a child, and its parts are what they are said to be."""
    match answer:
        case Ready(tuple(walls)):
            return all(map(_is_wall, walls))
        case Beat(tuple(helpers)):
            return all(type(helper) is int for helper in helpers)
        case Began() | Returned() | Raised(Exception()) | Unfit(str()):
            return True
        case _:
            return False


def _is_wall(wall: Any) -> bool:
    if not isinstance(wall, Wall):
        return False
    texts = [wall.name, *wall.means, *(text for pair in wall.missing for text in pair)]
    return {type(text) for text in texts} == {str} and {len(p) for p in wall.missing} <= {2}


def _cut(content: memoryview, sizes: list[int]) -> list[bytes | None]:
    if sum(sizes) != len(content) or min(sizes, default=0) < 0:
        raise ValueError("its parts are not as long as it says")
    parts: list[bytes | None] = []
    start = 0
    for size in sizes:
        parts.append(bytes(content[start : start + size]))
        start += size
    return parts


class _Writer:
    """Makes the tree. What is no number or text is a list that begins with what it is."""

    def __init__(self, kinds: Mapping[str, type]) -> None:
        self._kinds = kinds
        self.long: list[bytes] = []

    def node(self, value: Any) -> Any:
        kind = type(value)
        if value is None or kind in (bool, int, float, str):
            return value
        if isinstance(value, (bytes, bytearray)):
            return self._bytes(bytes(value))
        if kind.__name__ in _CONTAINERS:
            return [kind.__name__, *map(self.node, value)]
        if isinstance(value, Mapping):
            return ["dict", *([self.node(key), self.node(item)] for key, item in value.items())]
        return self._node_of_class(value)

    def _node_of_class(self, value: Any) -> Any:
        if isinstance(value, np.generic):
            return self.node(value.item())
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, Translatable):
            _check_template(value.template)
            return ["text", value.template, self.node(value.values)]
        if isinstance(value, Exception):
            return self._error(value)
        if isinstance(value, int):  # of an enumeration
            return int(value)
        return str.__str__(value) if isinstance(value, str) else self._record(value)

    def _bytes(self, content: bytes) -> Any:
        if len(content) < _LONG:
            return content
        self.long.append(content)
        return ["bytes", len(self.long) - 1]

    def _array(self, array: npt.NDArray[Any]) -> list[Any]:
        if array.dtype.str not in _ARRAYS:
            raise TypeError(f"arrays of {array.dtype}")
        self.long.append(array.tobytes())
        return ["array", array.dtype.str, list(array.shape), len(self.long) - 1]

    def _record(self, value: Any) -> list[Any]:
        name = _name(type(value))
        if not is_dataclass(value) or name not in self._kinds:
            raise TypeError(f"{name} is not among what may be answered")
        given = [getattr(value, field.name) for field in fields(value) if field.init]
        return ["record", name, *map(self.node, given)]

    def _error(self, error: Exception) -> list[Any]:
        """Return an error, or one of the class above that is listed, with its text."""
        notes = list(getattr(error, "__notes__", []))
        kind, args = type(error), error.args
        if isinstance(error, OSError) and error.filename is not None:
            args = (*args, error.filename)
        if _name(kind) not in self._kinds:
            kind = next(above for above in kind.__mro__ if _name(above) in self._kinds)
            args = (_text(error),)
        return ["error", _name(kind), notes, *map(self.node, args)]


def _text(error: Exception) -> str:
    if isinstance(error, bot.errors.MynahError):
        first = error.args[0] if error.args else None
        return first if isinstance(first, Translatable) else str(error)
    return f"{type(error).__qualname__}: {error}"


class _Reader:
    """Makes values of the tree. Each of the longer parts is used once."""

    def __init__(self, kinds: Mapping[str, type], long: list[bytes | None]) -> None:
        self._kinds, self._long = kinds, long

    def value(self, node: Any) -> Any:
        if isinstance(node, list):
            return self._made(*node)
        if node is None or type(node) in (bool, int, float, str, bytes):
            return node
        raise TypeError(f"{type(node).__name__} in an answer")

    def _made(self, what: str, *parts: Any) -> Any:
        match what:
            case "list" | "tuple" | "set" | "frozenset":
                return _CONTAINERS[what](map(self.value, parts))
            case "dict":
                return {self.value(key): self.value(item) for key, item in parts}
            case "bytes":
                return self._take(*parts)
            case "array":
                return self._array(*parts)
            case "text":
                return self._translatable(*parts)
            case "error":
                return self._error(*parts)
            case "record":
                return self._record(*parts)
        raise ValueError("an answer of an unknown kind")

    def _take(self, number: int) -> bytes:
        content, self._long[number] = self._long[number], None
        if content is None:
            raise ValueError("a part that is used twice")
        return content

    def _array(self, code: str, shape: list[int], number: int) -> npt.NDArray[Any]:
        content = bytearray(self._take(number))
        array: npt.NDArray[Any] = np.ndarray(tuple(shape), _ARRAYS[code], content)
        if array.nbytes != len(content):
            raise ValueError("an array of another size")
        return array

    def _translatable(self, template: str, values: Any) -> Translatable:
        _check_template(template)
        return Translatable(template, **self.value(values))

    def _error(self, name: str, notes: list[str], *args: Any) -> Exception:
        kind = self._kinds[name]
        if not issubclass(kind, Exception):
            raise TypeError(f"{name} is no error")
        error = kind(*map(self.value, args))
        for note in notes:
            error.add_note(note)
        return error

    def _record(self, name: str, *values: Any) -> Any:
        kind = self._kinds[name]
        if not is_dataclass(kind):
            raise TypeError(f"{name} is no record")
        return kind(*map(self.value, values))


_CONTAINERS = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


def _check_template(template: str) -> None:
    """Raise ValueError for a text whose placeholders are more than names.

    `str.format` would follow attributes, such as to the variables of a module.
    """
    for _, name, form, conversion in string.Formatter().parse(template):
        if name is None:
            continue
        if not name.isidentifier() or conversion or not _FORMAT.fullmatch(form or ""):
            raise ValueError("a text with a placeholder that is no name")
