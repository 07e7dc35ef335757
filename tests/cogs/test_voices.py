"""/voice: list, info, preview, rename, delete, default."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import av
import discord
import pytest
from simcord.actors import MemberActor
from simcord.results import InteractionResult

from cogs.voice_views import PAGE_SIZE
from cogs.voices.looking import PREVIEWS
from storage.types import OPERATOR_GUILD_ID, VoiceProfile
from tests.cogs.conftest import Scene, as_read, content


async def add(scene: Scene, name: str, owner: MemberActor | None = None) -> VoiceProfile:
    return await scene.world.add_voice(name, scene.guild.id, owner.id if owner else None)


async def names(scene: Scene, guild_id: int | None = None) -> list[str]:
    voices = await scene.world.store.list_voices(scene.guild.id if guild_id is None else guild_id)
    return [voice.name for voice in voices]


def card(result: InteractionResult) -> discord.Embed:
    assert result.response is not None
    (embed,) = result.response.embeds
    return embed


def enabled(result: InteractionResult) -> list[str]:
    """The labels of the buttons that can be pressed."""
    assert result.response is not None
    buttons = [button for row in result.response.components for button in row["components"]]
    return [button["label"] for button in buttons if not button.get("disabled")]


# /voice list


async def test_the_list_turns_pages_over_the_guilds_and_then_the_operators_voices(
    scene: Scene,
) -> None:
    for number in range(PAGE_SIZE - 2):
        await add(scene, f"Voice {number:02}", scene.ann)
    for number in range(4):
        await scene.world.add_voice(f"Shared {number}", OPERATOR_GUILD_ID)
    result = await scene.ann.slash(scene.channel, "voice list")
    first = (card(result).description or "").splitlines()
    assert len(first) == PAGE_SIZE
    assert first[0].startswith(f"**Voice 00** · <@{scene.ann.id}>")
    assert first[-1].startswith("**Shared 1** · shared")
    assert enabled(result) == ["Next"]
    await scene.ann.click(result.response, label="Next")
    assert [line[2:10] for line in (card(result).description or "").splitlines()] == [
        "Shared 2",
        "Shared 3",
    ]
    assert card(result).footer.text == "Page 2 of 2"
    assert enabled(result) == ["Previous"]


async def test_a_page_that_was_deleted_meanwhile_shows_the_last_one(scene: Scene) -> None:
    voices = [await add(scene, f"Voice {number:02}") for number in range(PAGE_SIZE + 1)]
    result = await scene.ann.slash(scene.channel, "voice list")
    await scene.world.store.delete(voices[-1].id)
    await scene.ann.click(result.response, label="Next")
    assert card(result).footer.text == "Page 1 of 1"


async def test_an_empty_list_hints_at_enroll(scene: Scene) -> None:
    empty = card(await scene.ann.slash(scene.channel, "voice list"))
    assert as_read(empty.description or "") == "There are none yet. Make one with /enroll."


async def test_the_buttons_of_the_list_go_when_the_answer_can_no_longer_be_edited(
    scene: Scene,
) -> None:
    result = await scene.ann.slash(scene.channel, "voice list")
    await scene.env.advance_time(15 * 60)
    assert enabled(result) == []


# /voice info


async def test_info_shows_owner_sample_language_and_consent(scene: Scene) -> None:
    await scene.world.add_voice(
        "Ann",
        scene.guild.id,
        scene.ann.id,
        language="de",
        consented_by=scene.ann.id,
        consented_at=datetime(2026, 1, 2, tzinfo=UTC),
        quality={"verdict": "usable"},
    )
    shown = card(await scene.ben.slash(scene.channel, "voice info", voice="ann"))
    fields = {field.name: field.value or "" for field in shown.fields}
    assert shown.title == "“Ann”"
    assert fields["Belongs to"] == f"<@{scene.ann.id}>"
    assert fields["Sample"] == "0.1 s, usable"
    assert fields["Language"] == "German"
    assert fields["Consent"].startswith(f"<@{scene.ann.id}>, <t:1767312000")
    assert fields["Used"] == "not yet"
    assert fields["Speaks with"] == "the model's defaults"


async def test_markup_in_a_name_is_shown_as_it_is(scene: Scene) -> None:
    await add(scene, "**Ann**")
    shown = card(await scene.ann.slash(scene.channel, "voice info", voice="**Ann**"))
    assert shown.title == r"“\*\*Ann\*\*”"


# /voice preview


async def test_a_preview_is_an_ogg_that_can_be_played(scene: Scene) -> None:
    await add(scene, "Ann")
    result = await scene.ben.slash(scene.channel, "voice preview", voice="Ann")
    assert result.response is not None
    (attachment,) = result.response.attachments
    assert attachment.filename == "preview.ogg"
    with av.open(io.BytesIO(await attachment.read())) as container:
        assert container.streams.audio[0].codec_context.name in ("opus", "libopus")
    assert len(scene.world.engine.requests) >= 1


async def test_a_preview_says_when_the_engine_is_still_loading(scene: Scene) -> None:
    scene.world.engine.ready = scene.world.engine.loaded_before = False
    await add(scene, "Ann")
    result = await scene.ben.slash(scene.channel, "voice preview", voice="Ann")
    assert "still loading" in content(result)


async def test_previews_are_limited_and_say_when_the_next_may_be_asked_for(scene: Scene) -> None:
    await add(scene, "Ann")
    answers = [
        content(await scene.ben.slash(scene.channel, "voice preview", voice="Ann"))
        for _ in range(PREVIEWS + 1)
    ]
    assert "Try again in" not in answers[-2]
    assert "Try again in" in answers[-1]


# /voice rename and /voice delete


async def test_the_owner_renames_a_voice(scene: Scene) -> None:
    await add(scene, "Ann", scene.ann)
    result = await scene.ann.slash(scene.channel, "voice rename", voice="Ann", name="Annie")
    assert content(result) == "“Ann” is now called “Annie”."
    assert await names(scene) == ["Annie"]


async def test_a_name_that_is_taken_is_refused(scene: Scene) -> None:
    await add(scene, "Ann", scene.ann)
    await add(scene, "Ben")
    result = await scene.ann.slash(scene.channel, "voice rename", voice="Ann", name="ben")
    assert "already a voice named" in content(result)


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("voice rename", {"name": "Mine"}),
        ("voice delete", {}),
        ("voice tune", {"exaggeration": 1.5}),
    ],
)
async def test_a_voice_of_another_member_cannot_be_changed(
    scene: Scene, command: str, options: dict[str, object]
) -> None:
    await add(scene, "Ann", scene.ann)
    result = await scene.ben.slash(scene.channel, command, voice="Ann", **options)
    assert "is not yours" in content(result)
    (voice,) = await scene.world.store.list_voices(scene.guild.id)
    assert (voice.name, voice.exaggeration) == ("Ann", None)


async def test_who_manages_the_server_may_delete_any_voice_of_it(scene: Scene) -> None:
    await add(scene, "Ann", scene.ann)
    question = await scene.mo.slash(scene.channel, "voice delete", voice="Ann")
    assert await names(scene) == ["Ann"]
    await scene.mo.click(question.response, label="Delete for good")
    assert await names(scene) == []
    assert content(question) == "“Ann” is deleted."
    assert enabled(question) == []


async def test_a_voice_that_is_kept_stays(scene: Scene) -> None:
    await add(scene, "Ann", scene.ann)
    question = await scene.ann.slash(scene.channel, "voice delete", voice="Ann")
    await scene.ann.click(question.response, label="Keep")
    assert await names(scene) == ["Ann"]
    assert enabled(question) == []


async def test_a_voice_deleted_elsewhere_meanwhile_is_told(scene: Scene) -> None:
    voice = await add(scene, "Ann", scene.ann)
    question = await scene.ann.slash(scene.channel, "voice delete", voice="Ann")
    await scene.world.store.delete(voice.id)
    pressed = await scene.ann.click(question.response, label="Delete for good")
    assert "does not exist any more" in content(pressed)
    assert enabled(question) == []


async def test_operators_voices_cannot_be_changed_even_by_who_manages_the_server(
    scene: Scene,
) -> None:
    await scene.world.add_voice("Narrator", OPERATOR_GUILD_ID)
    result = await scene.mo.slash(scene.channel, "voice delete", voice="Narrator")
    assert "belongs to my operator" in content(result)
    assert await names(scene, OPERATOR_GUILD_ID) == ["Narrator"]


async def test_only_voices_that_one_may_change_are_offered_for_that(scene: Scene) -> None:
    await add(scene, "Anna", scene.ann)
    await add(scene, "Andy", scene.ben)
    await scene.world.add_voice("Anchor", OPERATOR_GUILD_ID)
    for member, expected in ((scene.ann, ["Anna"]), (scene.mo, ["Andy", "Anna"])):
        offered = await member.autocomplete(scene.channel, "voice delete", "voice", "an")
        assert [choice["value"] for choice in offered] == expected


# /voice default


async def test_the_own_default_is_chosen_and_taken_back(scene: Scene) -> None:
    await add(scene, "Ann", scene.ann)
    await add(scene, "Robot")
    chosen = await scene.ann.slash(scene.channel, "voice default", voice="Robot")
    assert content(chosen) == "“Robot” speaks for you on this server from now on."
    taken_back = await scene.ann.slash(scene.channel, "voice default")
    assert "“Ann” speaks for you" in content(taken_back)


async def test_the_guilds_default_needs_manage_server(scene: Scene) -> None:
    await add(scene, "Robot")
    options = {"voice": "Robot", "server": True}
    refused = await scene.ann.slash(scene.channel, "voice default", **options)
    assert content(refused) == "You need the permission Manage Server for that."
    await scene.mo.slash(scene.channel, "voice default", **options)
    default = await scene.world.choices.guild_default(scene.guild.id)
    assert default is not None
    assert default.name == "Robot"
