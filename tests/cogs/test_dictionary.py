"""/dictionary add, remove and list."""

from __future__ import annotations

import discord
from simcord.actors import MemberActor
from simcord.results import InteractionResult

from bot.dictionary.entries import MAX_SPOKEN, MAX_WRITTEN
from cogs.dictionary.looking import PAGE_SIZE
from storage.dictionary import Entry, Owner, Put
from tests.cogs.conftest import Scene, as_read, content

MANAGE = "You need the permission Manage Server to change the dictionary of this server."


async def call(scene: Scene, who: MemberActor, command: str, **options: object) -> str:
    """What a member reads of an answer."""
    return read(await who.slash(scene.channel, f"dictionary {command}", **options))


def read(result: InteractionResult) -> str:
    return "\n".join(filter(None, (content(result), *map(embed_text, embeds(result)))))


def embeds(result: InteractionResult) -> list[discord.Embed]:
    assert result.ephemeral
    return result.response.embeds if result.response is not None else []


def embed_text(embed: discord.Embed) -> str:
    fields = [f"{field.name}: {field.value}" for field in embed.fields]
    return "\n".join(filter(None, (embed.title, embed.description, *fields, embed.footer.text)))


def buttons(result: InteractionResult) -> list[str]:
    assert result.response is not None
    return [b["label"] for row in result.response.components for b in row["components"]]


async def entries(scene: Scene, who: MemberActor | None = None) -> list[Entry]:
    owner = Owner(scene.guild.id, who.id if who is not None else 0)
    return await scene.world.dictionary.entries(owner)


async def put(scene: Scene, who: MemberActor | None, *given: Entry) -> None:
    owner = Owner(scene.guild.id, who.id if who is not None else 0)
    store = scene.world.dictionary._store
    assert set(await store.put(owner, given, 1)) <= {Put.ADDED}


# add


async def test_an_entry_of_ones_own(scene: Scene) -> None:
    answer = await call(scene, scene.ann, "add", written="lol", spoken="laughing out loud")
    assert answer == (
        "Added\nlol → laughing out loud\n-# Your dictionary. It holds for what you say and write "
        "here."
    )
    assert await entries(scene, scene.ann) == [Entry("lol", "laughing out loud")]
    assert await entries(scene) == []


async def test_an_entry_takes_the_place_of_the_one_for_the_same_word(scene: Scene) -> None:
    await call(scene, scene.ann, "add", written="lol", spoken="laughing")
    assert "Changed\nLOL → loud" in await call(
        scene, scene.ann, "add", written="LOL", spoken="loud"
    )
    await call(scene, scene.ann, "add", written="lol", spoken="lustig", language="de")
    assert await entries(scene, scene.ann) == [
        Entry("LOL", "loud"),
        Entry("lol", "lustig", False, "de"),
    ]


async def test_the_card_shows_what_a_text_becomes(scene: Scene) -> None:
    answer = await call(
        scene, scene.ann, "add", written="lol", spoken="laughing", text="*lol*, that is 5 <3"
    )
    assert "What it becomes: \\*lol\\*, that is 5 \\<3\n→ laughing, that is five" in answer


async def test_a_word_that_is_not_spoken(scene: Scene) -> None:
    answer = await call(scene, scene.ann, "add", written="uh", text="Uh!")
    assert "uh → (not spoken)" in answer
    assert "→ *There is nothing to say in that text." in answer


async def test_a_pattern_with_its_groups(scene: Scene) -> None:
    answer = await call(
        scene,
        scene.ann,
        "add",
        written=r"(\d+)k\b",
        spoken=r"\1 thousand",
        pattern=True,
        language="en",
        text="I have 5k!",
    )
    assert "thousand · pattern · English" in answer
    assert "→ I have five thousand!" in answer


async def test_a_pattern_that_cannot_be_used_is_refused(scene: Scene) -> None:
    for written, spoken, reason in (
        ("(a+)+$", "x", "would take too long"),
        ("(a", "x", "no regular expression"),
        ("a*", "x", "finds nothing at all"),
        ("a", r"\1", "has no group 1"),
    ):
        answer = await call(scene, scene.ann, "add", written=written, spoken=spoken, pattern=True)
        assert reason in answer
    assert await entries(scene, scene.ann) == []


