"""What a person's Discord client sends for a slash command, and what it would not send."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from .cdn import Upload
from .errors import ClientRefusedError
from .model import Channel, Guild, Member, Payload, Role, User
from .permissions import Permission
from .state import World

_MENTION = re.compile(r"<(@[!&]?|#)(\d{1,20})>")

Value = str | int | float | bool | Upload | User | Member | Role | Channel


class OptionType(IntEnum):
    """Types of command options."""

    SUBCOMMAND = 1
    GROUP = 2
    STRING = 3
    INTEGER = 4
    BOOLEAN = 5
    USER = 6
    CHANNEL = 7
    ROLE = 8
    MENTIONABLE = 9
    NUMBER = 10
    ATTACHMENT = 11


@dataclass(frozen=True, slots=True)
class Typed:
    """Where a person types a command."""

    world: World
    guild: Guild
    member: Member
    channel: Channel


def command_data(typed: Typed, name: str, options: Mapping[str, Value]) -> Payload:
    """Return the data of a command that is sent off. `name` may be "group subcommand"."""
    command, path, specs = _find(typed, name)
    unknown = options.keys() - specs.keys()
    if unknown:
        raise ClientRefusedError(f"/{name} has no option {', '.join(sorted(unknown))}")
    for spec in specs.values():
        if spec.get("required") and spec["name"] not in options:
            raise ClientRefusedError(f"/{name} needs the option {spec['name']}")
    resolved: Payload = {}
    filled = [_fill(typed, specs[key], value, resolved) for key, value in options.items()]
    return _assemble(command, path, filled, resolved)


def autocomplete_data(
    typed: Typed, name: str, focused: str, partial: str, options: Mapping[str, Value]
) -> Payload:
    """Return the data that is sent while a person types into the option `focused`."""
    command, path, specs = _find(typed, name)
    if not specs[focused].get("autocomplete"):
        raise ClientRefusedError(f"/{name} does not autocomplete {focused}")
    resolved: Payload = {}
    filled = [_fill(typed, specs[key], value, resolved) for key, value in options.items()]
    kind = specs[focused]["type"]
    filled.append({"name": focused, "type": kind, "value": partial, "focused": True})
    return _assemble(command, path, filled, resolved)


def find_command(typed: Typed, name: str, kind: int) -> Payload:
    """Return the registered command that the person sees; the guild's own come first."""
    registered = typed.world.commands
    for command in [*registered.get(typed.guild.id, []), *registered.get(None, [])]:
        if (command["name"], command["type"]) == (name, kind):
            _require_visible(typed, command)
            return command
    raise ClientRefusedError(f"no command {name!r} is registered")


def _require_visible(typed: Typed, command: Payload) -> None:
    granted = typed.world.permissions(typed.member.user.id, typed.channel)
    needed = int(command["default_member_permissions"] or 0)
    if needed & ~granted:
        raise ClientRefusedError(f"{typed.member.user.name} does not see /{command['name']}")
    if not granted & Permission.USE_APPLICATION_COMMANDS:
        raise ClientRefusedError(f"{typed.member.user.name} may not use commands here")


def _find(typed: Typed, name: str) -> tuple[Payload, list[Payload], dict[str, Payload]]:
    """Return the command, the groups on the way to the subcommand, and its options by name."""
    first, *rest = name.split()
    command = node = find_command(typed, first, kind=1)
    path = []
    for word in rest:
        inner = {option["name"]: option for option in node["options"]}
        if word not in inner:
            raise ClientRefusedError(f"no subcommand {name!r} is registered")
        node = inner[word]
        path.append(node)
    specs = {option["name"]: option for option in node.get("options") or []}
    if any(spec["type"] <= OptionType.GROUP for spec in specs.values()):
        raise ClientRefusedError(f"/{name} needs one of the subcommands {', '.join(specs)}")
    return command, path, specs


def _assemble(
    command: Payload, path: list[Payload], filled: list[Payload], resolved: Payload
) -> Payload:
    for node in reversed(path):
        filled = [{"name": node["name"], "type": node["type"], "options": filled}]
    data = {"id": command["id"], "name": command["name"], "type": 1, "options": filled}
    guild = {"guild_id": command["guild_id"]} if "guild_id" in command else {}
    return {**data, **guild, **({"resolved": resolved} if resolved else {})}


