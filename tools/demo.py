"""`make demo`: the real bot in a Discord on this machine, heard by a member of a voice channel.

Starts the loopback Discord of the tests and the real program (`mynah run`) against it. A member
enrols a sample with /enroll, presses Save, joins a voice channel and says a text with /say. What
the member heard, after decryption by Discord's own library, is left in demo.wav, or in demo (2).wav
where there is a demo.wav already. With ENGINE=nano-random the engine is Chatterbox with tiny random
weights: the whole way of a cloned voice, but for how it sounds.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import soundfile

from bot.errors import OutputError
from bot.files import write_beside
from bot.voice.utterances import UtteranceEnd
from cogs import progress
from tests.loopback import (
    Interaction,
    Listener,
    LoopbackDiscord,
    Message,
    Person,
    Upload,
    wait_until,
)
from tests.loopback.audio import SAMPLE_RATE
from tools import random_engine

TEXT = (
    "Hello! I am a bird that speaks in the voices it hears. "
    "This voice was enrolled from a short recording, and every word you hear is new."
)
OUTPUT = Path("demo.wav")
SAMPLE_SECONDS = 16.0
SAMPLE_PITCH_RATIO = 1.25  # so that the sample is not just the stock voice of the piper engine

MAX_CHARACTERS = 600  # of /say
SAID = progress.ENDS[UtteranceEnd.PLAYED]
NOT_AN_END = re.compile(r"-# |\d+ of \d+ sentences heard\.$")
"""Lines below the first of an answer to /say that are there while the text is spoken."""

START_SECONDS = 60.0
STEP_SECONDS = 300.0  # a busy machine loads libraries slowly
SPEECH_SECONDS = 900.0  # Chatterbox on a CPU is slower than speech
STOP_SECONDS = 15.0

LONGEST_GAP_MS = 40.0


class DemoFailedError(Exception):
    """A step did not do what it should."""


FAILURES = (
    DemoFailedError,
    OutputError,
    AssertionError,
    OSError,
    subprocess.CalledProcessError,
)


class RefusedError(DemoFailedError):
    """The bot works, but refused the sample or the text; its log would say no more."""


@dataclass
class Timeline:
    """Prints each step with the seconds since the start."""

    start: float = field(default_factory=time.monotonic)

    def note(self, what: str) -> None:
        """Print a step that is done."""
        print(f"{time.monotonic() - self.start:8.2f} s  {what}", flush=True)


def main() -> None:
    """Run the demo; exit with 1 if a step fails.

    The sample and the text come as options or, from make, in the environment.
    """
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument(
        "--sample",
        default=os.environ.get("SAMPLE"),
        help="a recording of speech; default: one is made",
    )
    parser.add_argument(
        "--text",
        default=os.environ.get("TEXT") or TEXT,
        help=f"what to say, up to {MAX_CHARACTERS} characters",
    )
    parser.add_argument(
        "--engine",
        default=os.environ.get("ENGINE") or None,
        metavar="MODEL-random",
        help="Chatterbox with tiny random weights, such as nano-random; default: the usual engine",
    )
    arguments = parser.parse_args()
    if arguments.engine not in (None, *random_engine.ENGINES):
        known = ", ".join(map(repr, random_engine.ENGINES))
        parser.error(f"ENGINE is left out or one of {known}, not {arguments.engine!r}")
    try:
        expect(
            len(arguments.text) <= MAX_CHARACTERS,
            f"the text has {len(arguments.text)} characters; /say takes {MAX_CHARACTERS}",
        )
        sample = read_sample(Path(arguments.sample) if arguments.sample else None)
        asyncio.run(demo(sample, arguments.text, arguments.engine))
    except FAILURES as error:
        print(f"The demo failed: {error}", file=sys.stderr)
        sys.exit(1)


def read_sample(path: Path | None) -> Upload:
    """Return the recording to enrol; without one, speech as a phone would record it."""
    if path is not None:
        expect(path.is_file(), f"there is no file {path}; SAMPLE=... names a recording")
        return Upload(path.name, path.read_bytes())
    from tests.samples import encode, speech_samples  # loads the piper voice

    print(f"Making a speech sample of {SAMPLE_SECONDS:g} s with the piper voice ...", flush=True)
    speech = speech_samples(SAMPLE_SECONDS, pitch_ratio=SAMPLE_PITCH_RATIO)
    return Upload("sample.m4a", encode(speech, 44_100, "mp4", "aac", 2), "audio/mp4")


async def demo(sample: Upload, text: str, engine: str | None) -> None:
    """Enrol the sample, say the text, write what was heard."""
    with tempfile.TemporaryDirectory(prefix="mynah-demo-") as folder:
        if engine:
            print(f"Making tiny random weights for {engine} ...", flush=True)
        configuration = random_engine.configuration(engine, Path(folder))
        async with LoopbackDiscord() as discord:
            timeline = Timeline()
            guild = discord.add_guild("The demo's server")
            member = discord.add_person(guild, "Robin")
            async with running_bot(discord, Path(folder), timeline, engine, configuration):
                await enrol(member, sample, timeline)
                listener = await member.join_voice()
                codes = await say(member, listener, text, timeline)
            timeline.note("the bot ended with exit code 0")
            discord.assert_clean()
    report(listener, codes)


@asynccontextmanager
async def running_bot(
    discord: LoopbackDiscord,
    folder: Path,
    timeline: Timeline,
    engine: str | None,
    configuration: Mapping[str, str],
) -> AsyncIterator[None]:
    """Run `mynah run` as a program of its own until it has registered its commands.

    engine, configuration: see `tools.random_engine`.
    """
    log_path = folder / "log"
    # The operator's own settings, a token among them, must not reach this bot; the engine may.
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("MYNAH_") or name.startswith("MYNAH_ENGINE__")
    }
    environment = {
        **kept,
        **discord.env(),
        **configuration,
        "MYNAH_CONFIG": os.devnull,
        "MYNAH_STORAGE__DIRECTORY": str(folder / "data"),
    }
    with log_path.open("wb") as log:
        program = await asyncio.create_subprocess_exec(
            *random_engine.program(engine), "run", env=environment, stdout=log, stderr=log
        )
    timeline.note("mynah run started")
    try:
        await wait_until(
            lambda: connected(discord) or program.returncode is not None,
            START_SECONDS,
            "the bot's login",
        )
        expect(program.returncode is None, "the bot ended by itself")
        timeline.note("connected, commands registered")
        yield
        program.terminate()
        code = await asyncio.wait_for(program.wait(), STOP_SECONDS)
        expect(code == 0, f"the bot ended with exit code {code}")
    except RefusedError:
        raise
    except BaseException:
        print(log_path.read_text(errors="replace"), file=sys.stderr)
        raise
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()


def connected(discord: LoopbackDiscord) -> bool:
    """Whether the bot is online, which it is after it has registered its commands."""
    return any(session.connection for session in discord.gateway.sessions.values())


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
    expect(SAID in ending(command), f"the speech ended otherwise: {answer_text(command)}")
    return codes


async def privacy_codes(member: Person, listener: Listener) -> tuple[str, str]:
    """Return the voice privacy code that the bot shows and the listener's own."""
    card = await member.slash("queue").answered()
    shown = [f["value"] for f in card.embeds[0].get("fields", []) if "privacy" in f["name"]]
    expect(bool(shown) and listener.privacy_code is not None, "the call is not encrypted")
    bots = "".join(character for character in shown[0] if character.isdigit())
    return bots, str(listener.privacy_code)


