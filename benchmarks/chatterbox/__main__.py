"""Measure, print and store.

    python -m benchmarks.chatterbox [--full-size] [--device cpu] [--output DIRECTORY]

A text of three sentences for a known voice: stock as a bot would use it, `generate(text,
audio_prompt_path=...)` for the whole text, against Mynah's sentences. Eight sentences that are
asked for at once. And speech tokens a second: stock, own alone, own in batches of 4 and 8, and how
far the own way is from what the device's memory allows.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import warnings
from pathlib import Path

from benchmarks.__main__ import environment
from benchmarks.chatterbox.report import file_name, goals, lines

HERE = Path(__file__).parent


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.chatterbox",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--full-size", action="store_true", help="3.1 GB of weights, 12 GB of memory"
    )
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--output", type=Path, default=HERE.parent / "results")
    arguments = parser.parse_args()
    # As the engine sets it; stock has the benefit of it, too.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    warnings.filterwarnings("ignore")  # of libraries to their developers
    # It imports torch, which reads the variable then.
    from benchmarks.chatterbox.measure import measure

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
    result["goals"] = goals(result)
    for goal in result["goals"]:
        mark = "met   " if goal["met"] else "MISSED"
        print(f"goal {mark} {goal['name']}: {goal['measured']} (limit {goal['limit']})")
    arguments.output.mkdir(parents=True, exist_ok=True)
    path = arguments.output / file_name(result)
    path.write_text(json.dumps({"environment": described, "result": result}, indent=2) + "\n")
    print(f"stored in {os.path.relpath(path)}")
    sys.exit(0 if all(goal["met"] for goal in result["goals"]) else 1)


if __name__ == "__main__":
    main()
