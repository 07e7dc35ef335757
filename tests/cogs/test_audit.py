"""/audit."""

from __future__ import annotations

import json

import discord
import pytest
from simcord.actors import MemberActor
from simcord.results import InteractionResult

from cogs.audit_pages import FILE_NAME, PAGE_SIZE
from storage.audit_events import (
    Blocked,
    Event,
    Exported,
    Spoken,
)
from tests.cogs.conftest import Scene, content
from tests.cogs.test_settings_permission import REFUSAL, take_permission

VOICE = 12


async def record(scene: Scene, *events: Event) -> None:
    for event in events:
        await scene.world.audit.record(scene.guild.id, event)
        await scene.world.audit.flush()


def spoken(by: int, text: str | None = None) -> Spoken:
    return Spoken(
        by=by, voice_id=VOICE, owner_id=by, milliseconds=1500, packets_sha256="a" * 64, way="say",
        text=text,
    )  # fmt: skip


async def audit(
    scene: Scene, actor: MemberActor | None = None, **options: object
) -> InteractionResult:
    return await (actor or scene.mo).slash(scene.channel, "audit", **options)


def card(result: InteractionResult) -> discord.Embed:
    assert result.response is not None
    (embed,) = result.response.embeds
    return embed


def lines(result: InteractionResult) -> list[str]:
    """What the page tells, without the times."""
    return [line.partition("> ")[2] for line in (card(result).description or "").splitlines()]


def enabled(result: InteractionResult) -> list[str]:
    assert result.response is not None
    buttons = [button for row in result.response.components for button in row["components"]]
    return [button["label"] for button in buttons if not button.get("disabled")]


async def test_discord_shows_the_command_to_who_has_manage_server(scene: Scene) -> None:
    assert "audit" in scene.mo.available_commands(scene.channel)
    assert "audit" not in scene.ann.available_commands(scene.channel)


async def test_who_got_the_command_by_integrations_is_refused(scene: Scene) -> None:
    await record(scene, spoken(scene.ann.id))
    commands = await scene.world.bot.tree.fetch_commands()
    (command,) = [each for each in commands if each.name == "audit"]
    scene.guild.set_command_permissions(command, {scene.ann: True})
    result = await audit(scene, scene.ann)
    assert content(result) == REFUSAL
    assert result.response is not None
    assert result.response.embeds == []


async def test_an_empty_trail_says_so_without_buttons(scene: Scene) -> None:
    result = await audit(scene)
    assert card(result).description == "There is nothing of that kind."
    assert enabled(result) == []


async def test_it_is_shown_to_the_admin_alone_and_rings_nobody(scene: Scene) -> None:
    await record(scene, spoken(scene.ann.id))
    result = await audit(scene)
    assert result.ephemeral
    assert content(result) == ""
    assert lines(result) == [f"<@{scene.ann.id}> spoke as a deleted voice, 1.5 s"]


async def test_pages_turn_from_the_newest_to_the_oldest(scene: Scene) -> None:
    await record(scene, *(Exported(by=n + 11, what="x") for n in range(PAGE_SIZE + 2)))
    result = await audit(scene)
    assert card(result).title == f"Audit trail ({PAGE_SIZE + 2})"
    assert lines(result)[0] == f"<@{PAGE_SIZE + 12}> had data exported"
    assert enabled(result) == ["Older", "As a file"]
    await scene.mo.click(result.response, label="Older")
    assert lines(result) == ["<@12> had data exported", "<@11> had data exported"]
    assert enabled(result) == ["Newer", "As a file"]
    await scene.mo.click(result.response, label="Newer")
    assert len(lines(result)) == PAGE_SIZE


async def test_who_lost_the_permission_turns_no_page(scene: Scene) -> None:
    await record(scene, *(Exported(by=n + 11, what="x") for n in range(PAGE_SIZE + 2)))
    result = await audit(scene)
    before = lines(result)
    await take_permission(scene)
    assert content(await scene.mo.click(result.response, label="Older")).endswith(REFUSAL)
    assert lines(result) == before


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"kind": "blocked"}, ["blocked"]),
        ({"member": "ben"}, ["blocked", "spoke"]),
        ({"voice": "Ann"}, ["consented", "enrolled"]),
        ({"member": "ben", "kind": "spoken"}, ["spoke"]),
        ({"kind": "erased"}, ["There"]),
    ],
)
async def test_rows_are_filtered(
    scene: Scene, options: dict[str, str], expected: list[str]
) -> None:
    await scene.world.add_voice(
        "Ann", scene.guild.id, scene.ann.id, consented_by=scene.ann.id,
        consented_at=discord.utils.utcnow(), level="declared",
    )  # fmt: skip
    await record(scene, spoken(scene.ben.id), Blocked(by=scene.ann.id, member_id=scene.ben.id))
    given = {name: scene.ben if name == "member" else value for name, value in options.items()}
    told = (card(await audit(scene, **given)).description or "").splitlines()
    words = [line.partition("> ")[2].split() or line.split() for line in told]
    assert [
        word[1] if len(word) > 1 and word[0][0] == "<" else word[0] for word in words
    ] == expected


async def test_the_file_has_what_was_asked_for_oldest_first(scene: Scene) -> None:
    await record(scene, spoken(scene.ann.id), spoken(scene.ben.id), Exported(by=1, what="x"))
    result = await audit(scene, kind="spoken")
    answer = await scene.mo.click(result.response, label="As a file")
    assert answer.ephemeral
    assert content(answer) == "2 rows, a line each."
    assert answer.response is not None
    (attachment,) = answer.response.attachments
    assert attachment.filename == FILE_NAME
    rows = [json.loads(line) for line in (await attachment.read()).splitlines()]
    assert [row["actor"] for row in rows] == [str(scene.ann.id), str(scene.ben.id)]


async def test_an_export_is_written_down_too(scene: Scene) -> None:
    await record(scene, spoken(scene.ann.id))
    result = await audit(scene)
    await scene.mo.click(result.response, label="As a file")
    assert lines(await audit(scene))[0] == f"<@{scene.mo.id}> had data exported"


async def test_what_does_not_fit_is_told(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cogs.audit_pages.MAX_FILE_BYTES", 1000)
    await record(scene, *(spoken(scene.ann.id) for _ in range(5)))
    answer = await scene.mo.click((await audit(scene)).response, label="As a file")
    assert (
        content(answer) == "2 rows, a line each. Older ones do not fit; my operator can export all."
    )


async def test_a_forgotten_member_is_a_deleted_member(scene: Scene) -> None:
    await record(scene, spoken(scene.ann.id, "secret"))
    await scene.world.audit.store.forget_member(scene.guild.id, scene.ann.id)
    assert lines(await audit(scene)) == ["a deleted member spoke as a deleted voice, 1.5 s"]


async def test_another_servers_rows_are_not_shown(scene: Scene) -> None:
    await scene.world.audit.record(scene.guild.id + 1, spoken(scene.ann.id))
    assert card(await audit(scene)).description == "There is nothing of that kind."


async def test_long_lines_of_a_full_page_fit_into_a_card(scene: Scene) -> None:
    await scene.world.settings.change_guild(
        scene.guild.id, "audit_texts", True, changed_by=scene.mo.id
    )
    await record(scene, *(spoken(scene.ann.id, "word " * 300) for _ in range(PAGE_SIZE + 1)))
    result = await audit(scene)
    assert len(card(result).description or "") <= 4096
    assert len(lines(result)) == PAGE_SIZE