def report(listener: Listener, codes: tuple[str, str]) -> None:
    """Write what was heard beside older files and print what was measured on the way to it."""
    heard = listener.heard()
    content = io.BytesIO()
    soundfile.write(content, heard, SAMPLE_RATE, subtype="PCM_16", format="WAV")
    output = write_beside(OUTPUT, content.getvalue())
    pacing = listener.pacing()
    print(f"\nHeard       {len(heard) / SAMPLE_RATE:.2f} s in {pacing.packets} packets, "
          f"{listener.unreadable} unreadable")  # fmt: skip
    print(f"Pacing      mean {pacing.mean:.2f} ms, p50 {pacing.p50:.2f}, p99 {pacing.p99:.2f}, "
          f"longest {pacing.maximum:.1f}, {pacing.over_40} over {LONGEST_GAP_MS:g} ms")  # fmt: skip
    for end, code in zip(("bot", "listener"), codes, strict=True):
        print(f"Privacy     {' '.join(code[i : i + 5] for i in range(0, 30, 5))} ({end})")
    expect(codes[0] == codes[1], "the privacy codes differ")
    expect(listener.unreadable == 0, "some packets could not be decrypted")
    print(f"\nListen to {output}: it is what the member heard, after decryption.")


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


def milliseconds(since: float) -> str:
    """Return the time since then."""
    return f"{1000 * (time.monotonic() - since):.0f} ms"


def expect(condition: bool, otherwise: str) -> None:
    """Raise DemoFailedError unless the condition holds."""
    if not condition:
        raise DemoFailedError(otherwise)


if __name__ == "__main__":
    main()
