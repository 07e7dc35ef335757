"""Measure, print and store.

    python -m benchmarks.chatterbox [--full-size] [--device cpu] [--only NAME ...] [--output DIR]

The table, on a CPU: stock as a bot would use it, `generate(text, audio_prompt_path=...)` for the
whole text, against Mynah's engine as the bot uses it, its sentences ahead, in a known voice. Each
row is measured in a process of its own and stored at once, so that a run that is cut off loses the
row in work alone; `--only` renews single rows of what is stored.

"steps", by default on a GPU: English in detail. Speech tokens a second, stock, own alone and in
batches; how far the own way is from what the device's memory allows; eight sentences at once.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.__main__ import environment
from benchmarks.chatterbox.report import file_name, goals, lines
from benchmarks.chatterbox.table import ROWS, Row, by_cores, table_goals, table_lines
from bot.speech.engines.chatterbox.threads import settle_waiting

HERE = Path(__file__).parent
STEPS = "steps"
ROW_SECONDS = 1500.0


def main() -> None:
    """The command line."""
    arguments = _arguments()
    settle_waiting()  # as the engine does; stock has the benefit of it, too
    warnings.filterwarnings("ignore")  # of libraries to their developers
    device = _device(arguments.device)
    wanted = arguments.only or (list(ROWS) if device == "cpu" else [STEPS])
    asked = measure_table(arguments, device, [name for name in wanted if name in ROWS])
    if STEPS in wanted:
        asked += measure_steps(arguments, device)
    for goal in asked:
        mark = "met   " if goal["met"] else "MISSED"
        print(f"goal {mark} {goal['name']}: {goal['measured']} (limit {goal['limit']})")
    sys.exit(0 if all(goal["met"] for goal in asked) else 1)


def measure_table(arguments: argparse.Namespace, device: str, names: list[str]) -> list[Any]:
    """Measure rows, store each, print all that are stored; return the goals."""
    if not names:
        return []
    size = "full" if arguments.full_size else "tiny"
    path = arguments.output / f"chatterbox-rows-{size}-{device.partition(':')[0]}.json"
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"rows": {}}
    rows: dict[str, Any] = stored["rows"]
    with tempfile.TemporaryDirectory() as directory:
        for name in names:
            print(f"{name} ...", file=sys.stderr, flush=True)
            described = environment()
            rows[name] = {
                **measure_row(ROWS[name], arguments, device, Path(directory)),
                "environment": described,
            }
            rows = {name: rows[name] for name in ROWS if name in rows}
            result = {
                "size": size,
                "device": device,
                "rows": rows,
                "nano_real_time_factor_by_cores": by_cores(rows),
                "goals": table_goals(rows, size=size) if device == "cpu" else [],
            }
            _store(path, result)
    print("\n".join(table_lines(rows)))
    print(f"stored in {os.path.relpath(path)}")
    return list(result["goals"])


def measure_row(
    row: Row, arguments: argparse.Namespace, device: str, directory: Path
) -> dict[str, Any]:
    """Return the figures of one row, from a process of its own."""
    for other in directory.iterdir():  # a checkpoint has up to 3.2 GB
        if other.name != row.model:
            shutil.rmtree(other)
    with tempfile.TemporaryDirectory() as outcome:
        output = Path(outcome) / "row.json"
        command = [sys.executable, "-m", "benchmarks.chatterbox.row", row.way, row.model]
        command += [str(directory / row.model), str(output), "--device", device]
        command += ["--threads", str(row.threads or arguments.threads)]
        command += ["--full-size"] if arguments.full_size else []
        command += ["--prompt-seconds", str(row.prompt_seconds)] if row.prompt_seconds else []
        start = time.perf_counter()
        subprocess.run(command, check=True, timeout=ROW_SECONDS)
        figures: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    figures["took_seconds"] = round(time.perf_counter() - start, 1)
    return figures


def measure_steps(arguments: argparse.Namespace, device: str) -> list[Any]:
    """Measure English in detail, store and print it; return the goals."""
    # It imports torch, which reads the variable then.
    from benchmarks.chatterbox.measure import measure

    described = environment()
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as directory:
        result = measure(
            Path(directory),
            full_size=arguments.full_size,
            device=device,
            threads=arguments.threads,
        )
    described["took_seconds"] = round(time.perf_counter() - start, 1)
    print("\n".join(lines(result)))
    result["goals"] = goals(result)
    path = arguments.output / file_name(result)
    _store(path, {"environment": described, "result": result})
    print(f"stored in {os.path.relpath(path)}")
    return list(result["goals"])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.chatterbox",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--full-size", action="store_true", help="8 GB on disk, 12 GB of memory, 45 minutes"
    )
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--only", nargs="+", choices=[*ROWS, STEPS], metavar="NAME",
                        help=f"of {', '.join(f'{name!r}' for name in (*ROWS, STEPS))}")  # fmt: skip
    parser.add_argument("--output", type=Path, default=HERE.parent / "results")
    return parser.parse_args()


def _device(wanted: str) -> str:
    import torch

    from bot.speech.engines.chatterbox.stock import choose_device

    return choose_device(torch, wanted)


def _store(path: Path, result: Mapping[str, Any]) -> None:
    """Write it whole or not at all: a run may be cut off at any time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(path)


if __name__ == "__main__":
    main()
