"""The real program leaves no dump of its memory."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import resource, sys
import bot.cli.main
bot.cli.main.run = lambda arguments: print(*resource.getrlimit(resource.RLIMIT_CORE)) or 0
from bot.__main__ import main
main()
"""


def test_the_program_limits_its_dumps_to_nothing() -> None:
    program = [sys.executable, "-c", SCRIPT]
    run = subprocess.run(program, capture_output=True, text=True, check=True)
    assert run.stdout.split() in (["1", "1"], ["0", "0"])
