"""Discord's Markdown, as far as the bot writes it, as HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape

from babel.dates import format_date, format_datetime, format_time, format_timedelta

_SMALL = "-# "
_ITEM = "- "
_LONG = {
    "en_US": ("MMMM d, y 'at' h:mm a", "EEEE, MMMM d, y 'at' h:mm a"),
    "de_DE": ("d. MMMM y 'um' HH:mm", "EEEE, d. MMMM y 'um' HH:mm"),
}
"""How Discord writes a date with its time, and with the day of the week, too."""

_TOKEN = re.compile(
    r"\\(?P<escaped>[^A-Za-z0-9\s])"
    r"|`(?P<code>[^`\n]+)`"
    r"|<@!?(?P<user>\d+)>"
    r"|<#(?P<channel>\d+)>"
    r"|<@&(?P<role>\d+)>"
    r"|</(?P<command>[^:<>]+):\d+>"
    r"|<t:(?P<time>-?\d+)(?::(?P<style>[tTdDfFR]))?>"
    r"|https://discord\.com/channels/\d+/(?P<message>\d+)/\d+"
    r"|<(?P<address>https?://[^>\s]+)>"
    r"|\[(?P<label>[^\]\n]+)\]\((?P<link>https?://[^)\s]+)\)"
    r"|\*\*(?P<bold>.+?)\*\*"
    r"|__(?P<underlined>.+?)__"
    r"|\*(?P<italic>[^*\n]+)\*"
)


@dataclass(frozen=True)
class Names:
    """What the ids in a text are called. channels: with their sign. now: what relative times are
    told from. locale: in which dates are written.
    """

    users: Mapping[int, str] = field(default_factory=dict)
    channels: Mapping[int, str] = field(default_factory=dict)
    roles: Mapping[int, str] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    locale: str = "en_US"


def to_html(text: str, names: Names) -> str:
    """Return a message's text as HTML; small lines (`-#`) stand in blocks of their own, and the
    items of lists have bullets.
    """
    blocks, lines = [], list[str]()
    for line in text.split("\n"):
        if line.startswith(_SMALL):
            blocks += [_paragraph(lines), f'<div class="small">{_inline(line[3:], names)}</div>']
            lines = []
        elif line.startswith(_ITEM):
            lines.append(f"•&ensp;{_inline(line.removeprefix(_ITEM), names)}")
        else:
            lines.append(_inline(line, names))
    return "".join([*blocks, _paragraph(lines)])


def _paragraph(lines: list[str]) -> str:
    return f"<div>{'<br>'.join(lines)}</div>" if any(lines) else ""


def _inline(text: str, names: Names) -> str:
    html, end = [], 0
    for found in _TOKEN.finditer(text):
        kind = next(name for name in _RENDERERS if found[name] is not None)
        html += [escape(text[end : found.start()]), _RENDERERS[kind](found, names)]
        end = found.end()
    return "".join([*html, escape(text[end:])])


def _pill(text: str) -> str:
    return f'<span class="mention">{escape(text)}</span>'


def _code(found: re.Match[str], _: Names) -> str:
    return f"<code>{escape(found['code'])}</code>"


def _time(found: re.Match[str], names: Names) -> str:
    moment = datetime.fromtimestamp(int(found["time"]), UTC)
    return f'<span class="time">{escape(_told(moment, found["style"] or "f", names))}</span>'


def _told(moment: datetime, style: str, names: Names) -> str:
    locale = names.locale
    match style:
        case "t" | "T":
            return format_time(moment, "short" if style == "t" else "medium", locale=locale)
        case "d" | "D":
            return format_date(moment, "short" if style == "d" else "long", locale=locale)
        case "R":
            return format_timedelta(moment - names.now, add_direction=True, locale=locale)
        case _:
            return format_datetime(moment, _LONG[locale][style == "F"], locale=locale)


def _wrapped(kind: str, tag: str) -> Callable[[re.Match[str], Names], str]:
    return lambda found, names: f"<{tag}>{_inline(found[kind], names)}</{tag}>"


_RENDERERS: dict[str, Callable[[re.Match[str], Names], str]] = {
    "escaped": lambda found, _: escape(found["escaped"]),
    "code": _code,
    "user": lambda found, names: _pill("@" + names.users.get(int(found["user"]), "unknown-user")),
    "channel": lambda found, names: _pill(names.channels.get(int(found["channel"]), "# unknown")),
    "message": lambda found, names: _pill(
        names.channels.get(int(found["message"]), "# unknown") + " › 💬"
    ),
    "role": lambda found, names: _pill("@" + names.roles.get(int(found["role"]), "unknown-role")),
    "command": lambda found, _: _pill("/" + found["command"]),
    "time": _time,
    "address": lambda found, _: f'<a href="#">{escape(found["address"])}</a>',
    "link": lambda found, names: f'<a href="#">{_inline(found["label"], names)}</a>',
    "bold": _wrapped("bold", "strong"),
    "underlined": _wrapped("underlined", "u"),
    "italic": _wrapped("italic", "em"),
}
