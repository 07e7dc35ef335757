"""Make docs/settings.md from the definitions of the settings.

python -m tools.settings_docs
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bot.operations.limits import CEILINGS
from bot.settings.catalogue import Definition, Kind, definitions, pages
from bot.settings.definition import Page
from bot.settings.guild import GuildSettings
from bot.settings.member import MemberSettings
from bot.settings.words import allowed, shown

TARGET = Path(__file__).parent.parent / "docs" / "settings.md"

BEGINNING = """\
# Settings

What a server's admins set with `/settings` and the operator with `mynah guilds set`, and what each
member sets with `/me`. [admins.md](admins.md) tells what the settings are for. This page is made
from the definitions in `bot/settings/` by `make settings-docs`; a test says that it is current.

- [Of a server](#of-a-server)
- [Of a member](#of-a-member)

## Of a server
Each table is a page of `/settings`. The names in the last column are those that
`mynah guilds set` takes.
"""

_HEADINGS = "| setting | what it does | what it can be | unless it is set |"
_RULE = "| --- | --- | --- | --- |"

MEMBER = f"""\
## Of a member
`/me`, on each server by itself. What is not set is left to the voice and to the server.

{_HEADINGS}
{_RULE}"""


def document() -> str:
    """Return the whole page."""
    server = (line for page in pages(GuildSettings) for line in _page(page))
    member = (_row(about) for about in definitions(MemberSettings))
    return "\n".join([BEGINNING, *server, MEMBER, *member]) + "\n"


def _page(page: Page) -> Iterator[str]:
    yield f"### {page}"
    yield f"{_HEADINGS} name |"
    yield f"{_RULE} --- |"
    for about in definitions(GuildSettings, page):
        yield f"{_row(about)} `{about.key}` |"
    yield ""


def _row(about: Definition) -> str:
    cells = (about.label, about.meaning, _allowed(about), _default(about))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(about: Definition) -> str:
    if about.key in CEILINGS and about.default == about.highest:
        return "as much as the operator allows"
    return shown(about, about.default)


def _allowed(about: Definition) -> str:
    choices = about.choices
    if about.kind is not Kind.CHOICE or not choices:
        return allowed(about)
    return "; ".join(f"`{value}`: {meaning}" for value, meaning in choices.items())


def main() -> None:
    """Write the page."""
    TARGET.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
