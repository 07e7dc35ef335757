"""Messages, dialogs and commands being typed, as HTML in the way of Discord's light theme."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from loopback import Attachment
from tools.pictures.components import Page, components_html
from tools.pictures.markdown import Names, to_html
from tools.pictures.shown import Answer, Dialog, Payload, Shown, Typing

_COLOURS = ("#3ba55d", "#eb459e", "#f47b67", "#45a4d8")
_BOT_COLOUR = "#5b8def"


@dataclass(frozen=True)
class Client:
    """What Discord's client itself says in a language."""

    clock: str
    used: str
    note: str
    dismiss: str
    cancel: str
    submit: str


_CLIENTS = {
    "en_US": Client(
        "Today at 9:41 AM", "{member} used {command}", "Only you can see this", "Dismiss message",
        "Cancel", "Submit",
    ),
    "de_DE": Client(
        "heute um 09:41 Uhr", "{member} hat {command} benutzt", "Nur du kannst das sehen",
        "Nachricht verwerfen", "Abbrechen", "Absenden",
    ),
}  # fmt: skip


def shown_html(shown: Shown, names: Names) -> str:
    """Return one thing that a member sees as HTML."""
    match shown:
        case Answer():
            return _answer(shown, names)
        case Dialog():
            return _dialog(shown.modal, _CLIENTS[names.locale])
        case Typing():
            return _typing(shown)


def _answer(shown: Answer, names: Names) -> str:
    client = _CLIENTS[names.locale]
    page = Page(names, {file.filename: _source(file) for file in shown.attachments})
    embedded = {_picture_name(embed) for embed in shown.embeds}
    parts = [
        to_html(shown.content, names),
        *(_embed(embed, page) for embed in shown.embeds),
        *(_file(file) for file in shown.attachments if file.filename not in embedded),
        components_html(shown.components, page),
        _note(client) if shown.ephemeral else "",
    ]
    head = (
        f'<span class="author">Mynah</span><span class="app">APP</span>'
        f'<span class="clock">{client.clock}</span>'
    )
    body = f'<div class="body"><div>{head}</div>{"".join(parts)}</div>'
    return f'{_used(shown, client)}<div class="message">{_avatar("M", _BOT_COLOUR)}{body}</div>'


def _note(client: Client) -> str:
    link = f'<span class="link">{client.dismiss}</span>'
    return f'<div class="note">👁 {client.note} · {link}</div>'


def _used(shown: Answer, client: Client) -> str:
    if not shown.command:
        return ""
    colour = _COLOURS[sum(map(ord, shown.member)) % len(_COLOURS)]
    avatar = _avatar(shown.member[0], colour)
    name = f"<b>{escape(shown.member)}</b>"
    slash = "" if shown.command[:1].isupper() else "/"  # menus of messages have names like titles
    command = f'<span class="mention">{slash}{escape(shown.command)}</span>'
    text = client.used.format(member=name, command=command)
    return f'<div class="used">{avatar}<span>{text}</span></div>'


def _avatar(letter: str, colour: str) -> str:
    return f'<span class="avatar" style="background:{colour}">{escape(letter)}</span>'


def _picture_name(embed: Payload) -> str:
    return str((embed.get("image") or {}).get("url", "")).removeprefix("attachment://")


def _embed(embed: Payload, page: Page) -> str:
    colour = embed.get("color")
    accent = "#c4c9ce" if colour is None else f"#{colour:06x}"
    parts = []
    if title := embed.get("title"):
        parts.append(f'<div class="title">{to_html(title, page.names)}</div>')
    if description := embed.get("description"):
        parts.append(f'<div class="description">{to_html(description, page.names)}</div>')
    parts.append(_fields(embed.get("fields") or [], page.names))
    if embed.get("image"):
        parts.append(f'<img src="{page.source(embed["image"]["url"])}" alt="">')
    if footer := embed.get("footer"):
        parts.append(f'<div class="footer">{escape(footer["text"])}</div>')
    return f'<div class="embed" style="--accent:{accent}">{"".join(parts)}</div>'


