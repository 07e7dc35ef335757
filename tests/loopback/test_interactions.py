"""Commands, components and modals between a person and a real discord.py bot."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from loopback import ClientRefusedError, LoopbackDiscord, Permission, Person, Upload
from tests.loopback.bare_bot import BareBot


async def test_deferred_command_is_edited_with_a_file_and_followed_up(
    loopback: LoopbackDiscord, bot: BareBot, ada: Person
) -> None:
    interaction = ada.slash("shout", text="hey", times=2)
    answer = await interaction.answered()
    assert answer.content == "done"
    assert answer.ephemeral
    assert [a.content for a in answer.attachments] == [b"HEYHEY"]
    assert [m.content for m in await interaction.followed_up()] == ["and more"]
    assert interaction.acknowledged_after is not None
    assert interaction.acknowledged_after < 1


async def test_bot_downloads_an_attachment_option(
    loopback: LoopbackDiscord, bot: BareBot, ada: Person
) -> None:
    answer = await ada.slash("measure", sample=Upload("a.wav", b"RIFF" * 5000)).answered()
    assert answer.content == "a.wav: 20000"
    assert len(loopback.world.cdn.downloads) == 1


async def test_autocomplete_suggests_while_a_person_types(bot: BareBot, ada: Person) -> None:
    assert await ada.autocomplete("pick", "name", "j") == ["joe", "jane"]


async def test_subcommand_of_a_group_runs(bot: BareBot, ada: Person) -> None:
    assert (await ada.slash("voice info", name="Joe").answered()).content == "about Joe"


async def test_message_command_sees_the_content_of_its_message(bot: BareBot, ada: Person) -> None:
    message = ada.send("four")
    assert (await ada.use_on_message("Measure this", message).answered()).content == "4"


async def test_button_updates_the_message_it_is_on(bot: BareBot, ada: Person) -> None:
    card = await ada.slash("card").answered()
    await ada.press(card, label="Save").answered()
    assert card.content == "saved"
    assert card.components == []
    assert [revision.content for revision in card.revisions] == ["save?", "saved"]


async def test_select_menu_hands_over_the_choice(bot: BareBot, ada: Person) -> None:
    card = await ada.slash("card").answered()
    assert (await ada.select(card, ["Amy"]).answered()).content == "Amy"


async def test_modal_is_filled_in_and_answered(bot: BareBot, ada: Person) -> None:
    opened = await ada.slash("ask").acknowledged()
    assert (await ada.submit(opened, name="Joe").answered()).content == "named Joe"


async def test_modal_refuses_what_is_too_short(bot: BareBot, ada: Person) -> None:
    opened = await ada.slash("ask").acknowledged()
    with pytest.raises(ClientRefusedError, match="1 characters"):
        ada.submit(opened, name="J")


async def test_person_cannot_press_what_only_another_sees(
    loopback: LoopbackDiscord, bot: BareBot, ada: Person
) -> None:
    card = await ada.slash("card").answered()
    with pytest.raises(ClientRefusedError, match="does not see"):
        loopback.add_person(ada.guild, "Bob").press(card, label="Save")


async def test_person_cannot_press_a_disabled_button(bot: BareBot, ada: Person) -> None:
    card = await ada.slash("card").answered()
    with pytest.raises(ClientRefusedError, match="cannot be pressed"):
        ada.press(card, label="Discard")


@pytest.mark.parametrize(
    ("name", "options", "why"),
    [
        ("shout", {}, "needs the option text"),
        ("shout", {"text": "x" * 21}, "21 characters"),
        ("shout", {"text": "x", "times": "two"}, "takes a number"),
        ("shout", {"text": "x", "louder": True}, "no option louder"),
        ("nothing", {}, "no command"),
        ("voice", {}, "needs one of the subcommands"),
        ("secret", {}, "does not see"),
    ],
)
async def test_client_refuses_what_the_definition_forbids(
    bot: BareBot, ada: Person, name: str, options: dict[str, Any], why: str
) -> None:
    with pytest.raises(ClientRefusedError, match=why):
        ada.slash(name, **options)


async def test_owner_sees_a_command_for_those_who_manage_the_server(
    loopback: LoopbackDiscord, bot: BareBot, ada: Person
) -> None:
    owner = loopback.owner(ada.guild)
    assert (await owner.slash("secret").answered()).content == "secret"


async def test_bot_sees_what_a_channel_denies_it(
    loopback: LoopbackDiscord, bot: BareBot, ada: Person
) -> None:
    room = loopback.add_voice_channel(ada.guild, "Quiet room")
    loopback.deny_bot(room, Permission.SPEAK)
    answer = await ada.at(room).slash("rights", where=room).answered()
    assert answer.content == "connect=True speak=False"


async def test_answer_after_three_seconds_is_refused(
    loopback: LoopbackDiscord, bot: BareBot, ada: Person
) -> None:
    interaction = ada.slash("shout", text="late")
    loopback.clock.advance(3.5)
    await interaction.until(lambda _: bot.errors, what="error")
    assert isinstance(bot.errors[0], discord.NotFound)
    assert bot.errors[0].code == 10062
    loopback.forgive("interaction acknowledged late")


async def test_second_acknowledgement_is_refused(
    loopback: LoopbackDiscord, bot: BareBot, ada: Person
) -> None:
    interaction = ada.slash("twice")
    await interaction.until(lambda _: bot.errors, what="error")
    assert isinstance(bot.errors[0], discord.HTTPException)
    assert bot.errors[0].code == 40060
    loopback.forgive("interaction acknowledged twice")


async def test_token_is_of_no_use_after_fifteen_minutes(
    loopback: LoopbackDiscord, bot: BareBot, ada: Person
) -> None:
    await ada.slash("card").answered()
    loopback.clock.advance(15 * 60 + 1)
    assert bot.last_interaction is not None
    with pytest.raises(discord.HTTPException) as refusal:
        await bot.last_interaction.edit_original_response(content="still there?")
    assert refusal.value.code == 50027


async def test_command_that_is_never_answered_is_a_violation(
    loopback: LoopbackDiscord, bot: BareBot, ada: Person
) -> None:
    bot.tree.remove_command("ask")
    interaction = ada.slash("ask")
    await interaction.until(lambda _: bot.last_interaction, what="interaction")
    loopback.forgive("interaction never acknowledged")
    assert loopback.violations == []


async def test_unknown_route_is_a_violation(
    loopback: LoopbackDiscord, bot: BareBot, ada: Person
) -> None:
    interaction = ada.slash("strange")
    await interaction.until(lambda _: bot.errors, what="error")
    assert "preview" in loopback.violations[0].detail
    loopback.forgive("unknown route")
