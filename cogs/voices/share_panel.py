"""The panel of `/voice share`: who may speak as a voice, and what changes that."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

import discord

from bot.i18n import _
from bot.settings.permissions import Action
from cogs import cards
from cogs.access_words import REACHES, member_mentions, pause_text, role_mentions
from cogs.permissions import require
from cogs.settings import drawing
from cogs.settings.controls import MAX_OPTIONS, MemberPicker, Menu, RolePicker, option
from cogs.ui import Interaction, bot_of, command_names, guild_of, services_of
from cogs.voice_option import require_may_change, role_in
from cogs.voices.groups import GroupedView
from storage.access import SharingChange, VoiceAccess
from storage.errors import VoiceNotFoundError
from storage.reach import MAX_MEMBERS
from storage.types import Reach

_REACH_ROW, _MEMBER_ROW, _ROLE_ROW = range(3)


class SharePanel(GroupedView):
    """For a voice's owner; and for who manages the server, who can only take away."""

    def __init__(self, interaction: Interaction, voice_id: int) -> None:
        super().__init__(interaction)
        self._voice_id = voice_id

    async def draw(self, note: str = "") -> discord.Embed:
        """Return who may speak as the voice now, with what changes it in place.

        Raises VoiceNotFoundError.
        """
        access = await self._access()
        self.clear_items()
        if access.owner is not None:
            self.add_item(self._reach_menu(access))
        if access.reach == "named" and access.owner is not None:
            self.add_item(self._member_picker(access))
            self.add_item(self._role_picker(access))
        return self._card(access, note)

    async def _access(self) -> VoiceAccess:
        reach = services_of(self.origin).reach
        access = (await reach.access_of([self._voice_id])).get(self._voice_id)
        if access is None:
            raise VoiceNotFoundError("That voice does not exist any more.")
        return access

    # What is shown.

    def _card(self, access: VoiceAccess, note: str) -> discord.Embed:
        title = _("Who may speak as {voice}").format(voice=cards.quoted(access.name))
        command, lines = command_names(self.origin), [note, pause_text(access)]
        if access.owner is None:
            lines.append(_(REACHES["everybody"]))
        elif access.reach == "named":
            lines += self._named(access)
        else:
            lines.append(_(REACHES[access.reach]))
        if access.owner == self.origin.user.id:
            hint = _("{block} keeps a member out, whatever is shared; {blocks} shows them.")
            lines.append(hint.format(block=command("voice block"), blocks=command("voice blocks")))
        else:
            lines.append(_("You can take members and roles away. Only its owner can add some."))
        return cards.embed(title, "\n\n".join(filter(None, lines)))

    def _named(self, access: VoiceAccess) -> list[str]:
        members = member_mentions(access.members) or _("nobody")
        roles = role_mentions(self._guild, access.roles) or _("none")
        return [
            _(REACHES["named"]),
            _("Members: {members}").format(members=members),
            _("Roles: {roles}").format(roles=roles),
        ]

    @property
    def _guild(self) -> discord.Guild | None:
        return bot_of(self.origin).get_guild(guild_of(self.origin))

    def _reach_menu(self, access: VoiceAccess) -> Menu:
        options = [
            option(_(text), reach, chosen=reach == access.reach) for reach, text in REACHES.items()
        ]
        return Menu("reach", _("Who may speak as it"), options, self.choose_reach, _REACH_ROW)

    def _member_picker(self, access: VoiceAccess) -> MemberPicker:
        shown = self.shown(sorted(access.members), MAX_MEMBERS)

        async def chosen(interaction: Interaction, picked: tuple[int, ...]) -> None:
            added, removed = _difference(shown, picked)
            change = SharingChange(add_members=added - {access.owner or 0}, remove_members=removed)
            await self._change(interaction, change)

        how = _how("members", _("Members who may"), shown, _MEMBER_ROW)
        return MemberPicker(chosen, **how)

    def _role_picker(self, access: VoiceAccess) -> RolePicker:
        guild = self._guild
        gone = {each for each in access.roles if guild and guild.get_role(each) is None}
        shown = sorted(access.roles - gone)  # Discord refuses a menu with a role that is deleted

        async def chosen(interaction: Interaction, picked: tuple[int, ...]) -> None:
            added, removed = _difference(shown, picked)
            change = SharingChange(add_roles=added, remove_roles=removed | gone)
            await self._change(interaction, change)

        return RolePicker(chosen, **_how("roles", _("Roles that may"), shown, _ROLE_ROW))

    # What is pressed.

    async def choose_reach(self, interaction: Interaction, reach: str, /) -> None:
        """Share with its owner alone, with those that are named, or with everybody here."""
        await self._change(interaction, SharingChange(cast(Reach, reach)))

    async def _change(self, interaction: Interaction, change: SharingChange) -> None:
        async def work() -> str:
            services = services_of(interaction)
            voice = await services.voices.get(self._voice_id)
            require_may_change(interaction, voice)
            if change.widens(await self._access()):
                await require(interaction, Action.CHANGE, anywhere=True)
            by = role_in(interaction, voice)
            await services.reach.share(voice.id, change, by=by, actor=interaction.user.id)
            await services.watch.try_look()  # what somebody may have said no more is ended
            return drawing.done(_("Saved."))

        await self.act(interaction, work)


def _difference(
    before: Collection[int], after: Collection[int]
) -> tuple[frozenset[int], frozenset[int]]:
    """Return what was added and what was removed."""
    return frozenset(after) - frozenset(before), frozenset(before) - frozenset(after)


def _how(kind: str, placeholder: str, ids: Collection[int], row: int) -> dict[str, Any]:
    type_ = discord.SelectDefaultValueType.role
    if kind == "members":
        type_ = discord.SelectDefaultValueType.user
    return {
        "custom_id": kind,
        "placeholder": placeholder,
        "min_values": 0,
        "max_values": MAX_OPTIONS,
        "default_values": [discord.SelectDefaultValue(id=each, type=type_) for each in ids],
        "row": row,
    }
