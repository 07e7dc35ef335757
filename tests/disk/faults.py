"""Compiling the shim, and running the program's code on a disk that fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from storage.key_file import create_key_file, new_key

SHIM = Path(__file__).with_name("shim.c")
FAULTS = {"f": "full", "r": "read-only", "e": "input/output errors"}
CONTROL_BYTES = 16


def compile_shim(folder: Path) -> Path:
    """Compile the shim. Where there is no compiler, this fails: without it nothing is tested."""
    library = folder / "shim.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", str(library),
               str(SHIM), "-ldl"]  # fmt: skip
    subprocess.run(command, check=True)
    return library


def run_child(folder: Path, shim: Path, module: str, *arguments: str) -> dict[str, Any]:
    """Run a module of this package on new data and return what it told."""
    data, control = folder / "data", folder / "fault"
    data.mkdir(mode=0o700)
    create_key_file(data / "mynah.key", [new_key()])
    control.write_bytes(b"-".ljust(CONTROL_BYTES, b"\0"))
    environment = {
        **os.environ, "LD_PRELOAD": str(shim), "DISK_UNDER": str(data), "DISK_FAULT": str(control),
    }  # fmt: skip
    command = [sys.executable, "-m", f"tests.disk.{module}", *arguments]
    child = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
    told: dict[str, Any] = json.loads(child.stdout)
    return told
