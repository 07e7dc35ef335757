"""A tiny Chatterbox for an actor that notes what it is told, for the tests to read."""

from __future__ import annotations

import os
import pickle
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from bot.speech.types import EngineSpec, SynthesisRequest
from tools.random_engine import open_tiny


@dataclass(frozen=True, slots=True)
class Note:
    """What an actor was told: how to be, or to speak, or to forget a clip.

    threads: that its engine computes with, when it is loaded.
    """

    process: int
    spec: EngineSpec | None = None
    request: SynthesisRequest | None = None
    forgotten: str = ""
    threads: int = 0


def open_noting(folder: Path, spec: EngineSpec) -> Any:
    """Load the engine; to be bound to its first argument, as an `EngineOpener`."""
    engine: Any = open_tiny(spec)
    submit, forget, numbers, process = engine.submit, engine.forget, count(), os.getpid()

    def write(note: Note) -> None:
        unfinished = folder / f".{process}"
        unfinished.write_bytes(pickle.dumps(note))
        unfinished.rename(folder / f"{process}-{next(numbers):04}")

    def note_submit(ticket: int, request: SynthesisRequest) -> None:
        write(Note(process, request=request))
        submit(ticket, request)

    def note_forget(clip_sha256: str) -> None:
        forget(clip_sha256)
        write(Note(process, forgotten=clip_sha256))

    engine.submit, engine.forget = note_submit, note_forget
    import torch

    write(Note(process, spec=spec, threads=torch.get_num_threads()))
    return engine


def contents(folder: Path) -> list[bytes]:
    """Return all notes as they were written, by process and then in order."""
    paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    return [path.read_bytes() for path in paths]


def read_notes(folder: Path) -> list[Note]:
    """Return all notes, by process and then in order."""
    return [pickle.loads(content) for content in contents(folder)]
