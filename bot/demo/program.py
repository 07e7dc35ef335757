"""The bot of the demo: `mynah run` as a program of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.demo.errors import RefusedError, expect
from bot.demo.timeline import Timeline
from loopback import LoopbackDiscord, wait_until

START_SECONDS = 60.0
STOP_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Program:
    """A command line of `mynah`, and the variables that configure its engine."""

    command: tuple[str, ...] = (sys.executable, "-m", "bot")
    configuration: Mapping[str, str] = field(default_factory=dict)


@asynccontextmanager
async def running_bot(
    program: Program, discord: LoopbackDiscord, folder: Path, timeline: Timeline
) -> AsyncIterator[None]:
    """Run the bot until it has registered its commands; its log is printed where it fails."""
    log_path = folder / "log"
    with log_path.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *program.command,
            "run",
            env=environment(program, discord, folder),
            stdout=log,
            stderr=log,
        )
    timeline.note("mynah run started")
    try:
        await _logged_in(process, discord, timeline)
        yield
        process.terminate()
        code = await asyncio.wait_for(process.wait(), STOP_SECONDS)
        expect(code == 0, f"the bot ended with exit code {code}")
    except RefusedError:
        raise
    except BaseException:
        print(log_path.read_text(errors="replace"), file=sys.stderr)
        raise
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def environment(program: Program, discord: LoopbackDiscord, folder: Path) -> dict[str, str]:
    """Return the bot's environment: the operator's own settings, a token among them, must not
    reach it; those of the engine may.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("MYNAH_ENGINE__") or not name.startswith(("MYNAH_", "DISCORD_"))
    }
    return {
        **kept,
        **discord.env(),
        **program.configuration,
        "MYNAH_CONFIG": os.devnull,
        "MYNAH_STORAGE__DIRECTORY": str(folder / "data"),
    }


async def _logged_in(
    process: asyncio.subprocess.Process, discord: LoopbackDiscord, timeline: Timeline
) -> None:
    await wait_until(
        lambda: _is_online(discord) or process.returncode is not None,
        START_SECONDS,
        "the bot's login",
    )
    expect(process.returncode is None, "the bot ended by itself")
    timeline.note("connected, commands registered")


def _is_online(discord: LoopbackDiscord) -> bool:
    """Whether the bot is online, which it is after it has registered its commands."""
    return any(session.connection for session in discord.gateway.sessions.values())