async def test_the_servers_entries_need_manage_server(scene: Scene) -> None:
    options = {"written": "gg", "spoken": "good game", "server": True}
    assert await call(scene, scene.ann, "add", **options) == MANAGE
    assert await entries(scene) == []
    assert "-# The dictionary of this server." in await call(scene, scene.mo, "add", **options)
    assert await entries(scene) == [Entry("gg", "good game")]


async def test_a_role_that_was_chosen_may_change_the_servers(scene: Scene) -> None:
    role = scene.guild.create_role("Editors", permissions=discord.Permissions.none())
    await scene.world.settings.change_guild(
        scene.guild.id, "dictionary_roles", (role.id,), changed_by=None
    )
    options = {"written": "gg", "spoken": "good game", "server": True}
    refused = await call(scene, scene.ben, "add", **options)
    assert "one of these roles can change the dictionary of this server: <@&" in refused
    eve = scene.guild.add_member(scene.env.create_user("eve"), roles=[role])
    assert "Added" in await call(scene, eve, "add", **options)


async def test_the_moderation_channel_is_told_of_the_servers_entries(scene: Scene) -> None:
    log = scene.guild.create_text_channel("log")
    await scene.world.settings.change_guild(
        scene.guild.id, "moderation_channel", log.id, changed_by=None
    )
    await call(scene, scene.mo, "add", written="*gg*", spoken="good game", server=True)
    await call(scene, scene.mo, "add", written="mine", spoken="x")
    await call(scene, scene.mo, "remove", written="*gg*", server=True)
    lines = "\n".join(message.content for message in log.history()).splitlines()
    dictionary = "the dictionary of this server"
    assert [line for line in lines if "📖" in line] == [
        f"📖 <@{scene.mo.id}> set in {dictionary}: \\*gg\\* → good game",
        f"📖 <@{scene.mo.id}> removed from {dictionary}: \\*gg\\* → good game",
    ]


async def test_a_full_dictionary_says_so_and_still_takes_changes(scene: Scene) -> None:
    await put(scene, scene.ann, *(Entry(f"w{number}", "x") for number in range(2000)))
    assert "it has 2,000 entries" in await call(
        scene, scene.ann, "add", written="one more", spoken="x"
    )
    assert "Changed" in await call(scene, scene.ann, "add", written="W7", spoken="seven")
    assert len(await entries(scene, scene.ann)) == 2000


async def test_the_longest_entry_is_shown_within_discords_limits(scene: Scene) -> None:
    written, spoken = "*" * MAX_WRITTEN, "_" * MAX_SPOKEN
    await call(scene, scene.ann, "add", written=written, spoken=spoken, text="*" * 600)
    assert await entries(scene, scene.ann) == [Entry(written, spoken)]


async def test_who_is_blocked_cannot_add_but_remove(scene: Scene) -> None:
    await scene.world.settings.change_guild(
        scene.guild.id, "blocked_members", (scene.ann.id,), changed_by=None
    )
    assert "blocked" in await call(scene, scene.ann, "add", written="a", spoken="b")
    assert await entries(scene, scene.ann) == []
    await put(scene, scene.ann, Entry("lol", "x"))
    assert "Removed" in await call(scene, scene.ann, "remove", written="lol")


# remove


async def test_an_entry_is_removed_in_any_case(scene: Scene) -> None:
    await put(
        scene, scene.ann, Entry("lol", "x"), Entry("lol", "y", language="de"), Entry("gg", "z")
    )
    assert await call(scene, scene.ann, "remove", written="LOL") == (
        "Removed:\nlol → x\nlol → y · German"
    )
    assert await entries(scene, scene.ann) == [Entry("gg", "z")]


async def test_one_language_is_removed_alone(scene: Scene) -> None:
    await put(scene, scene.ann, Entry("lol", "x"), Entry("lol", "y", language="de"))
    await call(scene, scene.ann, "remove", written="lol", language="de")
    assert await entries(scene, scene.ann) == [Entry("lol", "x")]


