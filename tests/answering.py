"""What a worker does that is in strangers' hands: it answers what it likes."""

from __future__ import annotations

import builtins
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack
import numpy as np

from bot.workers import child
from bot.workers.protocol import Returned, framed


class _Calls:
    """Pickled, it calls something when it is unpickled."""

    def __init__(self, function: Callable[..., Any], *args: object) -> None:
        self._made = function, args

    def __reduce__(self) -> tuple[Any, ...]:
        return self._made


def tree(node: object, *parts: bytes) -> bytes:
    """Return an answer of a tree and longer parts, as they lie on the wire."""
    packed = msgpack.packb([node, [len(part) for part in parts]])
    return len(packed).to_bytes(4, "big") + packed + b"".join(parts)


def returned(value: object, *parts: bytes) -> bytes:
    """Return the answer to a call, of a tree of its value."""
    return tree(["record", "bot.workers.protocol.Returned", value], *parts)


def dotted(module: str, name: str, argument: str) -> bytes:
    """Return a pickle of protocol 4 that calls what a dotted name leads to."""
    texts = (b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, name))
    said = b"\x8c" + bytes([len(argument)]) + argument.encode()
    return b"\x80\x04" + b"".join(texts) + b"\x93" + said + b"\x85R."


def pickles(witness: Path) -> dict[str, bytes]:
    """Return pickles that make a file when they are unpickled."""
    made = f"open({os.fspath(witness)!r}, 'w').close()"
    touch = f"touch {witness}"
    return {
        "os.system": pickle.dumps(_Calls(os.system, touch)),
        "builtins.eval": pickle.dumps(_Calls(eval, made)),
        "builtins.exec": pickle.dumps(_Calls(exec, made)),
        "in an answer": pickle.dumps(Returned(_Calls(builtins.eval, made))),
        "numpy, dotted": dotted("numpy", "f2py.os.system", touch),
        "a dotted name": dotted("bot.workers.child", "os.system", touch),
        "an object array": pickle.dumps(np.array([_Calls(os.system, touch)], dtype=object)),
    }


def trees(witness: Path) -> dict[str, bytes]:
    """Return trees of which nothing must come."""
    touch = f"touch {witness}"
    clip = "storage.types.ReferenceClip"
    array = ["array", np.dtype("f4").str, [1], 0]
    return {
        "a function": returned(["record", "os.system", touch]),
        "a function as an error": returned(["error", "os.system", [], touch]),
        "a class that is not listed": returned(["record", "pathlib.Path", "/"]),
        "an error as a record": returned(["record", "builtins.ValueError", "x"]),
        "a record as an error": returned(["error", clip, [], None]),
        "an exit": returned(["error", "builtins.SystemExit", []]),
        "an unknown kind": returned(["eval", touch]),
        "an array of objects": returned(["array", "|O", [1], 0], bytes(8)),
        "an array of another size": returned(["array", np.dtype("f4").str, [2], 0], bytes(4)),
        "an endless array": returned(["array", np.dtype("f4").str, [2**62], 0], bytes(4)),
        "a part twice": returned(["list", array, array], bytes(4)),
        "a part that is not there": returned(["bytes", 7]),
        "parts that are longer": tree(["list"], b"x") + b"more",
        "a text that asks for variables": returned(
            ["text", "{a.__class__.__new__.__globals__}", ["dict", ["a", ["text", "x", ["dict"]]]]]
        ),
        "a text that asks for an item": returned(["text", "{a[0]}", ["dict", ["a", "x"]]]),
        "a text without end": returned(["text", "{a:999999999999}", ["dict", ["a", 1]]]),
        "a text within a text": returned(["text", "{a:{b}}", ["dict", ["a", 1], ["b", 1]]]),
        "no message": tree("Returned"),
        "no error": tree(["record", "bot.workers.protocol.Raised", "x"]),
        "no walls": tree(["record", "bot.workers.protocol.Ready", ["tuple", "no network"]]),
        "no helpers": tree(["record", "bot.workers.protocol.Beat", ["tuple", "1"]]),
        "a map": returned({}),
        "an extension": returned(msgpack.ExtType(1, b"x")),
        "a time": returned(msgpack.Timestamp(0)),
        "too deep": tree(_nested(900)),
        "nothing": b"",
        "a tree that is longer": b"\xff\xff\xff\xff",
    }


def _nested(depth: int) -> object:
    node: object = 1
    for _ in range(depth):
        node = ["list", node]
    return node


def answer(content: bytes) -> None:
    """Answer that, in a child, whatever it is."""
    [channel] = child._channels
    child._send(channel, framed(content))


def answer_often(count: int) -> None:
    """Answer more than anybody asked for."""
    [channel] = child._channels
    beat = tree(["record", "bot.workers.protocol.Beat", ["tuple"]])
    for _ in range(count):
        child._send(channel, framed(beat))


def answer_endlessly(size: int) -> None:
    """Announce an answer of that size, and begin it."""
    [channel] = child._channels
    child._write(channel, size.to_bytes(8, "big") + b"x")
