"""What the member of the demo does: enrols a voice, speaks in it, reads the answers."""

from __future__ import annotations

import re
import time

from bot.demo.errors import DemoFailedError, RefusedError, expect
from bot.demo.timeline import Timeline, milliseconds
from bot.voice.utterances import UtteranceEnd
from cogs import progress
from loopback import Interaction, Listener, Message, Person, Upload

SAID = progress.ENDS[UtteranceEnd.PLAYED]
NOT_AN_END = re.compile(r"-# |\d+ of \d+ sentences heard\.$")
"""Lines below the first of an answer to /say that are there while the text is spoken."""

STEP_SECONDS = 300.0  # a busy machine loads libraries slowly
SPEECH_SECONDS = 900.0  # Chatterbox on a CPU is slower than speech


async def enrol(member: Person, sample: Upload, timeline: Timeline) -> None:
    """/enroll the sample and press Save."""
    command = member.slash("enroll", sample=sample, name="Demo")
    await command.acknowledged()
    timeline.note(f"/enroll {sample.filename} acknowledged")
    card = await command.answered(STEP_SECONDS)
    print("\n".join(f"            {line}" for line in card_lines(card)), flush=True)
    if not card.components:
        raise RefusedError(f"the sample was refused: {' '.join(card_lines(card))}")
    save = next(
        button
        for row in card.components
        for button in row["components"]
        if button["label"].startswith("Save")
    )
    member.press(card, custom_id=save["custom_id"])
    await command.until(
        lambda answer: "Saved" in card_title(answer.message), STEP_SECONDS, "stored voice"
    )
    timeline.note("enrolled: Save pressed, voice stored")


async def say(member: Person, listener: Listener, text: str, timeline: Timeline) -> tuple[str, str]:
    """/say the text and wait until it was heard; return both ends' privacy codes."""
    asked = time.monotonic()
    command = member.slash("say", text=text, voice="Demo")
    await command.acknowledged()
    timeline.note(f"/say acknowledged, {milliseconds(asked)} after it was sent")
    await listener.until(lambda ears: ears.audible or over(command), SPEECH_SECONDS, "first packet")
    if refused(command):
        raise RefusedError(f"the text was refused: {answer_text(command)}")
    expect(bool(listener.audible), f"nothing was heard: {answer_text(command)}")
    timeline.note(f"first packet heard, {milliseconds(asked)} after /say was sent")
    codes = await privacy_codes(member, listener)
    await command.until(over, SPEECH_SECONDS, "end of the speech")
    timeline.note(f"end: {' '.join(ending(command))}")
    if SAID not in ending(command):
        raise DemoFailedError(f"the speech ended otherwise: {answer_text(command)}")
    return codes


async def privacy_codes(member: Person, listener: Listener) -> tuple[str, str]:
    """Return the voice privacy code that the bot shows and the listener's own."""
    card = await member.slash("queue").answered()
    shown = [f["value"] for f in card.embeds[0].get("fields", []) if "privacy" in f["name"]]
    expect(bool(shown) and listener.privacy_code is not None, "the call is not encrypted")
    bots = "".join(character for character in shown[0] if character.isdigit())
    return bots, str(listener.privacy_code)


def ending(command: Interaction) -> list[str]:
    """Return the lines of the answer to /say that tell how it ended."""
    lines = command.message.content.splitlines() if command.message else []
    # A failure is told in the engine's own words, so whatever is no step on the way is the end.
    return [line for line in lines[1:] if line and not NOT_AN_END.match(line)]


def over(command: Interaction) -> bool:
    """Whether the answer to /say is a refusal or tells how the speech ended."""
    return refused(command) or bool(ending(command))


def refused(command: Interaction) -> bool:
    """Whether the bot has answered with a refusal instead of a place in the queue."""
    return command.message is not None and " speaks as " not in command.message.content


def answer_text(command: Interaction) -> str:
    """Return what the member reads, on one line."""
    return " ".join(command.message.content.split()) if command.message else ""


def card_title(message: Message | None) -> str:
    """Return the title of a message's first embed."""
    return str(message.embeds[0].get("title", "")) if message and message.embeds else ""


def card_lines(card: Message) -> list[str]:
    """Return what a card says, for the terminal."""
    if not card.embeds:
        return [card.content]
    embed = card.embeds[0]
    fields = [f"{each['name']}: {each['value']}" for each in embed.get("fields", [])]
    return [embed.get("title", ""), embed.get("description", ""), *fields]
