"""`/voice share`, `pause`, `resume`, `block`, `unblock`, `blocks`, as members use them."""

from __future__ import annotations

from typing import Any

import pytest
from simcord.actors import MemberActor
from simcord.results import InteractionResult

from storage.access import VoiceAccess
from storage.types import OPERATOR_GUILD_ID, Reach
from tests.cogs.conftest import Scene, as_read, content
from tests.cogs.panels import DrivenPanel


async def add(scene: Scene, reach: Reach = "owner", name: str = "Ann") -> int:
    voice = await scene.world.add_voice(name, scene.guild.id, scene.ann.id, reach=reach)
    return voice.id


async def access(scene: Scene, voice_id: int) -> VoiceAccess:
    return (await scene.world.bot.services.reach.access_of([voice_id]))[voice_id]


async def use(scene: Scene, who: MemberActor, command: str, **options: Any) -> InteractionResult:
    return await who.slash(scene.channel, f"voice {command}", **options)


async def told(scene: Scene, who: MemberActor, command: str, **options: Any) -> str:
    return as_read(content(await use(scene, who, command, **options)))


async def open_share(scene: Scene, member: MemberActor, voice: str = "Ann") -> DrivenPanel:
    return DrivenPanel(member, await use(scene, member, "share", voice=voice))


def ids(panel: DrivenPanel) -> list[str]:
    return [each["custom_id"] for each in panel.controls]


async def test_an_owner_shares_with_everybody_and_takes_it_back(scene: Scene) -> None:
    voice = await add(scene)
    panel = await open_share(scene, scene.ann)
    assert panel.title == "Who may speak as “Ann”"
    assert "Only its owner" in panel.text
    assert ids(panel) == ["reach"]
    await panel.choose("reach", "everybody")
    assert "Everybody here" in panel.text
    assert (await access(scene, voice)).reach == "everybody"
    await panel.choose("reach", "owner")
    assert (await access(scene, voice)).reach == "owner"


async def test_an_owner_names_members_and_roles_and_takes_them_away(scene: Scene) -> None:
    voice, vip = await add(scene), scene.guild.create_role("VIP")
    panel = await open_share(scene, scene.ann)
    await panel.choose("reach", "named")
    assert ids(panel) == ["reach", "members", "roles"]
    await panel.choose("members", scene.ben, scene.ann)
    await panel.choose("roles", vip)
    assert f"<@{scene.ben.id}>" in panel.text
    assert f"<@&{vip.id}>" in panel.text
    now = await access(scene, voice)
    assert (now.members, now.roles) == ({scene.ben.id}, {vip.id})  # an owner needs no name
    await panel.choose("members")
    now = await access(scene, voice)
    assert (now.members, now.roles) == (set(), {vip.id})


async def test_a_role_that_was_deleted_is_told_and_can_be_taken_away(scene: Scene) -> None:
    voice, vip, new = await add(scene), scene.guild.create_role("V"), scene.guild.create_role("N")
    panel = await open_share(scene, scene.ann)
    await panel.choose("reach", "named")
    await panel.choose("roles", vip)
    real: Any = scene.world.bot.get_guild(scene.guild.id)
    await real.get_role(vip.id).delete()
    await scene.env.settle()
    panel = await open_share(scene, scene.ann)
    assert "a deleted role" in panel.text
    await panel.choose("roles", new)
    assert (await access(scene, voice)).roles == {new.id}


async def test_a_hundred_members_are_shown_and_changed_25_at_a_time(scene: Scene) -> None:
    voice = await add(scene, "named")
    members = [scene.guild.add_member(scene.env.create_user(f"m{n}")) for n in range(101)]
    rows = ", ".join(f"({voice}, {member.id})" for member in members[:100])
    await scene.world.store.database.write(
        lambda execute: execute(f"INSERT INTO voice_members VALUES {rows}")
    )
    panel = await open_share(scene, scene.ann)
    assert panel.text.count("<@") == 100
    for _ in range(3):
        assert len(panel.control("members")["default_values"]) == 25
        await panel.press("later")
    assert panel.control("later")["disabled"]
    await panel.choose("members", *members[75:99], members[100])
    assert (await access(scene, voice)).members == {each.id for each in members} - {members[99].id}
    await panel.choose("members", *members[75:99], members[100])  # changes nothing
    await panel.press("earlier")
    await panel.choose("members", *members[51:75])
    assert len((await access(scene, voice)).members) == 99


async def test_an_admin_takes_away_and_never_widens(scene: Scene) -> None:
    voice = await add(scene, "named")
    owners = await open_share(scene, scene.ann)
    await owners.choose("members", scene.ben)
    panel = await open_share(scene, scene.mo)
    for control, picked in (("reach", ("everybody",)), ("members", (scene.ben, scene.mo))):
        before = await access(scene, voice)
        await panel.choose(control, *picked)
        assert "Only its owner can share" in panel.text
        assert await access(scene, voice) == before
    await panel.choose("members")
    assert (await access(scene, voice)).members == set()
    await panel.choose("reach", "owner")
    assert (await access(scene, voice)).reach == "owner"


