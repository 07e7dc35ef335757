"""One row of the table, in a process of its own, so that its memory can be told.

    python -m benchmarks.chatterbox.row stock|own MODEL CHECKPOINT OUTPUT [--threads N] [...]

Makes the checkpoint unless it is there, and writes the figures as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import psutil

from bot.speech.engines.chatterbox.threads import settle_waiting

RATE_TOKENS = 60
"""Of each sentence whose decoding is timed."""


def main() -> None:
    """Measure one row."""
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=["stock", "own"])
    parser.add_argument("model")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--full-size", action="store_true")
    parser.add_argument("--prompt-seconds", type=float)
    arguments = parser.parse_args()
    settle_waiting()  # as the engine does; stock has the benefit of it, too
    warnings.filterwarnings("ignore")  # of libraries to their developers
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.threads])
    figures = measure(arguments)
    figures["memory_bytes"], figures["peak_memory_bytes"] = memory(), peak_memory()
    arguments.output.write_text(json.dumps(figures))


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of a row; times in seconds."""
    import torch

    from benchmarks.chatterbox.material import LONG_TEXT, SENTENCES, store_voice
    from benchmarks.chatterbox.measure import CHECK
    from bot.speech.types import EngineSpec
    from tools.random_checkpoint import shrink

    torch.set_num_threads(arguments.threads)
    if not arguments.checkpoint.exists():
        make_checkpoint(arguments)
    if not arguments.full_size:
        shrink(arguments.model)
    spec = EngineSpec(
        "chatterbox",
        arguments.model,
        arguments.checkpoint,
        arguments.device,
        prompt_seconds=arguments.prompt_seconds,
        self_check=CHECK,
    )
    with tempfile.TemporaryDirectory() as directory:
        voice, reference = store_voice(Path(directory))
        speaker = _open(arguments.way, spec, voice, reference)
        texts = {"three sentences": " ".join(SENTENCES), "600 letters": LONG_TEXT}
        figures: dict[str, Any] = {"threads": arguments.threads, "texts": {}}
        for name, text in texts.items():
            print(f"  {name} ...", file=sys.stderr, flush=True)
            figures["texts"][name] = speaker.speak(text).figures()
        print("  tokens ...", file=sys.stderr, flush=True)
        figures["tokens_per_second"] = speaker.rates(RATE_TOKENS)
        figures["precision"], figures["slots"] = speaker.precision, speaker.slots
    return figures


def make_checkpoint(arguments: argparse.Namespace) -> None:
    """Make it in a process of its own, whose memory is not that of speaking."""
    command = [sys.executable, "-m", "tools.random_checkpoint", str(arguments.checkpoint)]
    command += ["--model", arguments.model, *(["--full-size"] if arguments.full_size else [])]
    subprocess.run(command, check=True, stdout=sys.stderr)


def _open(way: str, spec: Any, voice: Any, reference: Path) -> Any:
    from benchmarks.chatterbox.own import OwnEngine
    from benchmarks.chatterbox.stock import Stock

    return Stock(spec, voice, reference) if way == "stock" else OwnEngine(spec, voice)


def memory() -> int:
    """Return the bytes of main memory that this process has to itself, without mapped files."""
    used = psutil.Process().memory_info()
    return int(used.rss - getattr(used, "shared", 0))


def peak_memory() -> int:
    """Return the most bytes of main memory that this process had, mapped files included: those of
    the weights count while they are loaded, and give way to whoever needs memory.
    """
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    main()
