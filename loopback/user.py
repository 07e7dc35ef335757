"""A member of a guild, who does what people do in Discord and sees what they would see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .cdn import Upload
from .errors import ClientRefusedError
from .interactions import Interaction, Kind
from .limits import UPLOAD_BYTES
from .messages import SILENT, Message
from .model import Channel, Guild, Member, Payload, Role, User
from .permissions import Permission
from .slash import Typed, Value, autocomplete_data, command_data, find_command

if TYPE_CHECKING:
    from .listener import Listener
    from .microphone import Microphone
    from .server import LoopbackDiscord

_BUTTON = 2
_STRING_SELECT = 3
_USER_SELECT = 5
_ROLE_SELECT = 6
_LINK = 5
_LABEL = 18


class Person:
    """One user in one guild. Every action goes through the gateway to the bot."""

    def __init__(
        self,
        discord: LoopbackDiscord,
        guild: Guild,
        member: Member,
        at: Channel | None = None,
        *,
        locale: str = "en-US",
    ) -> None:
        self._discord = discord
        self.locale = locale  # of the client
        self.guild = guild
        self.member = member
        self._at = at or guild.text

    def at(self, channel: Channel) -> Person:
        """Return the same person, typing in another channel."""
        return Person(self._discord, self.guild, self.member, channel, locale=self.locale)

    @property
    def user(self) -> User:
        """The account."""
        return self.member.user

    @property
    def id(self) -> int:
        """The account's id."""
        return self.member.user.id

    # Commands --------------------------------------------------------------------------

    def slash(self, name: str, /, **options: Value) -> Interaction:
        """Run `/name` (or "group subcommand") and return the interaction to follow.

        Raises ClientRefusedError for what a Discord client would not let a person send.
        """
        data = command_data(self._typed(), name, options)
        return self._interact(Kind.COMMAND, self._at, data)

    async def autocomplete(
        self, name: str, focused: str, partial: str = "", /, **options: Value
    ) -> list[Any]:
        """Type `partial` into the option `focused` and return the values suggested."""
        data = autocomplete_data(self._typed(), name, focused, partial, options)
        interaction = self._interact(Kind.AUTOCOMPLETE, self._at, data)
        await interaction.acknowledged()
        return [choice["value"] for choice in interaction.choices or []]

    def use_on_message(self, name: str, message: Message) -> Interaction:
        """Choose the message command `name` from the menu of a message."""
        channel = self._discord.world.channel(message.channel_id)
        command = find_command(self.at(channel)._typed(), name, kind=3)
        data = {
            "id": command["id"],
            "name": name,
            "type": 3,
            "target_id": str(message.id),
            "resolved": {"messages": {str(message.id): message.payload()}},
        }
        return self._interact(Kind.COMMAND, channel, data)

    # Components and modals -------------------------------------------------------------

    def press(self, message: Message, **which: Any) -> Interaction:
        """Press a button, named by `label=` or `custom_id=`."""
        self._require_visible(message)
        button = message.component(type=_BUTTON, **which)
        if button.get("disabled") or button["style"] == _LINK:
            raise ClientRefusedError(f"the button {which} cannot be pressed")
        data = {"custom_id": button["custom_id"], "component_type": _BUTTON}
        return self._interact_on(message, data)

    def select(self, message: Message, values: Sequence[str], **which: Any) -> Interaction:
        """Choose values in a select menu of texts."""
        self._require_visible(message)
        menu = message.component(type=_STRING_SELECT, **which)
        offered = {option["value"] for option in menu["options"]}
        if menu.get("disabled") or not set(values) <= offered:
            raise ClientRefusedError(f"the menu offers {sorted(offered)}, not {values}")
        if not menu.get("min_values", 1) <= len(values) <= menu.get("max_values", 1):
            raise ClientRefusedError(f"the menu does not take {len(values)} values")
        data = {"custom_id": menu["custom_id"], "component_type": _STRING_SELECT}
        return self._interact_on(message, {**data, "values": list(values)})

    def pick(self, message: Message, chosen: Sequence[Member | Role], **which: Any) -> Interaction:
        """Choose members or roles in one of Discord's own menus, instead of those before."""
        self._require_visible(message)
        menu = message.component(**which)
        if menu["type"] not in (_USER_SELECT, _ROLE_SELECT):
            raise ClientRefusedError(f"the menu {which} offers neither members nor roles")
        if not menu.get("min_values", 1) <= len(chosen) <= menu.get("max_values", 1):
            raise ClientRefusedError(f"the menu does not take {len(chosen)} values")
        members = [each for each in chosen if isinstance(each, Member)]
        roles = [each for each in chosen if isinstance(each, Role)]
        data = {
            "custom_id": menu["custom_id"],
            "component_type": menu["type"],
            "values": [*(str(each.user.id) for each in members), *(str(each.id) for each in roles)],
            "resolved": {
                "users": {str(each.user.id): each.user.payload() for each in members},
                "members": {str(each.user.id): each.payload() for each in members},
                "roles": {str(each.id): each.payload() for each in roles},
            },
        }
        return self._interact_on(message, data)

    def submit(self, opened_by: Interaction, /, **values: str) -> Interaction:
        """Fill in the modal that an interaction opened, by custom id or label, and submit it."""
        modal = opened_by.modal
        if modal is None:
            raise ClientRefusedError("no modal was opened")
        components = [_filled(component, values) for component in modal["components"]]
        data = {"custom_id": modal["custom_id"], "components": components}
        return self._interact(Kind.MODAL, opened_by.channel, data, opened_by.source)

    # Messages and voice ----------------------------------------------------------------

    def send(self, text: str = "", *uploads: Upload, silent: bool = False, **more: Any) -> Message:
        """Write a message.

        more: `replied` and `pings_replied` for a reply, `forwarded`, `stickers`, `poll`.
        """
        world = self._discord.world
        if not world.permissions(self.id, self._at) & Permission.SEND_MESSAGES:
            raise ClientRefusedError(f"{self.user.name} may not write in {self._at.name}")
        body = {"content": text, "flags": SILENT if silent else 0}
        return world.post(self.user, self._at, body, uploads, **more)

    def edit(self, message: Message, text: str) -> None:
        """Change what the person wrote."""
        self._discord.world.edit(message, {"content": text})

    def delete(self, message: Message) -> None:
        """Delete a message."""
        self._discord.world.delete(message)

    async def join_voice(self, channel: Channel | None = None) -> Listener:
        """Connect to (or move to) a voice channel; the listener hears what is said there."""
        target = channel or self.guild.voice
        if not self._discord.world.may_connect(self.id, target):
            raise ClientRefusedError(f"{self.user.name} may not connect to {target.name}")
        return await self._discord.voice.join(self.guild, self.user, target)

    def microphone(self, ssrc: int | None = None) -> Microphone:
        """Return what the person speaks into; in voice only."""
        return self._discord.voice.microphone(self.guild, self.user, ssrc)

    def mute_self(self, on: bool = True) -> None:
        """Press the microphone button."""
        self._discord.voice.mute_self(self.guild, self.id, on)

    async def leave_voice(self) -> None:
        """Disconnect from voice."""
        self._discord.voice.move(self.guild, self.id, None)

    # -------------------------------------------------------------------------------------

    def _typed(self) -> Typed:
        return Typed(self._discord.world, self.guild, self.member, self._at)

    def _require_visible(self, message: Message) -> None:
        if message.deleted or (message.ephemeral and message.seen_by != self.id):
            raise ClientRefusedError(f"{self.user.name} does not see this message")

    def _interact_on(self, message: Message, data: Payload) -> Interaction:
        channel = self._discord.world.channel(message.channel_id)
        return self._interact(Kind.COMPONENT, channel, data, message)

    def _interact(
        self, kind: Kind, channel: Channel, data: Payload, source: Message | None = None
    ) -> Interaction:
        interaction = self._discord.interactions.start(kind, self.user, channel, source)
        shown = {} if source is None else {"message": source.payload()}
        payload = {**self._envelope(interaction, channel), "data": data, **shown}
        self._discord.world.publish("INTERACTION_CREATE", payload, self.guild.id)
        return interaction

    def _envelope(self, interaction: Interaction, channel: Channel) -> Payload:
        world = self._discord.world
        mine = str(world.permissions(self.id, channel))
        return {
            "id": str(interaction.id),
            "application_id": str(world.bot.id),
            "type": int(interaction.kind),
            "token": interaction.token,
            "version": 1,
            "guild_id": str(self.guild.id),
            "guild": {"id": str(self.guild.id), "locale": "en-US", "features": []},
            "channel_id": str(channel.id),
            "channel": {**channel.payload(), "permissions": mine},
            "member": {**self.member.payload(), "permissions": mine},
            "app_permissions": str(world.permissions(world.bot.id, channel)),
            "locale": self.locale,
            "guild_locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": {"0": str(self.guild.id)},
            "context": 0,
            "attachment_size_limit": UPLOAD_BYTES,
        }


def _filled(component: Payload, values: dict[str, str], label: str = "") -> Payload:
    """Return a modal's component as it is submitted: rows and labels kept, inputs with values."""
    kept = {"type": component["type"], "id": component.get("id", 1)}
    if component["type"] == _LABEL:
        return {**kept, "component": _filled(component["component"], values, component["label"])}
    if "components" in component:
        return {**kept, "components": [_filled(c, values, label) for c in component["components"]]}
    return {**kept, **_filled_input(component, values, component.get("label") or label)}


def _filled_input(component: Payload, values: dict[str, str], label: str) -> Payload:
    custom_id = component["custom_id"]
    value = values.get(custom_id, values.get(label, component.get("value") or ""))
    if component.get("required", True) and not value:
        raise ClientRefusedError(f"the modal needs {label}")
    if not component.get("min_length", 0) <= len(value) <= component.get("max_length", 4000):
        raise ClientRefusedError(f"{label} is {len(value)} characters long, against its limits")
    return {"custom_id": custom_id, "value": value}
