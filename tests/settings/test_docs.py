"""docs/settings.md against the definitions that it is made from."""

from __future__ import annotations

from bot.settings.guild import GuildSettings
from bot.settings.member import MemberSettings
from tools.settings_docs import TARGET, document


def test_the_page_is_current() -> None:
    assert TARGET.read_text(encoding="utf-8") == document(), "run: make settings-docs"


def test_every_setting_has_a_row() -> None:
    rows = [row for row in document().splitlines() if row.startswith("| ")]
    settings = len(GuildSettings.model_fields) + len(MemberSettings.model_fields)
    headings = [row for row in rows if row.startswith(("| setting", "| ---"))]
    assert len(rows) - len(headings) == settings
    for key in GuildSettings.model_fields:
        assert sum(f"`{key}` |" in row for row in rows) == 1
