"""The panel of `/voice blocks`: whom a member keeps from their voices."""

from __future__ import annotations

import discord

from bot.i18n import _, ngettext
from cogs import cards
from cogs.access_words import member_mentions
from cogs.settings import drawing
from cogs.settings.controls import MAX_OPTIONS, MemberPicker
from cogs.ui import Interaction, command_names, guild_of, services_of
from cogs.voices.groups import GroupedView
from storage.forgotten import is_stand_in
from storage.reach import MAX_BLOCKS


class BlockPanel(GroupedView):
    """25 of them at a time; whoever is not chosen any more is not blocked any more."""

    def __init__(self, interaction: Interaction) -> None:
        super().__init__(interaction)
        self.blocked: list[int] = []
        self._own = guild_of(interaction), interaction.user.id

    async def draw(self, note: str = "") -> discord.Embed:
        """Return whom the member blocks now, with what changes it in place."""
        self.blocked = await services_of(self.origin).reach.blocks(*self._own)
        self.clear_items()
        shown = self.shown(self.blocked, MAX_BLOCKS)
        if self.blocked:
            self.add_item(self._picker([each for each in shown if not is_stand_in(each)]))
        count = len(self.blocked)
        title = ngettext("{count} blocked member", "{count} blocked members", count)
        title = title.format(count=count) if count else _("Blocked members")
        lines = [note, member_mentions(shown), self._hint()]
        return cards.embed(title, "\n\n".join(filter(None, lines)))

    def _hint(self) -> str:
        command = command_names(self.origin)
        if not self.blocked:
            text = _("You block nobody here. {block} keeps a member from all your voices.")
            return text.format(block=command("voice block"))
        return _(
            "They cannot speak as any voice of yours here. Take somebody out of the menu, or use "
            "{unblock}, to take that back."
        ).format(unblock=command("voice unblock"))

    def _picker(self, shown: list[int]) -> MemberPicker:
        async def chosen(interaction: Interaction, picked: tuple[int, ...]) -> None:
            await self._change(interaction, set(picked) - set(shown), set(shown) - set(picked))

        kind = discord.SelectDefaultValueType.user
        return MemberPicker(
            chosen,
            custom_id="blocked",
            placeholder=_("Blocked members"),
            min_values=0,
            max_values=MAX_OPTIONS,
            default_values=[discord.SelectDefaultValue(id=each, type=kind) for each in shown],
            row=0,
        )

    async def _change(self, interaction: Interaction, added: set[int], removed: set[int]) -> None:
        async def work() -> str:
            services = services_of(interaction)
            for each in added - {interaction.user.id}:
                await services.reach.block(*self._own, each)
            await services.reach.unblock(*self._own, removed)
            await services.watch.try_look()
            return drawing.done(_("Saved."))

        await self.act(interaction, work)
