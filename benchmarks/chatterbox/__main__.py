"""Measure, print and store.

    python -m benchmarks.chatterbox [--full-size] [--device cpu] [--output DIRECTORY]

A text of three sentences for a known voice: stock as a bot would use it, `generate(text,
audio_prompt_path=...)` for the whole text, against Mynah's sentences. And speech tokens a second:
stock, own alone, own in batches of 4 and 8.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.__main__ import environment
from benchmarks.chatterbox.measure import measure

HERE = Path(__file__).parent
FIRST_PACKET_LIMIT, BATCH_LIMIT = 3.0, 1.8


def goals(result: dict[str, Any]) -> list[dict[str, Any]]:
    """What issue 4 asks of a full-size run on two cores without a GPU."""
    sooner, faster = result["first_packet_times_sooner"], result["batch_of_4_times_faster"]
    return [
        {
            "name": "first packet sooner than stock's, times",
            "measured": sooner,
            "limit": FIRST_PACKET_LIMIT,
            "met": sooner >= FIRST_PACKET_LIMIT,
        },
        {
            "name": "tokens a second in a batch of 4, times stock's",
            "measured": faster,
            "limit": BATCH_LIMIT,
            "met": faster >= BATCH_LIMIT,
        },
    ]


def lines(result: dict[str, Any]) -> list[str]:
    """The result for people."""
    text, rates = result["three_sentences"], result["tokens_per_second"]
    return [
        f"{text['stock']['speech_seconds']:.1f} s of speech in three sentences:",
        *(
            f"  {way:5}  first packet after {text[way]['first_packet_seconds']:7.2f} s,"
            f" all after {text[way]['total_seconds']:7.2f} s"
            for way in ("stock", "mynah")
        ),
        "speech tokens a second (25 are one second of speech):",
        *(f"  {way:15} {rate:7.1f}" for way, rate in rates.items()),
        f"first packet {result['first_packet_times_sooner']:.1f} times sooner;"
        f" a batch of 4 decodes {result['batch_of_4_times_faster']:.1f} times stock's tokens",
    ]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chatterbox", description=__doc__)
    parser.add_argument(
        "--full-size", action="store_true", help="3.1 GB of weights, 7 GB of memory"
    )
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--output", type=Path, default=HERE.parent / "results")
    arguments = parser.parse_args()
    described = environment()
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as directory:
        result = measure(
            Path(directory),
            full_size=arguments.full_size,
            device=arguments.device,
            threads=arguments.threads,
        )
    described["took_seconds"] = round(time.perf_counter() - start, 1)
    print("\n".join(lines(result)))
    if arguments.full_size:  # the tiny model is all overhead, so nothing is asked of it
        result["goals"] = goals(result)
        for goal in result["goals"]:
            mark = "met   " if goal["met"] else "MISSED"
            print(f"goal {mark} {goal['name']}: {goal['measured']} (limit {goal['limit']})")
    arguments.output.mkdir(parents=True, exist_ok=True)
    path = arguments.output / f"chatterbox-{result['size']}.json"
    path.write_text(json.dumps({"environment": described, "result": result}, indent=2) + "\n")
    print(f"stored in {os.path.relpath(path)}")
    sys.exit(0 if all(goal["met"] for goal in result.get("goals", [])) else 1)


if __name__ == "__main__":
    main()
