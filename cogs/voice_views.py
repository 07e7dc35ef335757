"""Pages of voices, and the question before a voice is deleted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import discord

from bot.command_mentions import CommandNames
from bot.errors import UserError
from bot.i18n import N_, _
from bot.moderation import Deleted
from cogs import cards
from cogs.moderation import tell
from cogs.pages import PagedView
from cogs.ui import Interaction, command_names, guild_of, services_of
from cogs.views import OwnedView
from cogs.voice_option import require_may_change
from storage.types import OPERATOR_GUILD_ID, VoiceProfile
from storage.voices import VoiceStore

PAGE_SIZE = 10


class VoicePages(PagedView):
    """The guild's voices and then the operator's, page by page."""

    size = PAGE_SIZE

    def __init__(self, interaction: Interaction) -> None:
        super().__init__(interaction)
        self._voices = services_of(interaction).voices
        self._guild_id = guild_of(interaction)
        self._command = command_names(interaction)

    async def render(self) -> discord.Embed:
        """Return the page as it is now."""
        own = await self._voices.count(self._guild_id)
        total = own + await self._voices.count(OPERATOR_GUILD_ID)
        voices = await _slice(self._voices, self._guild_id, own, self.paginate(total))
        if not voices:
            none = _("There are none yet. Make one with {enroll}.")
            return cards.embed(_("Voices"), none.format(enroll=self._command("enroll")))
        return _page_card(voices, total).set_footer(text=self.place)


class DeletionQuestion(OwnedView):
    """Asks whether a voice shall go: the one that was asked about, as it was then."""

    def __init__(self, interaction: Interaction, voice: VoiceProfile) -> None:
        super().__init__(interaction)
        self._voice = voice
        self._answered = False

    @discord.ui.button(label=N_("Delete for good"), style=discord.ButtonStyle.danger)
    async def delete(
        self, interaction: Interaction, button: discord.ui.Button[DeletionQuestion]
    ) -> None:
        """Delete it, and with it the recording."""
        await self._answer(interaction, self._delete)

    @discord.ui.button(label=N_("Keep"), style=discord.ButtonStyle.secondary)
    async def keep(
        self, interaction: Interaction, button: discord.ui.Button[DeletionQuestion]
    ) -> None:
        """Leave it alone."""
        await self._answer(interaction, self._keep)

    async def _answer(
        self, interaction: Interaction, act: Callable[[Interaction], Awaitable[str]]
    ) -> None:
        """Do once what was pressed first; of a double click the second press is passed over."""
        first, self._answered = not self._answered, True
        await interaction.response.defer()
        if not first:
            return
        try:
            text = await act(interaction)
        except Exception:
            await self.edit(view=None)  # the buttons are dead; what went wrong follows
            raise
        else:
            await self.edit(content=text, view=None)
        finally:
            self.stop()

    async def _delete(self, interaction: Interaction) -> str:
        services, asked = services_of(interaction), self._voice
        voice = await services.voices.get(asked.id)
        require_may_change(interaction, voice)
        if (voice.name, voice.clip_sha256) != (asked.name, asked.clip_sha256):
            raise UserError(_changed(asked, voice, command_names(interaction)))
        look = services.watch.try_look  # silent before its files are removed
        await services.voices.delete(voice.id, by=interaction.user.id, gone=look)
        event = Deleted(interaction.user.id, voice.name, voice.owner_id)
        tell(interaction.client, voice.guild_id, event)
        return _("{voice} is deleted.").format(voice=cards.quoted(voice.name))

    async def _keep(self, interaction: Interaction) -> str:
        return _("{voice} stays.").format(voice=cards.quoted(self._voice.name))


def _changed(asked: VoiceProfile, voice: VoiceProfile, command: CommandNames) -> str:
    """Return why a voice is not deleted that is no longer what was asked about."""
    if asked.name != voice.name:
        text = _(
            "{voice} is called {name} now, so nothing was deleted. If it shall go all the same, "
            "use {delete} again."
        )
    else:
        text = _(
            "{voice} has another recording now, so nothing was deleted. If it shall go all the "
            "same, use {delete} again."
        )
    names = {"voice": cards.quoted(asked.name), "name": cards.quoted(voice.name)}
    return text.format(delete=command("voice delete"), **names)


async def _slice(
    voices: VoiceStore, guild_id: int, own: int, offset: int
) -> Sequence[VoiceProfile]:
    page = await voices.list_voices(guild_id, PAGE_SIZE, offset) if offset < own else []
    if len(page) < PAGE_SIZE:
        shared_offset = max(0, offset - own)
        page += await voices.list_voices(OPERATOR_GUILD_ID, PAGE_SIZE - len(page), shared_offset)
    return page


def _page_card(voices: Sequence[VoiceProfile], total: int) -> discord.Embed:
    lines = "\n".join(cards.voice_line(voice) for voice in voices)
    return cards.embed(_("Voices ({count})").format(count=total), lines)