async def test_a_pattern_and_an_emoji_are_removed_as_they_are_typed(scene: Scene) -> None:
    await put(scene, scene.ann, Entry(" (a)", "x", True), Entry(":pog:", "y"))
    await call(scene, scene.ann, "remove", written="(a)")
    await call(scene, scene.ann, "remove", written="<:pog:123456789012345678>")
    assert await entries(scene, scene.ann) == []


async def test_everything_is_removed_after_a_question(scene: Scene) -> None:
    await put(scene, scene.ann, Entry("lol", "x"), Entry("gg", "y"))
    await put(scene, None, Entry("lol", "x"))
    result = await scene.ann.slash(scene.channel, "dictionary remove", everything=True)
    assert "Your dictionary has 2 entries. " in read(result)
    await scene.ann.click(result.response, label="Keep")
    assert read(result) == "Nothing was removed."
    assert len(await entries(scene, scene.ann)) == 2
    result = await scene.ann.slash(scene.channel, "dictionary remove", everything=True)
    await scene.ann.click(result.response, label="Remove all")
    assert read(result) == "2 entries removed."
    assert await entries(scene, scene.ann) == []
    assert await entries(scene) == [Entry("lol", "x")]
    assert "no such entry" in await call(scene, scene.ann, "remove", everything=True)
    assert "Name the entry" in await call(scene, scene.ann, "remove")


async def test_the_servers_are_removed_by_who_may_change_them(scene: Scene) -> None:
    await put(scene, None, Entry("lol", "x"))
    options = {"everything": True, "server": True}
    assert await call(scene, scene.ann, "remove", **options) == MANAGE
    result = await scene.mo.slash(scene.channel, "dictionary remove", **options)
    await scene.mo.click(result.response, label="Remove all")
    assert await entries(scene) == []


async def test_what_is_not_there_cannot_be_removed(scene: Scene) -> None:
    await put(scene, None, Entry("lol", "x"))
    assert "no such entry" in await call(scene, scene.mo, "remove", written="lol")
    assert await call(scene, scene.ann, "remove", written="lol", server=True) == MANAGE
    assert await entries(scene) == [Entry("lol", "x")]
    await call(scene, scene.mo, "remove", written="lol", server=True)
    assert await entries(scene) == []


async def test_entries_are_offered_while_one_types(scene: Scene) -> None:
    await put(scene, scene.ann, Entry("lol", "x"), Entry("xl", "big"), Entry("gg", "good"))
    await put(scene, None, Entry("lmao", "y"))

    async def offered(text: str, **more: object) -> list[str]:
        given = await scene.ann.autocomplete(
            scene.channel, "dictionary remove", "written", text, **more
        )
        return [choice["value"] for choice in given]

    assert await offered("l") == ["lol", "xl"]
    assert await offered("GOOD") == ["gg"]
    assert await offered("", server=True) == ["lmao"]


# list


async def test_the_list_has_pages(scene: Scene) -> None:
    await put(scene, scene.ann, *(Entry(f"word {n:02}", "x") for n in range(PAGE_SIZE + 1)))
    result = await scene.ann.slash(scene.channel, "dictionary list")
    assert "word 00 → x\n" in read(result)
    assert "11 entries · page 1 of 2" in read(result)
    await scene.ann.click(result.response, label="Next")
    assert "Your dictionary\nword 10 → x\n11 entries · page 2 of 2" in read(result)


async def test_the_list_is_searched_and_the_servers_is_for_all_to_see(scene: Scene) -> None:
    await put(scene, None, Entry("gg", "good game"), Entry("lol", "x"))
    answer = await call(scene, scene.ann, "list", search="GAME", server=True)
    assert answer == "The dictionary of this server\ngg → good game\n1 entry · page 1 of 1"
    assert "no entry with “\\*”" in await call(scene, scene.ann, "list", search="*", server=True)


async def test_an_empty_dictionary_hints_at_add(scene: Scene) -> None:
    assert "/dictionary add puts something in" in as_read(await call(scene, scene.ann, "list"))


async def test_the_largest_page_fits(scene: Scene) -> None:
    given = [Entry(f"{n}" + "*" * 90, "_" * MAX_SPOKEN, False, "no") for n in range(PAGE_SIZE)]
    await put(scene, scene.ann, *given)
    assert "10 entries" in await call(scene, scene.ann, "list")
