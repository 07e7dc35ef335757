"""Every command that shows a name, used as members would; what they were shown."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import discord
from simcord.actors import MemberActor
from simcord.results import InteractionResult

from tests.cogs.conftest import Scene
from tests.cogs.names.looking import LIMITS, disorder, faults
from tests.cogs.test_enrolment import FILE, SAVE

Shown = list[tuple[str, str]]
"""Texts by the key under which Discord was sent them."""

MARKDOWN = frozenset({"content", "title", "description", "name", "value"})

ALONE = frozenset({"label", "filename"})
"""What is nothing but a name, so that there is nothing around it."""

_READ = ("content", "title", "description", "name", "value", "text", "label", "placeholder",
         "filename")  # fmt: skip


def shown_by(result: InteractionResult) -> Shown:
    """Return the texts of an answer: messages, cards, menus and dialogs."""
    messages = [each for each in (result.response, *result.followups) if each is not None]
    seen: Shown = []
    for message in messages:
        seen.append(("content", message.content))
        for card in message.embeds:
            seen += _texts(card.to_dict(), embed=True)
        seen += _texts(message.components)
        seen += [("filename", each.filename) for each in message.attachments]
    if result.modal is not None:
        seen += _texts(result.modal)
    return seen


def _texts(value: Any, *, embed: bool = False) -> Shown:
    found: Shown = []
    if isinstance(value, Mapping):
        for key, each in value.items():
            if (
                isinstance(each, str)
                and key in _READ
                and (embed or key in ("label", "placeholder"))
            ):
                found.append((key, each))
            elif not isinstance(each, str):
                found += _texts(each, embed=embed)
    elif isinstance(value, Iterable) and not isinstance(value, str):
        for each in value:
            found += _texts(each, embed=embed)
    return found


def elsewhere(scene: Scene) -> Scene:
    """Return another server of the same bot, of which nothing is stored."""
    guild = scene.env.create_guild()
    managers = guild.create_role("Managers", permissions=discord.Permissions(manage_guild=True))
    mo = guild.add_member(scene.env.create_user("mo"), roles=[managers])
    return replace(scene, guild=guild, channel=guild.create_text_channel("general"), mo=mo)


async def drive(scene: Scene, name: str, voice: str | None) -> dict[str, Shown]:
    """Have a member who is called so use the bot, in a voice that is called so, if one may be.

    Returns what was shown, by the command.
    """
    ann = scene.guild.add_member(scene.env.create_user("ann two"), nick=name)
    lounge = scene.guild.create_voice_channel(name)
    role = scene.guild.create_role(name)
    called = "Benign" if voice is None else voice
    await ann.join_voice(lounge)
    await scene.world.settings.change_guild(scene.guild.id, "name_speakers", "always", changed_by=1)
    seen: dict[str, Shown] = {}

    async def use(command: str, by: MemberActor = ann, **options: Any) -> InteractionResult:
        result = await by.slash(scene.channel, command, **options)
        seen[command] = [*seen.get(command, []), *shown_by(result)]
        return result

    card = await use("enroll", name=name if voice is not None else called, sample=FILE)
    seen["save"] = shown_by(await ann.click(card.response, label=SAVE)) + shown_by(card)
    await use("say", text=f"Hello {name}")
    await scene.env.settle()
    await use("say", text=name, file=True)
    for command in ("queue", "help", "me", "voice list", "voice blocks", "read status"):
        await use(command)
    for command in ("info", "share", "usage", "preview", "pause", "resume", "default", "tune"):
        await use(f"voice {command}", voice=called)
    await use("voice replace", voice=called, sample=FILE)
    await use("dictionary add", written=name, spoken=name)
    await use("dictionary list")
    await use("dictionary list", search=name)
    await use("dictionary remove", written=name)
    for command in ("audit", "settings", "voice list"):
        await use(command, by=scene.mo)
    await use("voice info", voice=f"{name[:90]} no")
    await use("voice delete", voice=called)
    seen["autocomplete"] = [
        ("label", str(choice["name"]))
        for choice in await ann.autocomplete(scene.channel, "voice info", "voice", called[:2])
    ]
    exported = await use("privacy export")
    seen["files"] = [("filename", each) for each in await _files(exported)]
    seen["role"] = [("label", role.mention)]
    return seen


async def _files(result: InteractionResult) -> list[str]:
    assert result.response is not None
    names = []
    for attachment in result.response.attachments:
        with zipfile.ZipFile(io.BytesIO(await attachment.read())) as archive:
            names += archive.namelist()
    return names


def wrong(seen: Mapping[str, Shown], benign: Mapping[str, Shown]) -> Iterator[str]:
    """Yield what is wrong with what was shown. benign: what is shown of a name that is harmless."""
    for command, texts in seen.items():
        pairs = zip(texts, benign[command], strict=False)
        if len(texts) != len(benign[command]):
            yield f"{command}: {len(texts)} texts in place of {len(benign[command])}"
        for (key, text), (_key, other) in pairs:
            found = faults(text, other) if key in MARKDOWN else disorder(text, alone=key in ALONE)
            yield from (f"{command}, {key}: {fault} in {text!a}" for fault in found)
            if len(text) > LIMITS.get(key, 255):
                yield f"{command}, {key}: {len(text)} characters"
            if key == "filename" and ("/.." in text or text.startswith(("/", ".", "~"))):
                yield f"{command}: a file {json.dumps(text)}"
