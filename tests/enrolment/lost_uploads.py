"""What a media worker does in tests of uploads; nothing else is imported, so it begins at once."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path


def loaded_modules() -> set[str]:
    return set(sys.modules)


def dies(left: Path, number: signal.Signals) -> str:
    """End this process as often as there are bytes in a file."""
    times = left.read_bytes()
    if times:
        left.write_bytes(times[1:])
        os.kill(os.getpid(), number)
    return "processed"


def spin(left: Path) -> None:
    """Take a byte of a file away, then compute for ever."""
    left.write_bytes(left.read_bytes()[1:])
    while True:
        pass


def sleep(left: Path) -> None:
    """Take a byte of a file away, then do nothing for long."""
    left.write_bytes(left.read_bytes()[1:])
    time.sleep(600)
