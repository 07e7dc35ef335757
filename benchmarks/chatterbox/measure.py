"""What is measured, in which order, and what of it is kept: the quickest of some rounds.

Stock and own take turns, so that whatever else the machine does hinders both.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch

from benchmarks.chatterbox.floor import bytes_per_token, distance, measure_bandwidth
from benchmarks.chatterbox.material import SENTENCES, Decoding, Spoken, store_voice, tokens_of
from benchmarks.chatterbox.own import OwnDecoding, OwnEngine
from benchmarks.chatterbox.report import (
    ALONE,
    DIFFERENT_LENGTHS,
    EQUAL_LENGTHS,
    EQUAL_TOGETHER,
    STOCK,
    batch_name,
    compared,
)
from benchmarks.chatterbox.stock import Stock
from bot.speech.engines.chatterbox.stock import choose_device
from bot.speech.types import EngineSpec, SelfCheck
from tools.random_checkpoint import make_checkpoint

T = TypeVar("T", Spoken, Decoding)

BATCHES = (1, 4, 8)
TOKENS_ON_CPU = 60
"""Of each sentence whose decoding is timed: at full size, each takes a fifth of a second there. On
a GPU it is the whole sentence."""

CHECK = SelfCheck(enabled=True, retries=0, trim_tail=False, steady_short=False)
"""Noise is no good speech: it is judged, but neither spoken again nor trimmed."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """How often each thing is measured."""

    texts: int
    decodings: int
    at_once: int


def measure(directory: Path, *, full_size: bool, device: str, threads: int) -> dict[str, Any]:
    """Return all figures; times in seconds."""
    torch.set_num_threads(threads)
    spec = _make_spec(directory, full_size=full_size, device=choose_device(torch, device))
    voice, reference = store_voice(directory)
    # First, because the engine sets torch up; stock has the benefit of it.
    _tell("own: loading")
    engine = OwnEngine(spec, voice)
    _tell("stock: loading")
    stock = Stock(spec, voice, reference)
    rounds = _rounds(spec.device, full_size=full_size)
    texts = _speak_texts(stock, engine, rounds.texts)
    at_once = _speak_at_once(engine, spec.device, rounds.at_once)
    engine.close()
    own = OwnDecoding(engine.model, spec, voice, max(engine.slots, *BATCHES))
    decodings = _decode(stock, own, spec.device, rounds.decodings)
    rates = {name: round(decoding.rate, 2) for name, decoding in decodings.items()}
    return {
        "size": "full" if full_size else "tiny",
        "device": _describe(spec.device),
        "threads": threads,
        "precision": {"stock": stock.precision, "own": engine.precision},
        "slots": engine.slots,
        "rounds": asdict(rounds),
        "three_sentences": texts,
        "tokens_per_second": rates,
        **compared(texts, rates),
        "memory_floor": _memory_floor(engine.model.t3, own, decodings[ALONE], spec.device),
        "at_once": at_once,
    }


def _make_spec(directory: Path, *, full_size: bool, device: str) -> EngineSpec:
    checkpoint = directory / "checkpoint"
    checkpoint.mkdir()
    _tell("making the checkpoint")
    make_checkpoint("english", checkpoint, full_size=full_size)
    return EngineSpec("chatterbox", "english", checkpoint, device, self_check=CHECK)


def _rounds(device: str, *, full_size: bool) -> Rounds:
    if device != "cpu":
        return Rounds(texts=4, decodings=4, at_once=4)
    if full_size:  # a text takes minutes, so that no short disturbance matters
        return Rounds(texts=1, decodings=2, at_once=1)
    return Rounds(texts=2, decodings=4, at_once=1)


def _speak_texts(stock: Stock, engine: OwnEngine, rounds: int) -> dict[str, dict[str, float]]:
    ways = {"stock": stock.speak_text, "mynah": engine.speak_text}
    quickest = _quickest("three sentences", ways, rounds)
    return {way: _timed(spoken) for way, spoken in quickest.items()}


def _speak_at_once(engine: OwnEngine, device: str, rounds: int) -> dict[str, dict[str, float]]:
    ways = {DIFFERENT_LENGTHS: engine.speak_different}
    if device != "cpu":  # which gains nothing by it
        ways[EQUAL_LENGTHS] = functools.partial(engine.speak_equal, 1)
        ways[EQUAL_TOGETHER] = functools.partial(engine.speak_equal, 8)
    return {
        kind: {**_timed(run), "times_real_time": round(run.speech / run.total, 3)}
        for kind, run in _quickest("eight sentences at once", ways, rounds).items()
    }


def _decode(stock: Stock, own: OwnDecoding, device: str, rounds: int) -> dict[str, Decoding]:
    tokens = TOKENS_ON_CPU if device == "cpu" else tokens_of(SENTENCES[1])
    ways = {STOCK: functools.partial(stock.decode, tokens)} | {
        batch_name(batch): functools.partial(own.decode, batch, tokens) for batch in BATCHES
    }
    return _quickest("tokens", ways, rounds)


def _memory_floor(t3: Any, own: OwnDecoding, alone: Decoding, device: str) -> dict[str, float]:
    positions = own.prefix() + alone.tokens / 2  # on average
    # The last token is drawn, and not read.
    seconds = alone.steps / (alone.tokens - 1)
    return distance(bytes_per_token(t3, positions), measure_bandwidth(device), seconds)


def _quickest(what: str, ways: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, T]:
    """Let the ways take turns for some rounds and return the quickest run of each."""
    quickest: dict[str, T] = {}
    for turn in range(1, rounds + 1):
        for name, way in ways.items():
            _tell(f"{what}: {name}" + f" ({turn} of {rounds})" * (rounds > 1))
            run = way()
            if name not in quickest or run.total < quickest[name].total:
                quickest[name] = run
    return quickest


def _tell(step: str) -> None:
    """Say what is measured now: at full size a step takes minutes."""
    print(f"{step} ...", file=sys.stderr, flush=True)


def _timed(spoken: Spoken) -> dict[str, float]:
    return {
        "first_packet_seconds": round(spoken.first_packet, 3),
        "total_seconds": round(spoken.total, 3),
        "speech_seconds": round(spoken.speech, 2),
    }


def _describe(device: str) -> dict[str, str]:
    kind = device.partition(":")[0]
    if kind != "cuda":
        return {"kind": kind, "name": kind}
    return {
        "kind": kind,
        "name": torch.cuda.get_device_name(device),
        "cuda": torch.version.cuda,
    }