@pytest.mark.parametrize("command", ["share", "pause", "resume"])
async def test_a_stranger_changes_nothing(scene: Scene, command: str) -> None:
    await add(scene, "everybody")
    assert "is not yours" in await told(scene, scene.ben, command, voice="Ann")


@pytest.mark.parametrize("command", ["share", "pause", "resume"])
async def test_the_operators_voices_are_not_changed_in_discord(scene: Scene, command: str) -> None:
    await scene.world.add_voice("Narrator", OPERATOR_GUILD_ID)
    text = await told(scene, scene.mo, command, voice="Narrator")
    assert "belongs to my operator" in text


async def test_a_panel_does_not_outlive_the_right_to_it(scene: Scene) -> None:
    voice = await add(scene, "everybody")
    panel = await open_share(scene, scene.mo)
    await scene.world.settings.change_guild(
        scene.guild.id, "blocked_members", (scene.ann.id,), changed_by=None
    )
    owners = await open_share(scene, scene.ann)
    await owners.choose("reach", "owner")  # one's own may always be narrowed
    await owners.choose("reach", "everybody")
    assert "You are blocked" in owners.text
    assert (await access(scene, voice)).reach == "owner"
    await scene.world.store.delete(voice)
    gone = await panel.choose("reach", "owner")
    assert "does not exist any more" in content(gone)


async def test_each_takes_back_their_own_pause(scene: Scene) -> None:
    voice = await add(scene)
    assert "“Ann” is paused" in await told(scene, scene.ann, "pause", voice="Ann")
    assert "is paused already" in await told(scene, scene.ann, "pause", voice="Ann")
    assert "“Ann” is paused" in await told(scene, scene.mo, "pause", voice="Ann")
    assert "also paused by its owner" in await told(scene, scene.mo, "resume", voice="Ann")
    assert "was paused by its owner, who alone" in await told(
        scene, scene.mo, "resume", voice="Ann"
    )
    assert "can speak again" in await told(scene, scene.ann, "resume", voice="Ann")
    assert "is not paused" in await told(scene, scene.ann, "resume", voice="Ann")
    await told(scene, scene.mo, "pause", voice="Ann")
    assert "Only somebody with that permission" in await told(
        scene, scene.ann, "resume", voice="Ann"
    )
    assert (await access(scene, voice)).paused


async def test_a_member_is_blocked_and_let_in_again(scene: Scene) -> None:
    voice = await add(scene, "everybody")
    blocked = await told(scene, scene.ann, "block", member=scene.ben)
    assert f"<@{scene.ben.id}> cannot speak as any voice of yours here" in blocked
    assert "is blocked already" in await told(scene, scene.ann, "block", member=scene.ben)
    assert (await access(scene, voice)).blocked == {scene.ben.id}
    panel = DrivenPanel(scene.ann, await use(scene, scene.ann, "blocks"))
    assert panel.title == "1 blocked member"
    assert f"<@{scene.ben.id}>" in panel.text
    await panel.choose("blocked")
    assert "You block nobody here" in panel.text
    await told(scene, scene.ann, "block", member=scene.ben)
    assert "not blocked any more" in await told(scene, scene.ann, "unblock", member=scene.ben)
    assert "You have not blocked" in await told(scene, scene.ann, "unblock", member=scene.ben)
    assert (await access(scene, voice)).blocked == set()


async def test_nobody_blocks_themselves(scene: Scene) -> None:
    assert "cannot block yourself" in await told(scene, scene.ann, "block", member=scene.ann)


async def test_the_card_tells_owner_and_admins_all_and_others_whether_they_may(
    scene: Scene,
) -> None:
    await add(scene, "named")
    panel = await open_share(scene, scene.ann)
    await panel.choose("members", scene.ben)
    await told(scene, scene.ann, "block", member=scene.mo)
    await told(scene, scene.mo, "pause", voice="Ann")

    async def card(member: MemberActor) -> str:
        shown = await use(scene, member, "info", voice="Ann")
        assert shown.response is not None
        return "\n".join(f"{f.name}: {f.value}" for f in shown.response.embeds[0].fields)

    own, admins, bens = await card(scene.ann), await card(scene.mo), await card(scene.ben)
    assert "its owner, 1 member" in own
    assert "Paused by somebody" in own
    assert "/voice blocks" in as_read(own)
    assert f"<@{scene.ben.id}>" in admins
    assert "/voice blocks" not in as_read(admins)
    assert "1 member" not in bens
    assert "is paused by somebody" in bens
    await told(scene, scene.mo, "resume", voice="Ann")
    assert "Who may speak as it: You may." in await card(scene.ben)
    stranger = scene.guild.add_member(scene.env.create_user("zoe"))
    assert "is not shared with you" in await card(stranger)
