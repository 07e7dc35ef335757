"""The pictures of docs/members.md: all there, such as one can look at, and of every answer."""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest
from discord import app_commands
from PIL import Image, ImageStat

from bot.client import EXTENSIONS
from bot.enrolment.types import Verdict
from bot.voice.link import JoinOutcome
from bot.voice.player import SkipOutcome
from bot.voice.utterances import UtteranceEnd
from cogs import cards, speech_cards, voice_views
from cogs.views import MynahModal, OwnedView
from storage.voices import VoiceStore
from tests.cogs.world import World
from tools.pictures import scenes
from tools.pictures.render import MAX_BYTES
from tools.pictures.scene import SCENES

DOCS = Path(__file__).resolve().parents[2] / "docs"
IMAGES = DOCS / "images"
MEASURED = (
    "dashboard",
    "soak",
    "scale-first-sound",
    "scale-cards",
    "scale-decisions",
    "scale-process",
)
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]+\.png)\)")
BRIGHT = 170  # mean luminance, of 255; Discord's dark theme has 50, the bot's own waveform too

FILES = [file for scene in SCENES.values() for file in scene.files().values()]
ANSWERS = {answer for scene in SCENES.values() for answer in scene.answers}


@pytest.fixture
async def commands(tmp_path: Path) -> AsyncIterator[set[str]]:
    async with VoiceStore.open(tmp_path) as store:
        bot = World(store).make_bot()
        for extension in EXTENSIONS:
            await bot.load_extension(extension)
        yield {
            command.qualified_name
            for command in bot.tree.walk_commands()
            if not isinstance(command, app_commands.Group)
        }


def pictures_in(page: Path) -> list[tuple[str, Path]]:
    """The alternative text and the file of each picture."""
    found = PICTURE.findall(page.read_text(encoding="utf-8"))
    return [(alt, (page.parent / link).resolve()) for alt, link in found]


def classes_below(base: type) -> set[type]:
    below = set(base.__subclasses__())
    return below.union(*(classes_below(each) for each in below))


def embeds_of(module: ModuleType) -> set[object]:
    """The functions of a module that make a card of something."""
    functions = inspect.getmembers(module, inspect.isfunction)
    return {
        function
        for name, function in functions
        if function.__annotations__.get("return") == "discord.Embed"
        and function.__module__ == module.__name__
        and not name.startswith("_")
        and function is not cards.embed  # any title and text
    }


async def test_every_command_has_a_scene(commands: set[str]) -> None:
    assert {name for scene in SCENES.values() for name in scene.commands} == commands


@pytest.mark.parametrize("outcomes", [UtteranceEnd, JoinOutcome, SkipOutcome])
def test_every_outcome_has_a_scene(outcomes: type[Enum]) -> None:
    untold = {UtteranceEnd.DROPPED}  # nobody waits for an answer to chatter
    assert set(outcomes) - ANSWERS - untold == set()


def test_every_verdict_on_a_recording_has_a_scene() -> None:
    assert set(get_args(Verdict)) - ANSWERS == set()


@pytest.mark.parametrize("module", [cards, speech_cards, voice_views])
def test_every_card_has_a_scene(module: ModuleType) -> None:
    assert embeds_of(module) - ANSWERS == set()


def test_every_view_and_dialog_of_the_cogs_has_a_scene() -> None:
    shown = {answer for answer in ANSWERS if isinstance(answer, type)}
    there = {
        c for c in classes_below(OwnedView) | classes_below(MynahModal) if "cogs" in c.__module__
    }
    names = {c.__name__ for c in there if not c.__module__.startswith("tests")}
    assert names - {c.__name__ for c in shown} - {a for a in ANSWERS if isinstance(a, str)} == set()


@pytest.mark.parametrize("page", ["members", "admins"])
def test_a_page_shows_every_scene_of_its_own_with_its_alternative_text(page: str) -> None:
    shown = {path.stem: alt for alt, path in pictures_in(DOCS / f"{page}.md")}
    assert shown == {
        file: scene.alt_in(language)
        for scene in SCENES.values()
        if scene.page == page
        for language, file in scene.files().items()
    }


def test_scenes_stand_on_the_two_pages() -> None:
    assert {scene.page for scene in SCENES.values()} == {"members", "admins"}


def test_every_picture_named_in_the_documents_is_one_of_the_scenes_or_measured() -> None:
    pages = [DOCS.parent / "README.md", *DOCS.glob("*.md")]
    named = {path for page in pages for _, path in pictures_in(page)}
    assert named == {IMAGES / f"{name}.png" for name in (*FILES, *MEASURED)}
    assert set(IMAGES.iterdir()) == named


@pytest.mark.parametrize("name", FILES)
def test_a_picture_is_sound_small_and_bright(name: str) -> None:
    path = IMAGES / f"{name}.png"
    assert path.stat().st_size <= MAX_BYTES
    with Image.open(path) as image:
        image.verify()
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert image.width == 1280
        (luminance,) = ImageStat.Stat(image.convert("L")).mean
    assert luminance > BRIGHT


def test_scenes_are_registered_by_their_modules() -> None:
    registered = {scene.play.__module__ for scene in SCENES.values()}
    assert registered <= {f"{scenes.__name__}.{name}" for name in scenes.__all__}