def _fields(fields: list[Payload], names: Names) -> str:
    """Lay fields out on twelve columns: up to three inline ones share a row."""
    html: list[str] = []
    row: list[Payload] = []
    for field in fields:
        if not field.get("inline") or len(row) == 3:
            html += _field_row(row, names)
            row = []
        if field.get("inline"):
            row.append(field)
        else:
            html += _field_row([field], names)
    html += _field_row(row, names)
    return f'<div class="fields">{"".join(html)}</div>' if html else ""


def _field_row(row: list[Payload], names: Names) -> Iterable[str]:
    for field in row:
        name, value = to_html(field["name"], names), to_html(field["value"], names)
        span = f'style="grid-column:span {12 // len(row)}"'
        yield f'<div class="field" {span}><div class="name">{name}</div>{value}</div>'


def _source(file: Attachment) -> str:
    return f"data:{file.content_type};base64,{base64.b64encode(file.content).decode()}"


def _file(file: Attachment) -> str:
    if file.content_type.startswith("image/"):
        return f'<img class="attached" src="{_source(file)}" alt="">'
    kind = mimetypes.guess_type(file.filename)[0] or file.content_type  # bots name no type
    play = '<div class="play">▶\N{VARIATION SELECTOR-15}</div>' if kind.startswith("audio/") else ""
    size = f'<div class="about">{len(file.content) / 1024:.1f} KB</div>'
    name = f'<a href="#">{escape(file.filename)}</a>'
    bar = '<div class="bar"></div>' if play else ""
    return f'<div class="file">{play}<div>{name}{size}</div>{bar}</div>'


def _dialog(modal: Payload, client: Client) -> str:
    fields = "".join(_input(component) for component in modal["components"])
    buttons = f'<div class="row"><span class="button style2">{client.cancel}</span>'
    buttons += f'<span class="button style1">{client.submit}</span></div>'
    return f'<div class="modal"><h2>{escape(modal["title"])}</h2>{fields}{buttons}</div>'


def _input(component: Payload) -> str:
    label = component.get("label", "")
    inner = component.get("component") or component["components"][0]
    label = label or inner.get("label", "")
    star = "<i>*</i>" if inner.get("required", True) else ""
    hint = f'<div class="hint">{escape(component.get("description") or "")}</div>'
    value = escape(inner.get("value") or inner.get("placeholder") or "")
    return f'<label>{escape(label)} {star}</label>{hint}<div class="input">{value}</div>'


def _typing(shown: Typing) -> str:
    options = {option["name"]: option for option in shown.definition.get("options") or []}
    filled = "".join(
        f'<span class="option{" focused" if name == shown.focused else ""}"><b>{escape(name)}</b>'
        f"<span>{escape(value)}</span></span>"
        for name, value in shown.filled.items()
    )
    rest = len(options) - len(shown.filled)
    more = f'<span class="about">+{rest} more</span>' if rest and shown.choices else ""
    command = f'<span class="command">/{escape(shown.command)}</span>'
    popup = _choices(shown) if shown.choices else _options(shown, options)
    return f'{popup}<div class="composer">{command}{filled}{more}</div>'


def _choices(shown: Typing) -> str:
    lines = "".join(map(_line, shown.choices))
    return f'<div class="popup"><h3>{escape(shown.focused or "")}</h3>{lines}</div>'


def _options(shown: Typing, options: dict[str, Payload]) -> str:
    lines = "".join(_line(name, option["description"]) for name, option in options.items())
    return f'<div class="popup"><h3>{escape(shown.definition["description"])}</h3>{lines}</div>'


def _line(name: str, description: str = "") -> str:
    return f'<div class="choice"><b>{escape(name)}</b><span>{escape(description)}</span></div>'
