"""Takes all pictures, or those named: `python -m tools.pictures [NAME ...]`."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tools.pictures import scenes  # noqa: F401  (registers them)
from tools.pictures.browser import Browser, NoBrowserError, find_browser, open_browser
from tools.pictures.render import WIDTH, TooLargeError, picture
from tools.pictures.scene import SCENES, Act, Scene
from tools.pictures.stage import Stage, open_stage

DIRECTORY = Path(__file__).resolve().parents[2] / "docs" / "images"
SCENE_SECONDS = 120.0


class SceneFailedError(Exception):
    """A scene that did not show what it should."""


def main() -> None:
    """Take the pictures; exit with 1 if one could not be taken."""
    parser = argparse.ArgumentParser(prog="make pictures", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a scene; default: all")
    names = parser.parse_args().names or list(SCENES)
    if unknown := [name for name in names if name not in SCENES]:
        parser.error(f"there is no scene {', '.join(unknown)}; there are {', '.join(SCENES)}")
    try:
        find_browser()
        failed = asyncio.run(take([SCENES[name] for name in names]))
    except NoBrowserError as error:
        sys.exit(str(error))
    if failed:
        sys.exit(f"{len(failed)} pictures were not taken: {', '.join(failed)}")


async def take(chosen: Sequence[Scene]) -> list[str]:
    """Play scenes one after the other, write a picture of each; return the names that failed."""
    failed = []
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    files = [(scene, *file) for scene in chosen for file in scene.files().items()]
    async with open_browser(WIDTH) as browser, open_stage() as stage:
        for scene, language, name in files:
            begun = time.monotonic()
            try:
                content = await play(scene, stage, browser, language)
            except (SceneFailedError, TooLargeError) as error:
                print(f"{name}: {error}", file=sys.stderr, flush=True)
                failed.append(name)
                continue
            (DIRECTORY / f"{name}.png").write_bytes(content)
            seconds = time.monotonic() - begun
            print(f"{name:<26} {len(content) / 1000:5.0f} KB  {seconds:5.1f} s", flush=True)
    return failed


async def play(chosen: Scene, stage: Stage, browser: Browser, language: str = "en") -> bytes:
    """Play a scene for people of a language and return its picture. Raises SceneFailedError."""
    act = Act(stage, language)
    try:
        async with asyncio.timeout(SCENE_SECONDS):
            await chosen.play(act)
    except Exception as error:
        raise SceneFailedError(f"The scene {chosen.name} failed: {error!r}") from error
    finally:
        stage.calm()
    if missing := set(chosen.commands) - act.commands:
        raise SceneFailedError(f"The scene {chosen.name} used no /{', /'.join(missing)}.")
    return await picture(browser, act.shown, stage.names(language))


if __name__ == "__main__":
    main()
