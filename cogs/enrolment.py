"""`/enroll`: a recording becomes a voice."""

from __future__ import annotations

import io

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from bot.client import MynahBot
from bot.enrolment.types import EnrolmentLimits, SampleRejectedError
from bot.errors import UserError
from bot.i18n import N_, _, error_text
from cogs import cards
from cogs.enrolment_card import EnrolmentCard, OpenCards
from cogs.saving import AsNewVoice, Saving
from cogs.tuning import LANGUAGE_CHOICES
from cogs.ui import Interaction, guild_of, services_of
from storage.names import MAX_NAME_LENGTH
from storage.types import NewVoice

_RESTARTING = N_("What I listen to recordings with is starting again, so this will take a while.")

_SOUND = ("audio/", "video/", "application/ogg", "application/octet-stream")


class Enrolment(commands.Cog):
    """Enrolling voices."""

    def __init__(self, bot: MynahBot) -> None:
        self._enrolment, self._privacy = bot.services.enrolment, bot.services.privacy
        self.cards = OpenCards()

    async def cog_load(self) -> None:
        """Have samples dropped with the other data of their members."""
        self._forget_no_more = self._privacy.subscribe(self.cards.forget)

    async def cog_unload(self) -> None:
        """Close the cards: after a restart nobody would listen to their buttons."""
        self._forget_no_more()
        await self.cards.clear(N_("I was restarted, so this sample is forgotten. Send it again."))

    @app_commands.command(description="Make a voice from a recording of one person speaking")
    @app_commands.guild_only()
    @app_commands.describe(
        sample="A voice message, audio or video file; 10 to 20 seconds of clear speech are best",
        name="What the voice is called on this server",
        language="The language that the speaker speaks",
    )
    @app_commands.choices(language=LANGUAGE_CHOICES)
    async def enroll(
        self,
        interaction: Interaction,
        sample: discord.Attachment,
        name: app_commands.Range[str, 1, MAX_NAME_LENGTH],
        language: str | None = None,
    ) -> None:
        """Show what was heard; only the card's Save button stores it."""
        voice = NewVoice(
            guild_id=guild_of(interaction),
            name=name,
            language=language,
            owner_id=interaction.user.id,
            level="declared",
        )
        await self.listen(interaction, sample, AsNewVoice(services_of(interaction), voice))

    async def listen(
        self, interaction: Interaction, sample: discord.Attachment, saving: Saving
    ) -> None:
        """Answer with the card of a recording; its Save button does what `saving` says.

        Raises UserError for what cannot be a recording, and what `saving` refuses.
        """
        check_attachment(sample, self._enrolment.limits)
        member = interaction.user.id
        with self._enrolment.turns.admit(member):
            await interaction.response.defer(ephemeral=True, thinking=True)
            await saving.check(interaction)
            if self._enrolment.restarting:
                await interaction.edit_original_response(content=f"-# {_(_RESTARTING)}")
            try:
                prepared = await self._enrolment.prepare(await _download(sample), member)
            except SampleRejectedError as error:
                rejection = cards.rejection_card(error_text(error), error.report)
                await interaction.edit_original_response(
                    content=None, embed=rejection, attachments=[_picture(error.picture)]
                )
                return
        card = EnrolmentCard(interaction, prepared, saving, self.cards.remove)
        await interaction.edit_original_response(
            content=None,
            embed=cards.sample_card(saving.title, prepared.report),
            attachments=[_picture(prepared.picture)],
            view=card,
        )
        await self.cards.add(card)


def check_attachment(sample: discord.Attachment, limits: EnrolmentLimits) -> None:
    """Refuse what cannot be a recording before it is downloaded. Raises UserError."""
    kind = sample.content_type
    if kind and not kind.startswith(_SOUND):
        raise UserError(
            _(
                "That file is no recording ({kind}). Send a voice message, or an audio file such "
                "as m4a, mp3, ogg or wav."
            ).format(kind=kind.partition(";")[0])
        )
    limits.check_size(sample.size)


async def _download(sample: discord.Attachment) -> bytes:
    try:
        return await sample.read()
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        raise UserError(
            _("The file could not be fetched from Discord. Send the command again.")
        ) from error


def _picture(png: bytes) -> discord.File:
    return discord.File(io.BytesIO(png), cards.PICTURE_NAME, description=_(cards.PICTURE_TEXT))


async def setup(bot: MynahBot) -> None:
    """Add the cog."""
    await bot.add_cog(Enrolment(bot))
