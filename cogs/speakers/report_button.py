"""The button under a line about who speaks: it outlives restarts, so all it knows is in its id."""

from __future__ import annotations

import re
from typing import Any

import discord

from bot.command_tree import SHUTTING_DOWN, answer, answer_error, take
from bot.i18n import N_, _
from cogs.speakers.recent import Speaking
from cogs.speakers.reports import ReportedLine, check_report, report
from cogs.ui import Interaction, bot_of
from cogs.views import MynahModal

MOST_REASON = 300
"""Characters."""

DIALOG_SECONDS = 600.0

_TEMPLATE = (
    r"report:(?P<guild>\d{1,20}):(?P<voice>\d{1,20}):(?P<member>\d{1,20})"
    r":(?P<at>\d{1,12}):(?P<webhook>[01])"
)


class ReportButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=_TEMPLATE):
    """Asks why, and hands on the report."""

    def __init__(self, line: ReportedLine, label: str = "") -> None:
        super().__init__(
            discord.ui.Button(
                label=label, style=discord.ButtonStyle.secondary, custom_id=line.custom_id
            )
        )
        self._line = line

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> ReportButton:
        """Return the button that was pressed; what its id says is checked when it is used."""
        take(interaction)
        guild_id, voice_id, member_id, at = (
            int(match[name]) for name in ("guild", "voice", "member", "at")
        )
        return cls(ReportedLine(guild_id, voice_id, member_id, at, match["webhook"] == "1"))

    async def callback(self, interaction: Interaction) -> Any:
        """Ask why. Errors take the way of all errors, which the library would only log."""
        try:
            if bot_of(interaction).shutting_down:
                await answer(interaction, _(SHUTTING_DOWN))
                return
            message = interaction.message
            assert message is not None, "a button stands under a message"
            await check_report(interaction, self._line, message)
            await interaction.response.send_modal(ReportDialog(self._line, message))
        except Exception as error:
            await answer_error(interaction, error)


def buttons_for(guild_id: int, lines: list[Speaking]) -> discord.ui.View:
    """Return a button for each line of a message, in the current language."""
    view = discord.ui.View(timeout=None)
    for number, speaking in enumerate(lines, 1):
        label = _("Report") if len(lines) == 1 else _("Report {number}").format(number=number)
        webhook = speaking.webhook is not None
        line = ReportedLine(guild_id, speaking.voice_id, speaking.member_id, speaking.at, webhook)
        view.add_item(ReportButton(line, label))
    return view


class ReportDialog(MynahModal, title=N_("Report who spoke")):
    """Asks for a reason, which may be left out."""

    def __init__(self, line: ReportedLine, message: discord.Message) -> None:
        super().__init__(timeout=DIALOG_SECONDS)
        self._line, self._message = line, message
        self._reason: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="reason",
            style=discord.TextStyle.paragraph,
            max_length=MOST_REASON,
            required=False,
        )
        self.add_item(
            discord.ui.Label(
                text=_("What is wrong?"),
                description=_("Those who moderate this server read it. You can leave it empty."),
                component=self._reason,
            )
        )

    async def on_submit(self, interaction: Interaction, /) -> None:
        """Report it."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await check_report(interaction, self._line, self._message)
        text = await report(interaction, self._line, self._message, self._reason.value)
        await interaction.edit_original_response(content=text)
