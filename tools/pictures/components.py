"""Message components (buttons, menus, and those of the second version) as HTML.

Types: https://discord.com/developers/docs/components/reference
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from tools.pictures.markdown import Names, to_html
from tools.pictures.shown import Payload

_LINK_STYLE = 5


@dataclass(frozen=True)
class Page:
    """What components refer to: names of ids, and files as data URLs by their name."""

    names: Names
    files: Mapping[str, str]

    def source(self, url: str) -> str:
        """Return where a picture comes from."""
        return escape(self.files.get(url.removeprefix("attachment://"), url))


def components_html(components: Sequence[Payload], page: Page) -> str:
    """Return components as HTML. Raises KeyError for a type that is not known here."""
    return "".join(_RENDERERS[component["type"]](component, page) for component in components)


def _children(component: Payload, page: Page) -> str:
    return components_html(component.get("components") or [], page)


def _row(component: Payload, page: Page) -> str:
    return f'<div class="row">{_children(component, page)}</div>'


def _emoji(component: Payload) -> str:
    emoji = component.get("emoji")
    return f"{escape(emoji['name'])} " if emoji else ""


def _button(component: Payload, _: Page) -> str:
    style = component["style"]
    disabled = " disabled" if component.get("disabled") else ""
    mark = " ↗" if style == _LINK_STYLE else ""
    label = _emoji(component) + escape(component.get("label") or "") + mark
    return f'<span class="button style{style}{disabled}">{label}</span>'


def _select(component: Payload, page: Page) -> str:
    chosen = [option for option in component.get("options") or [] if option.get("default")]
    labels = [_emoji(option) + escape(option["label"]) for option in chosen]
    labels += [escape(_named(value, page.names)) for value in component.get("default_values") or []]
    text = ", ".join(labels)
    text = text or escape(component.get("placeholder") or "Make a selection")
    return f'<div class="select"><span>{text}</span><span>⌄</span></div>'


def _named(value: Payload, names: Names) -> str:
    """Return what something that is chosen in a menu of Discord's own is called."""
    kinds = {"user": names.users, "role": names.roles, "channel": names.channels}
    return kinds[value["type"]].get(int(value["id"]), "unknown")


def _section(component: Payload, page: Page) -> str:
    accessory = components_html([component["accessory"]], page)
    return f'<div class="section"><div>{_children(component, page)}</div>{accessory}</div>'


def _text(component: Payload, page: Page) -> str:
    return to_html(component["content"], page.names)


def _thumbnail(component: Payload, page: Page) -> str:
    source = page.source(component["media"]["url"])
    return f'<div class="thumbnail"><img src="{source}" alt=""></div>'


def _gallery(component: Payload, page: Page) -> str:
    sources = (page.source(item["media"]["url"]) for item in component["items"])
    images = "".join(f'<img src="{source}" alt="">' for source in sources)
    return f'<div class="gallery">{images}</div>'


def _file(component: Payload, _: Page) -> str:
    name = component["file"]["url"].removeprefix("attachment://")
    return f'<div class="file"><div><a href="#">{escape(name)}</a></div></div>'


def _separator(component: Payload, _: Page) -> str:
    return '<div class="separator"></div>' if component.get("divider", True) else "<br>"


def _container(component: Payload, page: Page) -> str:
    colour = component.get("accent_color")
    accent = "" if colour is None else f' style="--accent:#{colour:06x}"'
    return f'<div class="container"{accent}>{_children(component, page)}</div>'


_RENDERERS: dict[int, Callable[[Payload, Page], str]] = {
    1: _row,
    2: _button,
    3: _select,
    5: _select,
    6: _select,
    7: _select,
    8: _select,
    9: _section,
    10: _text,
    11: _thumbnail,
    12: _gallery,
    13: _file,
    14: _separator,
    17: _container,
}
