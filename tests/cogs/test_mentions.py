"""Names for the ids in a typed text: from what Discord resolved, and from the cache."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.text.names import Names
from cogs.mentions import names_in
from tests.cogs.conftest import Scene

ID = "175928847299117063"


def typed(text: str, guild: discord.Guild | None, **resolved: Any) -> Names:
    interaction: Any = SimpleNamespace(
        guild=guild, created_at=discord.utils.utcnow(), data={"resolved": resolved}
    )
    return names_in(interaction, text)


@pytest.fixture
def guild(scene: Scene) -> discord.Guild:
    guild = scene.world.bot.get_guild(scene.guild.id)
    assert guild is not None
    return guild


@pytest.mark.parametrize(
    ("user", "member", "name"),
    [
        ({"username": "grace99", "global_name": "Grace"}, {"nick": "Amazing"}, "Amazing"),
        ({"username": "grace99", "global_name": "Grace"}, {"nick": None}, "Grace"),
        ({"username": "grace99", "global_name": "Grace"}, None, "Grace"),
        ({"username": "grace99", "global_name": None}, {}, "grace99"),
    ],
)
def test_a_member_has_the_name_that_the_server_shows(
    guild: discord.Guild, user: dict[str, object], member: dict[str, object] | None, name: str
) -> None:
    members = {} if member is None else {ID: member}
    names = typed(f"Hello <@{ID}>", guild, users={ID: user}, members=members)
    assert names.members == {int(ID): name}


def test_roles_and_channels_that_were_resolved_have_their_names(guild: discord.Guild) -> None:
    text = f"<@&{ID}> <#{ID}>"
    names = typed(text, guild, roles={ID: {"name": "Owls"}}, channels={ID: {"name": "nest"}})
    assert (names.roles, names.channels) == ({int(ID): "Owls"}, {int(ID): "nest"})


def test_a_thread_that_the_cache_knows_has_its_name(scene: Scene, guild: discord.Guild) -> None:
    data: Any = {
        "id": ID,
        "guild_id": str(guild.id),
        "parent_id": str(scene.channel.id),
        "owner_id": str(scene.ann.id),
        "name": "Bird talk",
        "type": 11,
        "message_count": 0,
        "member_count": 0,
        "rate_limit_per_user": 0,
        "thread_metadata": {
            "archived": False,
            "auto_archive_duration": 60,
            "archive_timestamp": "2026-01-01T00:00:00+00:00",
            "locked": False,
        },
    }
    guild._add_thread(discord.Thread(guild=guild, state=scene.world.bot._connection, data=data))
    assert typed(f"See <#{ID}>", guild).channels == {int(ID): "Bird talk"}


def test_roles_and_channels_of_the_cache_have_their_names(
    scene: Scene, guild: discord.Guild
) -> None:
    (role,) = [role for role in guild.roles if role.name == "Managers"]
    names = typed(f"<@&{role.id}> in <#{scene.channel.id}>", guild)
    assert (names.roles, names.channels) == ({role.id: "Managers"}, {scene.channel.id: "general"})


def test_a_text_without_ids_and_one_outside_a_server_have_no_names(guild: discord.Guild) -> None:
    for names in (typed("Hello.", guild), typed(f"<@{ID}>", None)):
        assert (names.members, names.roles, names.channels) == ({}, {}, {})
        assert names.typed_at is not None
