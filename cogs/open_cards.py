"""The cards on which members enrol: each holds a sample, or records one."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Protocol

from bot.i18n import N_
from bot.privacy.whose import Whose

MAX_CARDS = 32
"""Each holds a sample of some 3 MB."""

ERASED = N_("Your data was deleted, so this sample is forgotten, too. Nothing was stored.")


class Card(Protocol):
    """What the open cards need of one."""

    @property
    def guild_id(self) -> int:
        """The Discord guild where the member enrols."""

    @property
    def member_id(self) -> int:
        """The Discord user id of the member who enrols."""

    async def forget(self, text: str) -> None:
        """Close it, keep nothing, and say why: a text of the catalogues."""


class OpenCards:
    """One card a member, `MAX_CARDS` in all."""

    def __init__(self) -> None:
        self._cards: OrderedDict[int, Card] = OrderedDict()

    def __len__(self) -> int:
        return len(self._cards)

    async def add(self, card: Card) -> None:
        """Take in a card; the member's former one, or else the oldest, makes room for it."""
        former = self._cards.pop(card.member_id, None)
        oldest = next(iter(self._cards.values())) if len(self._cards) >= MAX_CARDS else None
        self._cards[card.member_id] = card
        if former is not None:
            await former.forget(N_("Replaced by the card that you opened after this one."))
        elif oldest is not None:
            await oldest.forget(
                N_("Many people are enrolling, so this card is forgotten. Try again.")
            )

    async def clear(self, text: str) -> None:
        """Close all cards and say why: a text of the catalogues."""
        await asyncio.gather(*(card.forget(text) for card in list(self._cards.values())))

    async def forget(self, whose: Whose) -> None:
        """Forget the samples of somebody whose data is deleted."""
        for card in list(self._cards.values()):
            if whose.covers(card.guild_id, card.member_id):
                await card.forget(ERASED)

    def remove(self, card: Card) -> None:
        """Forget a card that was closed."""
        if self._cards.get(card.member_id) is card:
            del self._cards[card.member_id]
