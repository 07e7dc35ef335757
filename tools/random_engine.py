"""Mynah with a Chatterbox of tiny random weights, for `make demo ENGINE=nano-random`.

    python -m tools.random_engine COMMAND ...

This is `mynah` but for one thing: where the engine worker loads a model, it makes small first what
chatterbox's constructors hold, so that a tiny checkpoint of `tools.random_checkpoint` fits. It
speaks noise; nothing but the weights is missing.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bot.speech.models import MODELS

if TYPE_CHECKING:
    from bot.speech.engines.base import SpeechEngine
    from bot.speech.types import EngineSpec

SUFFIX = "-random"
ENGINES = tuple(f"{model}{SUFFIX}" for model in MODELS)
"""What `make demo` takes as ENGINE."""


def open_tiny(wanted: EngineSpec) -> SpeechEngine:
    """Load an engine on a tiny checkpoint; for the engine worker."""
    from bot.speech.engines.chatterbox.loading import locate
    from bot.speech.engines.select import open_engine
    from tools.random_checkpoint import shrink

    shrink(locate(wanted).model.name)
    return open_engine(wanted)


def program(engine: str | None) -> list[str]:
    """Return the command line of `mynah` with the engine of that name, None for the usual one."""
    return [sys.executable, "-m", "tools.random_engine" if engine else "bot"]


def configuration(engine: str | None, folder: Path) -> dict[str, str]:
    """Return the variables that configure the engine, after making its checkpoint in `folder`.

    Raises `subprocess.CalledProcessError` where that fails, which has said why.
    """
    if engine is None:
        return {}
    model, checkpoint = engine.removesuffix(SUFFIX), folder / "checkpoint"
    # A process of its own: torch would stay in this one.
    command = [sys.executable, "-W", "ignore", "-m", "tools.random_checkpoint", str(checkpoint)]
    subprocess.run([*command, "--model", model], check=True)
    return {
        "MYNAH_ENGINE__KIND": "chatterbox",
        "MYNAH_ENGINE__MODEL": model,
        "MYNAH_ENGINE__CHECKPOINT": str(checkpoint),
        "MYNAH_ENGINE__DEVICE": os.environ.get("MYNAH_ENGINE__DEVICE", "cpu"),
    }


def main() -> None:
    """Run the command line of `mynah`."""
    import bot.engines
    from bot.cli.main import run
    from tools.random_engine import open_tiny as opener  # by the name that the worker imports

    client = functools.partial(bot.engines.EngineClient, open_engine=opener)
    bot.engines.EngineClient = client  # type: ignore[misc, assignment]
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
