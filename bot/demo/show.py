"""The demo from its beginning to the file that it leaves.

Starts the loopback Discord and the real program (`mynah run`) against it. A member enrols a sample
with /enroll, presses Save, joins a voice channel and says a text with /say. What the member heard,
after decryption by Discord's own library, is left in a WAV file, or beside it where there is such
a file already.
"""

from __future__ import annotations

import asyncio
import io
import subprocess
import tempfile
from importlib.resources import files
from pathlib import Path

import soundfile

from bot.demo.errors import DemoFailedError, expect
from bot.demo.member import enrol, say
from bot.demo.program import Program, running_bot
from bot.demo.timeline import Timeline
from bot.errors import MynahError
from bot.files import write_beside
from loopback import Listener, LoopbackDiscord, Upload
from loopback.audio import SAMPLE_RATE

TEXT = (
    "Hello! I am a bird that speaks in the voices it hears. "
    "This voice was enrolled from a short recording, and every word you hear is new."
)
OUTPUT = Path("demo.wav")
MAX_CHARACTERS = 600  # of /say
LONGEST_GAP_MS = 40.0
FAILURES = (MynahError, AssertionError, OSError, subprocess.CalledProcessError)


def show(sample: Path | None, text: str, output: Path, program: Program | None = None) -> None:
    """Enrol the sample, say the text, write what was heard.

    sample: a recording; None for the one that comes along. program: see `Program`.

    Raises DemoFailedError, whatever it was that failed.
    """
    try:
        expect(
            len(text) <= MAX_CHARACTERS,
            f"the text has {len(text)} characters; /say takes {MAX_CHARACTERS}",
        )
        upload = read_sample(sample)
        listener, codes = asyncio.run(_spoken(upload, text, program or Program()))
        report(listener, codes, output)
    except FAILURES as error:
        raise DemoFailedError(f"The demo failed: {error}") from error


def read_sample(path: Path | None) -> Upload:
    """Return the recording to enrol; without one, speech as a phone would record it."""
    if path is None:
        content = files("bot.demo").joinpath("data", "sample.m4a").read_bytes()
        return Upload("sample.m4a", content, "audio/mp4")
    expect(path.is_file(), f"there is no file {path}; name a recording of speech as the sample")
    return Upload(path.name, path.read_bytes())


async def _spoken(sample: Upload, text: str, program: Program) -> tuple[Listener, tuple[str, str]]:
    with tempfile.TemporaryDirectory(prefix="mynah-demo-") as folder:
        async with LoopbackDiscord() as discord:
            timeline = Timeline()
            guild = discord.add_guild("The demo's server")
            member = discord.add_person(guild, "Robin")
            async with running_bot(program, discord, Path(folder), timeline):
                await enrol(member, sample, timeline)
                listener = await member.join_voice()
                codes = await say(member, listener, text, timeline)
            timeline.note("the bot ended with exit code 0")
            discord.assert_clean()
    return listener, codes


def report(listener: Listener, codes: tuple[str, str], output: Path) -> None:
    """Write what was heard beside older files and print what was measured on the way to it."""
    heard = listener.heard()
    content = io.BytesIO()
    soundfile.write(content, heard, SAMPLE_RATE, subtype="PCM_16", format="WAV")
    written = write_beside(output, content.getvalue())
    pacing = listener.pacing()
    print(f"\nHeard       {len(heard) / SAMPLE_RATE:.2f} s in {pacing.packets} packets, "
          f"{listener.unreadable} unreadable")  # fmt: skip
    print(f"Pacing      mean {pacing.mean:.2f} ms, p50 {pacing.p50:.2f}, p99 {pacing.p99:.2f}, "
          f"longest {pacing.maximum:.1f}, {pacing.over_40} over {LONGEST_GAP_MS:g} ms")  # fmt: skip
    for end, code in zip(("bot", "listener"), codes, strict=True):
        print(f"Privacy     {' '.join(code[i : i + 5] for i in range(0, 30, 5))} ({end})")
    expect(codes[0] == codes[1], "the privacy codes differ")
    expect(listener.unreadable == 0, "some packets could not be decrypted")
    print(f"\nListen to {written}: it is what the member heard, after decryption.")
