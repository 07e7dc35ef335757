"""The menu "Make this my voice": which messages it takes, and the dialog that asks for a name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.errors import UserError
from bot.i18n import N_, _
from bot.languages import LANGUAGES
from bot.settings.permissions import Action
from cogs.permissions import require
from cogs.ui import Interaction
from cogs.views import MynahModal
from storage.names import MAX_NAME_LENGTH

OnName = Callable[[Interaction, str, str | None], Awaitable[None]]
"""Called with what was typed: the answer to it, the voice's name, its language."""

DIALOG_SECONDS = 14 * 60.0


def own_recording(message: discord.Message, member_id: int, enroll: str) -> discord.Attachment:
    """Return the recording of a member's own voice message. enroll: that command as a text.

    Raises UserError for any other message: only Discord's own flag says that the account which
    wrote it recorded it, and a message that was forwarded was recorded by who knows whom.
    """
    if message.author.id != member_id or message.webhook_id is not None:
        raise UserError(
            _(
                "That message is not yours. Only your own voice message can become your voice: "
                "record one, and choose this in its menu."
            )
        )
    if message.message_snapshots or not message.flags.voice or not message.attachments:
        raise UserError(
            _(
                "That is no voice message that you recorded in Discord. Press the microphone next "
                "to the message box, record 10 to 20 seconds, and choose this in its menu. A file "
                "can be sent with {enroll}."
            ).format(enroll=enroll)
        )
    return message.attachments[0]


class NameDialog(MynahModal, title=N_("Make this my voice")):
    """Asks what the voice is called and what language its speaker speaks."""

    def __init__(self, suggested: str, on_name: OnName) -> None:
        super().__init__(timeout=DIALOG_SECONDS)
        self._on_name = on_name
        self._name: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="name",
            min_length=1,
            max_length=MAX_NAME_LENGTH,
            default=suggested[:MAX_NAME_LENGTH] or None,
        )
        self._language: discord.ui.Select[Any] = discord.ui.Select(
            custom_id="language", required=False, min_values=0, options=_languages()
        )
        about = _("What the voice is called on this server")
        self.add_item(discord.ui.Label(text=_("Name"), description=about, component=self._name))
        about = _("The language that you speak in it")
        self.add_item(
            discord.ui.Label(text=_("Language"), description=about, component=self._language)
        )

    async def on_submit(self, interaction: Interaction, /) -> None:
        """Go on with the name; whether it will do is found out there."""
        language = self._language.values[0] if self._language.values else None
        await require(interaction, Action.ENROL)
        await self._on_name(interaction, self._name.value, language)


def _languages() -> list[discord.SelectOption]:
    return [discord.SelectOption(label=_(name), value=code) for code, name in LANGUAGES.items()]