def _fill(typed: Typed, spec: Payload, value: Value, resolved: Payload) -> Payload:
    kind = OptionType(spec["type"])
    sent = _CHECKS[kind](typed, spec, value, resolved)
    return {"name": spec["name"], "type": int(kind), "value": sent}


def _refuse(spec: Payload, why: str) -> ClientRefusedError:
    return ClientRefusedError(f"the option {spec['name']} {why}")


def _string(typed: Typed, spec: Payload, value: Any, resolved: Payload) -> str:
    if not isinstance(value, str):
        raise _refuse(spec, "takes text")
    if not spec.get("min_length", 0) <= len(value) <= spec.get("max_length", 6000):
        raise _refuse(spec, f"is {len(value)} characters long, which its limits forbid")
    _resolve_mentions(typed, value, resolved)
    return str(_chosen(spec, value))


def _resolve_mentions(typed: Typed, text: str, resolved: Payload) -> None:
    """Add whom and what a text mentions, which Discord resolves in options of type string, too."""
    for sign, key in _MENTION.findall(text):
        places: dict[str, tuple[Mapping[int, Any], Callable[..., object]]] = {
            "@": (typed.guild.members, _user),
            "@!": (typed.guild.members, _user),
            "@&": (typed.guild.roles, _role),
            "#": (typed.guild.channels, _channel),
        }
        known, take = places[sign]
        if int(key) in known:
            take(typed, {}, known[int(key)], resolved)


def _number(typed: Typed, spec: Payload, value: Any, resolved: Payload) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refuse(spec, "takes a number")
    lowest, highest = spec.get("min_value"), spec.get("max_value")
    if (lowest is not None and value < lowest) or (highest is not None and value > highest):
        raise _refuse(spec, f"is {value}, which its limits forbid")
    return float(_chosen(spec, value)) if isinstance(value, float) else int(_chosen(spec, value))


def _chosen(spec: Payload, value: Any) -> Any:
    choices = [choice["value"] for choice in spec.get("choices") or []]
    if choices and value not in choices:
        raise _refuse(spec, f"takes one of {choices}, not {value!r}")
    return value


def _boolean(typed: Typed, spec: Payload, value: Any, resolved: Payload) -> bool:
    if not isinstance(value, bool):
        raise _refuse(spec, "takes true or false")
    return value


def _user(typed: Typed, spec: Payload, value: Any, resolved: Payload) -> str:
    user = value if isinstance(value, User) else value.user
    key = str(user.id)
    resolved.setdefault("users", {})[key] = user.payload()
    member = typed.guild.members[user.id].payload()
    del member["user"]
    granted = typed.world.permissions(user.id, typed.channel)
    resolved.setdefault("members", {})[key] = {**member, "permissions": str(granted)}
    return key


def _channel(typed: Typed, spec: Payload, value: Any, resolved: Payload) -> str:
    if spec.get("channel_types") and value.kind not in spec["channel_types"]:
        raise _refuse(spec, f"does not take a {value.kind.name.lower()} channel")
    granted = typed.world.permissions(typed.member.user.id, value)
    shown = {**value.payload(), "permissions": str(granted)}
    resolved.setdefault("channels", {})[str(value.id)] = shown
    return str(value.id)


def _role(typed: Typed, spec: Payload, value: Any, resolved: Payload) -> str:
    resolved.setdefault("roles", {})[str(value.id)] = value.payload()
    return str(value.id)


def _mentionable(typed: Typed, spec: Payload, value: Any, resolved: Payload) -> str:
    take = _role if isinstance(value, Role) else _user
    return take(typed, spec, value, resolved)


def _attachment(typed: Typed, spec: Payload, value: Any, resolved: Payload) -> str:
    if not isinstance(value, Upload):
        raise _refuse(spec, "takes a file")
    stored = typed.world.cdn.store(typed.channel.id, value, ephemeral=True)
    resolved.setdefault("attachments", {})[str(stored.id)] = stored.payload()
    return str(stored.id)


_CHECKS: dict[OptionType, Callable[[Typed, Payload, Any, Payload], Any]] = {
    OptionType.STRING: _string,
    OptionType.INTEGER: _number,
    OptionType.NUMBER: _number,
    OptionType.BOOLEAN: _boolean,
    OptionType.USER: _user,
    OptionType.CHANNEL: _channel,
    OptionType.ROLE: _role,
    OptionType.MENTIONABLE: _mentionable,
    OptionType.ATTACHMENT: _attachment,
}
