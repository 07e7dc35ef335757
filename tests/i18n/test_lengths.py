"""Translations fit where Discord shows them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from bot.i18n import LOCALES, _, in_locale
from bot.settings.guild import GuildSettings
from bot.settings.member import MemberSettings
from tools.catalogues.sources import parsed_sources

# https://discord.com/developers/docs/components/reference
LIMITS = {
    ("button", "label"): 80,
    ("Button", "label"): 80,
    ("SelectOption", "label"): 100,
    ("SelectOption", "description"): 100,
    ("select", "placeholder"): 150,
    ("Select", "placeholder"): 150,
    ("RoleSelect", "placeholder"): 150,
    ("UserSelect", "placeholder"): 150,
    ("ChannelSelect", "placeholder"): 150,
    ("TextInput", "placeholder"): 100,
    ("Label", "text"): 45,
    ("Label", "description"): 100,
    ("add_field", "name"): 256,
    ("class", "title"): 45,  # of a modal
}
MARKS = {"_", "N_"}


def name_of(node: ast.expr) -> str:
    return getattr(node, "id", None) or getattr(node, "attr", None) or ""


def marked(node: ast.expr) -> str | None:
    """The text of `_("...")` or `N_("...")`."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(text))]):
            return text if name in MARKS else None
        case _:
            return None


def in_source(node: ast.AST) -> Iterator[tuple[str, int]]:
    """The texts of a call or a class that Discord bounds, with their bounds."""
    if not isinstance(node, (ast.Call, ast.ClassDef)):
        return
    for keyword in node.keywords:
        where = name_of(node.func) if isinstance(node, ast.Call) else "class"
        limit = LIMITS.get((where, keyword.arg or ""))
        text = marked(keyword.value)
        if limit is not None and text is not None:
            yield text, limit


def of_settings() -> Iterator[tuple[str, int]]:
    """The labels of settings, which title dialogs, and what choices say of them."""
    for model in (GuildSettings, MemberSettings):
        for field in model.model_fields.values():
            extra = field.json_schema_extra
            assert isinstance(extra, dict)
            choices = extra["choices"]
            assert isinstance(choices, dict)
            yield field.title or "", 45
            yield field.description or "", 100
            yield from ((str(text), 100) for text in choices.values())


@pytest.fixture(scope="module")
def texts() -> list[tuple[str, int]]:
    nodes = (node for _, tree in parsed_sources() for node in ast.walk(tree))
    return [*of_settings(), *(found for node in nodes for found in in_source(node))]


@pytest.mark.parametrize("locale", LOCALES)
def test_a_text_is_no_longer_than_discord_allows(locale: str, texts: list[tuple[str, int]]) -> None:
    assert len(texts) > 100
    with in_locale(locale):
        long = {_(text): limit for text, limit in texts if len(_(text)) > limit}
    assert long == {}
