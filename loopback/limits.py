"""Discord's limits on what a bot may send; breaking one is a 400, as in production.

Source: https://discord.com/developers/docs (messages, components, application commands).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .cdn import Upload
from .errors import ApiError, invalid_form
from .messages import walk_components
from .model import Payload

UPLOAD_BYTES = 10 * 1024 * 1024
_COMMAND_NAME = re.compile(r"^[-_'\w]{1,32}$")
_TEXT_COMMAND = 1
_OPTION_GROUPS = (1, 2)
_ACTION_ROW = 1
_BUTTON = 2
_EMBED_PARTS = {"title": 256, "description": 4096}


def check_message(body: Payload, uploads: Sequence[Upload], *, new: bool) -> None:
    """Refuse a message that Discord would refuse. `new`: it must not be empty."""
    _limit("content", body.get("content"), 2000)
    _limit("embeds", body.get("embeds"), 10)
    for embed in body.get("embeds") or []:
        _check_embed(embed)
    _check_components(body.get("components") or [])
    if any(len(upload.content) > UPLOAD_BYTES for upload in uploads):
        raise ApiError(413, 40005, "Request entity too large")
    parts = ("content", "embeds", "components", "sticker_ids", "poll")
    if new and not uploads and not any(body.get(part) for part in parts):
        raise ApiError(400, 50006, "Cannot send an empty message")


def check_modal(data: Payload) -> None:
    """Refuse a modal with a missing title, too many or too long parts."""
    _limit("title", data.get("title"), 45)
    if not data.get("title"):
        raise invalid_form("title", "This field is required")
    _limit("components", data.get("components"), 5)
    _check_ids(data.get("components") or [])


def check_choices(choices: Sequence[Payload]) -> None:
    """Refuse more than 25 suggestions, or one that is empty or over 100 characters."""
    _limit("choices", choices, 25)
    for choice in choices:
        _limit("choices.name", choice["name"], 100)
        if not choice["name"]:
            raise invalid_form("choices.name", "Must be between 1 and 100 in length.")
        if isinstance(choice["value"], str):
            _limit("choices.value", choice["value"], 100)


def check_command(command: Payload) -> None:
    """Refuse an application command with a bad name, description or order of options."""
    if command.get("type", _TEXT_COMMAND) != _TEXT_COMMAND:
        return
    _check_described(command)
    _check_options(command.get("options") or [])


def _check_options(options: Sequence[Payload]) -> None:
    _limit("options", options, 25)
    required = [bool(o.get("required")) for o in options if o["type"] not in _OPTION_GROUPS]
    if required != sorted(required, reverse=True):
        raise invalid_form("options", "Required options must be placed before non-required ones.")
    for option in options:
        _check_described(option)
        if option.get("choices"):
            check_choices(option["choices"])
        _check_options(option.get("options") or [])


def _check_described(entry: Payload) -> None:
    name = entry["name"]
    if not _COMMAND_NAME.match(name) or name != name.lower():
        raise invalid_form("name", f"Command name is invalid: {name!r}")
    _limit("description", entry.get("description"), 100)
    if not entry.get("description"):
        raise invalid_form("description", "This field is required")


def _check_embed(embed: Payload) -> None:
    for part, length in _EMBED_PARTS.items():
        _limit(f"embeds.{part}", embed.get(part), length)
    _limit("embeds.fields", embed.get("fields"), 25)
    texts = [embed.get("title"), embed.get("description"), embed.get("footer", {}).get("text")]
    for entry in embed.get("fields") or []:
        _limit("embeds.fields.name", entry["name"], 256)
        _limit("embeds.fields.value", entry["value"], 1024)
        texts += [entry["name"], entry["value"]]
    _limit("embeds", "".join(text or "" for text in texts), 6000)


def _check_components(components: Sequence[Payload]) -> None:
    rows = [c for c in components if c["type"] == _ACTION_ROW]
    _limit("components", rows, 5)
    for row in rows:
        _limit("components.components", row["components"], 5)
    _check_ids(components)


def _check_ids(components: Sequence[Payload]) -> None:
    found = list(walk_components(components))
    ids = [c["custom_id"] for c in found if c.get("custom_id")]
    if len(ids) != len(set(ids)):
        raise invalid_form("components", "Component custom id cannot be duplicated")
    for component in found:
        _limit("custom_id", component.get("custom_id"), 100)
        _limit("label", component.get("label"), 80 if component["type"] == _BUTTON else 45)
        _limit("options", component.get("options"), 25)


def _limit(field: str, value: str | Sequence[object] | None, most: int) -> None:
    if value is not None and len(value) > most:
        raise invalid_form(field, f"Must be {most} or fewer in length.")
