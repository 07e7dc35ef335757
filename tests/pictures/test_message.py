"""What the bot sent, as HTML."""

from __future__ import annotations

import re

import pytest

from loopback import Attachment
from tools.pictures.components import Page, components_html
from tools.pictures.markdown import Names
from tools.pictures.message import shown_html
from tools.pictures.shown import Answer, Dialog, Payload, Typing

NAMES = Names(users={1: "Ada"})
PAGE = Page(NAMES, {"a.png": "data:image/png;base64,AA=="})


def answer(content: str = "", **parts: tuple[object, ...]) -> Answer:
    given: dict[str, tuple[object, ...]] = {"embeds": (), "components": (), "attachments": ()}
    return Answer("Ada", "voice list", content, **(given | parts), ephemeral=True)  # type: ignore[arg-type]


def file(name: str, kind: str) -> Attachment:
    return Attachment(1, name, b"12345", kind, f"https://cdn.discordapp.com/{name}")


def test_an_answer_says_who_used_what_and_who_sees_it() -> None:
    html = shown_html(answer("Hello <@1>"), NAMES)
    assert "<b>Ada</b> used" in html
    assert "/voice list" in html
    assert "@Ada" in html
    assert "Only you can see this" in html


def test_an_embed_has_its_colour_fields_footer_and_picture() -> None:
    embed = {
        "title": "New voice",
        "description": "Good.",
        "color": 0x3BA55D,
        "fields": [{"name": "Kept", "value": "**all**", "inline": False}],
        "footer": {"text": "Nothing is stored yet."},
        "image": {"url": "attachment://sample.png"},
    }
    html = shown_html(
        answer(embeds=(embed,), attachments=(file("sample.png", "image/png"),)), NAMES
    )
    assert "--accent:#3ba55d" in html
    assert "<strong>all</strong>" in html
    assert "Nothing is stored yet." in html
    assert html.count("<img") == 1
    assert 'src="data:image/png;base64,MTIzNDU="' in html


@pytest.mark.parametrize(("inline", "spans"), [([True] * 4, "4 4 4 12"), ([True, False], "12 12")])
def test_up_to_three_inline_fields_share_a_row(inline: list[bool], spans: str) -> None:
    fields = [{"name": "n", "value": "v", "inline": each} for each in inline]
    html = shown_html(answer(embeds=({"fields": fields},)), NAMES)
    assert re.findall(r"grid-column:span (\d+)", html) == spans.split()


def test_a_sound_can_be_played_and_has_its_size() -> None:
    html = shown_html(answer(attachments=(file("preview.ogg", "audio/ogg"),)), NAMES)
    assert "preview.ogg" in html
    assert "▶" in html


COMPONENTS: list[tuple[Payload, str]] = [
    ({"type": 2, "style": 4, "label": "Delete"}, '<span class="button style4">Delete</span>'),
    (
        {"type": 2, "style": 2, "label": "Next", "disabled": True, "emoji": {"name": "▶"}},
        '<span class="button style2 disabled">▶ Next</span>',
    ),
    ({"type": 3, "options": [{"label": "German", "default": True}]}, "<span>German</span>"),
    ({"type": 3, "options": [], "placeholder": "Language"}, "<span>Language</span>"),
    ({"type": 5, "default_values": [{"id": "1", "type": "user"}]}, "<span>Ada</span>"),
    ({"type": 10, "content": "**Hi**"}, "<div><strong>Hi</strong></div>"),
    ({"type": 12, "items": [{"media": {"url": "attachment://a.png"}}]}, 'src="data:image/png'),
    ({"type": 13, "file": {"url": "attachment://a.ogg"}}, "a.ogg"),
    ({"type": 14}, '<div class="separator"></div>'),
    (
        {"type": 17, "accent_color": 0xED4245, "components": [{"type": 10, "content": "x"}]},
        '<div class="container" style="--accent:#ed4245"><div>x</div></div>',
    ),
    (
        {
            "type": 9,
            "components": [{"type": 10, "content": "x"}],
            "accessory": {"type": 11, "media": {"url": "attachment://a.png"}},
        },
        '<div class="thumbnail">',
    ),
]


@pytest.mark.parametrize(("component", "html"), COMPONENTS)
def test_components_are_shown(component: Payload, html: str) -> None:
    assert html in components_html([{"type": 1, "components": [component]}], PAGE)


def test_a_component_that_is_not_known_here_is_not_left_out_silently() -> None:
    with pytest.raises(KeyError):
        components_html([{"type": 99}], PAGE)


def test_a_dialog_asks_for_what_it_was_sent_with() -> None:
    label = {"type": 18, "label": "Name", "description": "Taken.", "component": {"type": 4}}
    html = shown_html(Dialog({"title": "Choose", "components": [label]}), NAMES)
    assert all(text in html for text in ("Choose", "Name", "Taken.", "Submit"))


def test_a_command_being_typed_shows_its_options_or_what_is_offered() -> None:
    definition = {
        "description": "Say something",
        "options": [
            {"name": "text", "description": "What"},
            {"name": "voice", "description": "Whose"},
        ],
    }
    form = shown_html(Typing("say", definition, {"text": "Hi"}), NAMES)
    assert all(text in form for text in ("Say something", "Whose", "Hi"))
    offered = shown_html(Typing("say", definition, {"voice": "A"}, "voice", ("Ada",)), NAMES)
    assert "Ada" in offered
    assert "+1 more" in offered
    assert "Whose" not in offered
