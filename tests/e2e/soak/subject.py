"""`mynah run`, which also says every second how many tasks there are.

python -m tests.e2e.soak.subject TASKS.json run
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

SECONDS = 1.0


def names() -> Counter[str]:
    """Return the coroutines that run as tasks, by name."""
    coroutines = (task.get_coro() for task in asyncio.all_tasks() if not task.done())
    return Counter(getattr(coroutine, "__qualname__", "?") for coroutine in coroutines)


async def tell(file: Path) -> None:
    """Write the tasks down again and again."""
    while True:
        beside = file.with_suffix(".new")
        beside.write_text(json.dumps(names()))
        beside.replace(file)
        await asyncio.sleep(SECONDS)


def main() -> None:
    """Run the program of the remaining arguments."""
    import bot.session as session
    from bot.cli.main import run as program

    file, serve = Path(sys.argv.pop(1)), session.serve

    async def serve_and_tell(*arguments: Any, **more: Any) -> None:
        telling = asyncio.create_task(tell(file), name="soak")
        try:
            await serve(*arguments, **more)
        finally:
            telling.cancel()

    vars(session)["serve"] = serve_and_tell
    sys.exit(program(sys.argv[1:]))


if __name__ == "__main__":
    main()
