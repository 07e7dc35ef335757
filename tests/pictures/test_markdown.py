"""Discord's Markdown as HTML."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tools.pictures.markdown import Names, to_html

NAMES = Names(
    users={1: "Ada"},
    channels={2: "🔊 Lounge"},
    roles={3: "Crew"},
    now=datetime(2026, 11, 27, 9, 41, tzinfo=UTC),
)


def pill(text: str) -> str:
    return f'<span class="mention">{text}</span>'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Hello", "<div>Hello</div>"),
        ("a < b & c", "<div>a &lt; b &amp; c</div>"),
        ("one\ntwo", "<div>one<br>two</div>"),
        (
            "**bold** *slanted* __under__",
            "<div><strong>bold</strong> <em>slanted</em> <u>under</u></div>",
        ),
        ("**Ada \\*the\\* Great**", "<div><strong>Ada *the* Great</strong></div>"),
        (r"\*no\* \_marks\_", "<div>*no* _marks_</div>"),
        ("`/say **x**`", "<div><code>/say **x**</code></div>"),
        ("<@1> <@!1> <@9>", f"<div>{pill('@Ada')} {pill('@Ada')} {pill('@unknown-user')}</div>"),
        ("<#2>", f"<div>{pill('🔊 Lounge')}</div>"),
        ("https://discord.com/channels/1/2/7", f"<div>{pill('🔊 Lounge › 💬')}</div>"),
        ("<@&3>", f"<div>{pill('@Crew')}</div>"),
        ("</voice list:5>", f"<div>{pill('/voice list')}</div>"),
        ("[here](https://example.com)", '<div><a href="#">here</a></div>'),
        ("Said.\n-# a note", '<div>Said.</div><div class="small">a note</div>'),
        ("- one\n- two", "<div>•&ensp;one<br>•&ensp;two</div>"),
        ("not -# a note", "<div>not -# a note</div>"),
        ("", ""),
    ],
)
def test_what_is_written_is_shown(text: str, html: str) -> None:
    assert to_html(text, NAMES) == html


@pytest.mark.parametrize(
    ("style", "told"),
    [
        ("", "November 27, 2026 at 9:31 AM"),
        (":f", "November 27, 2026 at 9:31 AM"),
        (":F", "Friday, November 27, 2026 at 9:31 AM"),
        (":D", "November 27, 2026"),
        (":d", "11/27/26"),
        (":t", "9:31 AM"),
        (":T", "9:31:00 AM"),
        (":R", "10 minutes ago"),
    ],
)
def test_times_are_told_in_every_style(style: str, told: str) -> None:
    moment = int(datetime(2026, 11, 27, 9, 31, tzinfo=UTC).timestamp())
    shown = to_html(f"<t:{moment}{style}>", NAMES).replace("\u202f", " ")
    assert shown == f'<div><span class="time">{told}</span></div>'
