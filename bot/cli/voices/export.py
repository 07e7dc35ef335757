"""`mynah voices export`: a recording as a file that other programs read."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.completion import voice_argument
from bot.cli.context import Context
from bot.cli.destination import STDOUT, Destination
from bot.cli.lookup import find_voice, with_store
from bot.cli.options import force_option, guild_option
from bot.cli.output import print_line
from bot.errors import UserError

if TYPE_CHECKING:
    from storage.types import ReferenceClip
    from storage.voices import VoiceStore

_NO_FILE_NAME = re.compile(r'[/\\:*?"<>|]|^\.')
"""What some file system does not take in a name, or hides at its beginning."""


@click.command()
@voice_argument()
@guild_option
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, writable=True, allow_dash=True, path_type=Path),
    metavar="OUT.wav",
    help="Default: NAME.wav in this directory, or NAME (2).wav. -: standard output.",
)
@force_option
@click.pass_obj
def export(context: Context, name: str, guild_id: int, output: Path | None, force: bool) -> None:
    """Write the recording of NAME to a file.

    A WAV with the samples as they are stored: mono, 24 kHz, 32-bit float.
    """
    if output is not None and output != STDOUT and output.suffix.lower() != ".wav":
        raise UserError(f"{output.name} does not end in .wav, the only format that is exported.")

    if output is not None:  # before any work is done for it
        Destination(output, force=force).check(context.own_files)

    async def work(store: VoiceStore) -> tuple[Destination, bytes]:
        profile = await find_voice(store, guild_id, name)
        default = Path(f"{_NO_FILE_NAME.sub('_', profile.name)}.wav")
        if output is None:
            Destination(default, named=False).check(context.own_files)
        destination = Destination(output or default, named=output is not None, force=force)
        return destination, _wav(await store.load_clip(profile))

    destination, content = with_store(context, work)
    path = destination.write(content)
    print_line(f"Written to {path}.", err=destination.is_stdout)


def _wav(clip: ReferenceClip) -> bytes:
    import soundfile  # only here: the other commands need not wait for it

    from storage.types import CLIP_SAMPLE_RATE

    file = io.BytesIO()
    soundfile.write(file, clip.samples, CLIP_SAMPLE_RATE, subtype="FLOAT", format="WAV")
    return file.getvalue()
