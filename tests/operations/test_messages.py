"""The catalogue of messages holds exactly what the program logs, and docs/messages.md is of it."""

import functools
import inspect
from collections import Counter
from pathlib import Path

import discord
import pytest

from bot.operations.log_tally import MORE
from bot.operations.messages import Message, messages
from tests.operations.logged import ROOT, all_logged, logged
from tools.message_docs import PATH, document

CATALOGUE = messages()
OURS = {message.text: message for message in CATALOGUE if not message.package}
LOGGED = all_logged()


@functools.cache
def source_of_discord_py() -> str:
    package = Path(inspect.getfile(discord)).parent
    paths = [path for path in package.rglob("*.py") if "types" not in path.parts]
    return "".join(path.read_text(encoding="utf-8") for path in paths).replace("\\'", "'")


def test_every_message_can_be_told_from_the_syntax() -> None:
    assert len(LOGGED) > 100
    assert [one.place for one in LOGGED if one.text is None] == []


def test_every_message_that_is_logged_is_explained() -> None:
    assert sorted({f"{one.place} {one.text}" for one in LOGGED if one.text not in OURS}) == []


def test_no_message_is_explained_that_is_not_logged() -> None:
    assert sorted(OURS.keys() - {one.text for one in LOGGED} - {MORE}) == []


def test_levels_and_stages_are_those_of_the_program() -> None:
    wrong = [
        f"{one.place}: {one.text}"
        for one in LOGGED
        if one.text in OURS
        and (OURS[one.text].level != one.level or one.stage not in (None, OURS[one.text].stage))
    ]
    assert wrong == []


def test_each_is_explained_once_and_says_what_to_do() -> None:
    assert [text for text, times in Counter(m.text for m in CATALOGUE).items() if times > 1] == []
    assert [m.text for m in CATALOGUE if not m.meaning.endswith((".", "?"))] == []
    idle = {"roles of a member unknown"}
    assert [m.text for m in CATALOGUE if m.level != "info" and not m.action] == sorted(idle)


@pytest.mark.parametrize(
    "message", [m for m in CATALOGUE if m.package == "discord.py"], ids=lambda m: m.text[:30]
)
def test_messages_of_discord_py_are_in_it(message: Message) -> None:
    assert message.text in source_of_discord_py()


def test_the_page_is_up_to_date() -> None:
    assert PATH.read_text(encoding="utf-8") == document(CATALOGUE), (
        "run: .venv/bin/python -m tools.message_docs"
    )
    assert PATH.is_relative_to(ROOT)


def test_the_page_has_them_all() -> None:
    page = document(CATALOGUE)
    assert [m.text for m in CATALOGUE if m.text.strip().replace("|", "\\|") not in page] == []


def test_a_message_that_is_put_together_is_found_out() -> None:
    (one,) = logged('log.error(f"lost {name}", stage="voice")')
    assert (one.text, one.level, one.stage) == (None, "error", "voice")
