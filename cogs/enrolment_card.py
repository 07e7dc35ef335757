"""The card on which a member decides whether a sample becomes a voice."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import discord

from bot.command_tree import answer, voice_request_text
from bot.enrolment.types import EnrolmentSample
from bot.i18n import N_, _, in_locale
from bot.privacy.whose import Whose
from cogs.saving import Saving
from cogs.ui import Interaction
from cogs.views import MynahModal, OwnedView
from storage.errors import InvalidNameError, NameTakenError, VoiceNotFoundError
from storage.names import MAX_NAME_LENGTH

MAX_CARDS = 32
"""Each holds a sample of some 3 MB."""

EXPIRED = N_("This card has expired and the sample is forgotten. Send the recording again.")
FORGOTTEN = N_("This sample is forgotten. Send the recording again.")
ERASED = N_("Your data was deleted, so this sample is forgotten, too. Nothing was stored.")
DELETED = N_("The voice was deleted meanwhile, so this sample is forgotten. Nothing was stored.")

_MAX_LABEL_DESCRIPTION = 100  # characters; Discord's limit


class EnrolmentCard(OwnedView):
    """Holds a sample until it is saved, discarded or forgotten; nothing is stored before."""

    def __init__(
        self,
        interaction: Interaction,
        sample: EnrolmentSample,
        saving: Saving,
        on_close: Callable[[EnrolmentCard], None],
    ) -> None:
        super().__init__(interaction)
        self._sample: EnrolmentSample | None = sample
        self._purpose = saving
        self._on_close = on_close
        self._saving = False
        self._dialog: _NameModal | None = None

    @property
    def is_open(self) -> bool:
        """Whether the sample is there still."""
        return self._sample is not None

    @property
    def member_id(self) -> int:
        """The Discord user id of the member who enrols."""
        return self.origin.user.id

    @discord.ui.button(
        label=N_("Save: I am the speaker or have the speaker's permission"),
        style=discord.ButtonStyle.success,
    )
    async def save(
        self, interaction: Interaction, button: discord.ui.Button[EnrolmentCard]
    ) -> None:
        """Store the sample, or ask for another name first."""
        try:
            await self._purpose.check(interaction)
        except (InvalidNameError, NameTakenError) as error:
            await self._ask_name(interaction, voice_request_text(error))
            return
        except VoiceNotFoundError:
            await interaction.response.defer()
            await self.forget(DELETED)
            return
        await self.store(interaction)

    @discord.ui.button(label=N_("Discard"), style=discord.ButtonStyle.secondary)
    async def discard(
        self, interaction: Interaction, button: discord.ui.Button[EnrolmentCard]
    ) -> None:
        """Forget the sample."""
        await interaction.response.defer()
        if not self._saving:
            await self.forget(N_("Discarded. Nothing was stored."))

    async def store(self, interaction: Interaction, name: str | None = None) -> None:
        """Store the sample once, however often it is asked for. Raises what `save` raises."""
        await interaction.response.defer()
        sample = self._sample
        if sample is None or self._saving:
            return
        self._saving = True
        try:
            saved = await self._purpose.save(interaction, sample, name)
        except Exception:
            if self.is_finished():  # it expired meanwhile: Save cannot be pressed again
                await self.forget(EXPIRED)
            raise
        finally:
            self._saving = False
        self._close()
        await self.edit(embed=saved, attachments=[], view=None)

    async def forget(self, text: str) -> None:
        """Drop the sample and say why, by a text of the catalogues, in its member's language."""
        self._close()
        with in_locale(self.locale):
            told = _(text)
        await self.edit(content=told, embed=None, attachments=[], view=None)

    async def on_timeout(self) -> None:
        """Forget the sample while the card can still say so."""
        if not self._saving and self.is_open:
            await self.forget(EXPIRED)

    async def _ask_name(self, interaction: Interaction, problem: str) -> None:
        if self._dialog is not None:
            self._dialog.stop()  # a client shows one at a time; discord.py keeps all
        self._dialog = _NameModal(self, problem, self.remaining())
        await interaction.response.send_modal(self._dialog)

    def _close(self) -> None:
        self._sample = None
        self.stop()
        self._on_close(self)


class _NameModal(MynahModal, title=N_("Choose another name")):
    """Asks for another name; the card and its sample stay.

    It outlives a card that is closed, to say so, but not the time that the card had.
    """

    def __init__(self, card: EnrolmentCard, problem: str, seconds: float) -> None:
        super().__init__(timeout=seconds)
        self._card = card
        self._name: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="name", min_length=1, max_length=MAX_NAME_LENGTH
        )
        description = problem[:_MAX_LABEL_DESCRIPTION]
        self.add_item(
            discord.ui.Label(text=_("Name"), description=description, component=self._name)
        )

    async def on_submit(self, interaction: Interaction, /) -> None:
        """Store the voice under the new name; if it will not do either, Save asks again."""
        if self._card.is_open:
            await self._card.store(interaction, self._name.value)
        else:
            await answer(interaction, _(FORGOTTEN))


class OpenCards:
    """The cards that hold a sample: one a member, `MAX_CARDS` in all."""

    def __init__(self) -> None:
        self._cards: OrderedDict[int, EnrolmentCard] = OrderedDict()

    def __len__(self) -> int:
        return len(self._cards)

    async def add(self, card: EnrolmentCard) -> None:
        """Take in a card; the member's former one, or else the oldest, makes room for it."""
        former = self._cards.pop(card.member_id, None)
        oldest = next(iter(self._cards.values())) if len(self._cards) >= MAX_CARDS else None
        self._cards[card.member_id] = card
        if former is not None:
            await former.forget(N_("Replaced by the recording that you sent after this one."))
        elif oldest is not None:
            await oldest.forget(
                N_("Many people are enrolling, so this sample is forgotten. Try again.")
            )

    async def clear(self, text: str) -> None:
        """Forget all samples and say why: a text of the catalogues."""
        await asyncio.gather(*(card.forget(text) for card in list(self._cards.values())))

    async def forget(self, whose: Whose) -> None:
        """Forget the samples of somebody whose data is deleted."""
        for card in list(self._cards.values()):
            if whose.covers(card.origin.guild_id or 0, card.member_id):
                await card.forget(ERASED)

    def remove(self, card: EnrolmentCard) -> None:
        """Forget a card that was closed."""
        if self._cards.get(card.member_id) is card:
            del self._cards[card.member_id]
