"""Honest payloads of Discord's: an interaction of each command, menu, button, dialog; events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from loopback import Channel, Guild, LoopbackDiscord, Message, Person, Upload
from loopback.ids import snowflake
from loopback.interactions import Kind
from loopback.messages import walk_components

Payload = dict[str, Any]
_GROUPS = (1, 2)
_BUTTON, _TEXT_SELECT, _ACTION_ROW, _TEXT_INPUT = 2, 3, 1, 4


@dataclass(frozen=True, slots=True)
class Template:
    """An event. name: as the gateway calls it."""

    name: str
    data: Payload


class Templates:
    """Makes them, each with a token that answers can be sent to."""

    def __init__(self, discord: LoopbackDiscord, person: Person, message: Message) -> None:
        self._discord, self._person, self._message = discord, person, message
        self._attachment = discord.world.cdn.store(
            person.guild.text.id, Upload("me.wav", b"recording", "audio/wav")
        )

    def all(self) -> list[Template]:
        """Return one of each."""
        return [*self.interactions(), *self.events()]

    def interactions(self) -> Iterator[Template]:
        """Yield commands, suggestions, menus, presses, choices and dialogs."""
        for command in self._discord.world.commands.get(None, []):
            if command["type"] == 1:
                yield from self._slash(command, command.get("options") or [], [])
            else:
                yield self._interaction(Kind.COMMAND, self._menu(command))
        for message in list(self._discord.world.messages.values()):
            yield from self._components(message)
        for custom_id in ("forged", "mynah:report:1", "a" * 100, ""):
            yield self._press({"type": _BUTTON, "custom_id": custom_id}, self._message)
            yield self._dialog(custom_id)

    def _slash(
        self, command: Payload, options: list[Payload], path: list[Payload]
    ) -> Iterator[Template]:
        groups = [option for option in options if option["type"] in _GROUPS]
        for group in groups:
            yield from self._slash(command, group.get("options") or [], [*path, group])
        if groups:
            return
        filled = [self._filled(option) for option in options]
        yield self._interaction(Kind.COMMAND, self._data(command, path, filled))
        for option in options:
            if option.get("autocomplete"):
                typed = {**self._filled(option), "focused": True}
                yield self._interaction(Kind.AUTOCOMPLETE, self._data(command, path, [typed]))

    def _data(self, command: Payload, path: list[Payload], filled: list[Payload]) -> Payload:
        for node in reversed(path):
            filled = [{"name": node["name"], "type": node["type"], "options": filled}]
        guild, member = self._person.guild, self._person.member
        resolved = {
            "users": {str(member.user.id): member.user.payload()},
            "members": {str(member.user.id): member.payload()},
            "roles": {str(role.id): role.payload() for role in guild.roles.values()},
            "channels": {
                str(each.id): {**each.payload(), "permissions": "0"}
                for each in guild.channels.values()
            },
            "attachments": {str(self._attachment.id): self._attachment.payload()},
        }
        return {
            "id": command["id"],
            "name": command["name"],
            "type": 1,
            "options": filled,
            "resolved": resolved,
        }

    def _filled(self, option: Payload) -> Payload:
        guild = self._person.guild
        choices = option.get("choices") or []
        values: dict[int, Any] = {
            3: choices[0]["value"] if choices else "Anna",
            4: option.get("min_value", 1),
            5: True,
            6: str(self._person.id),
            7: str((guild.voice if 2 in option.get("channel_types", []) else guild.text).id),
            8: str(guild.id),
            9: str(self._person.id),
            10: option.get("min_value", 1.0),
            11: str(self._attachment.id),
        }
        return {"name": option["name"], "type": option["type"], "value": values[option["type"]]}

    def _menu(self, command: Payload) -> Payload:
        message = self._message
        return {
            "id": command["id"],
            "name": command["name"],
            "type": command["type"],
            "target_id": str(message.id),
            "resolved": {"messages": {str(message.id): message.payload()}},
        }

    def _components(self, message: Message) -> Iterator[Template]:
        for component in walk_components(message.components):
            if component.get("custom_id") and not component.get("disabled"):
                yield self._press(component, message)

    def _press(self, component: Payload, message: Message) -> Template:
        data: Payload = {
            "custom_id": component["custom_id"],
            "component_type": component["type"],
            "id": 1,
        }
        if component["type"] != _BUTTON:
            options = component.get("options") or [{"value": str(self._person.guild.id)}]
            data |= {"values": [options[0]["value"]], "resolved": {}}
        return self._interaction(Kind.COMPONENT, data, message)

    def _dialog(self, custom_id: str) -> Template:
        field = {"type": _TEXT_INPUT, "custom_id": "name", "value": "Ada", "id": 2}
        row = {"type": _ACTION_ROW, "id": 1, "components": [field]}
        return self._interaction(Kind.MODAL, {"custom_id": custom_id, "components": [row]})

    def _interaction(self, kind: Kind, data: Payload, source: Message | None = None) -> Template:
        person = self._person
        begun = self._discord.interactions.start(kind, person.user, person.guild.text, source)
        shown = {} if source is None else {"message": source.payload()}
        envelope = person._envelope(begun, person.guild.text)
        return Template("INTERACTION_CREATE", {**envelope, "data": data, **shown})

    def events(self) -> Iterator[Template]:
        """Yield what the gateway tells of a guild."""
        guild, person, message = self._person.guild, self._person, self._message
        bot = self._discord.world.bot
        at = {"guild_id": str(guild.id)}
        user = person.user.payload()
        yield Template("GUILD_CREATE", guild.create_payload(bot.id))
        yield Template("GUILD_UPDATE", guild.payload())
        yield Template("GUILD_DELETE", {"id": str(snowflake()), "unavailable": True})
        for channel in guild.channels.values():
            yield from self._of_channel(channel, guild)
        for role in guild.roles.values():
            for verb in ("CREATE", "UPDATE"):
                yield Template(f"GUILD_ROLE_{verb}", {**at, "role": role.payload()})
        yield Template("GUILD_ROLE_DELETE", {**at, "role_id": str(snowflake())})
        for verb in ("ADD", "UPDATE"):
            yield Template(f"GUILD_MEMBER_{verb}", {**at, **person.member.payload()})
        yield Template("GUILD_MEMBER_REMOVE", {**at, "user": user})
        yield Template("USER_UPDATE", bot.payload())
        yield Template("GUILD_EMOJIS_UPDATE", {**at, "emojis": []})
        written = {**message.payload(), **at, "member": person.member.payload()}
        for verb in ("CREATE", "UPDATE"):
            yield Template(f"MESSAGE_{verb}", written)
        place = {"channel_id": str(message.channel_id), **at}
        yield Template("MESSAGE_DELETE", {"id": str(message.id), **place})
        yield Template("MESSAGE_DELETE_BULK", {"ids": [str(message.id)], **place})
        yield Template("VOICE_STATE_UPDATE", self._voice_state(guild))
        yield Template(
            "VOICE_SERVER_UPDATE", {**at, "token": "x", "endpoint": "gone.discord.media"}
        )
        yield Template("INTERACTION_CREATE", {"id": str(snowflake()), "type": 1, "version": 1})

    def _of_channel(self, channel: Channel, guild: Guild) -> Iterator[Template]:
        for verb in ("CREATE", "UPDATE"):
            yield Template(f"CHANNEL_{verb}", {**channel.payload(), "guild_id": str(guild.id)})
        gone = {**channel.payload(), "id": str(snowflake()), "guild_id": str(guild.id)}
        yield Template("CHANNEL_DELETE", gone)

    def _voice_state(self, guild: Guild) -> Payload:
        return {
            "guild_id": str(guild.id),
            "channel_id": str(guild.voice.id),
            "user_id": str(self._person.id),
            "member": self._person.member.payload(),
            "session_id": "x",
            "deaf": False,
            "mute": False,
            "self_deaf": False,
            "self_mute": False,
            "self_video": False,
            "suppress": False,
            "request_to_speak_timestamp": None,
        }
