"""What enrolling and replacing share: the recording that is read, the picture that is drawn."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.destination import Destination
from bot.cli.output import print_error, print_facts
from bot.cli.reports import report_rows
from bot.errors import OutputError, UserError

if TYPE_CHECKING:
    from bot.cli.output import Show
    from bot.cli.own_files import OwnFiles
    from bot.config import Settings
    from bot.enrolment.service import EnrolmentService
    from bot.enrolment.types import EnrolmentLimits, EnrolmentSample

recording_argument = click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)

picture_option = click.option(
    "--picture",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="OUT.png",
    help="Also write the picture of the recording: waveform, speech and what was kept.",
)


def read_recording(file: Path, limits: EnrolmentLimits) -> bytes:
    """Read a file whose size is allowed. Raises `UserError`."""
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):  # reading a pipe could wait forever
            raise UserError(f"{file} is not a file. Save the recording as one first.")
        limits.check_size(status.st_size)
        with file.open("rb") as stream:
            return stream.read(limits.max_bytes + 1)  # it may have grown; the service checks again
    except OSError as error:
        raise UserError(f"{file} cannot be read ({error.strerror}).") from None


async def sample_of(
    settings: Settings, enrolment: EnrolmentService, data: bytes, show: Show
) -> EnrolmentSample:
    """Return the sample of a recording that the model that would speak takes.

    Which model `auto` takes is looked up, in seconds, only for what not every model takes. Raises
    what `EnrolmentService.prepare` does.
    """
    from bot.app import settled_clip_need

    show("Decoding, finding speech, measuring ...", 1)
    sample = await enrolment.prepare(data)
    if not enrolment.is_doubtful(sample):
        return sample
    show("Looking which model speaks here ...", 1)
    need = await settled_clip_need(settings)
    return sample if not need.certain else await enrolment.prepare(data, need=need)


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture of a recording, if one is wanted.

    path: its file, or None. force: that file may be replaced. told: people read the output.
    """

    path: Path | None
    force: bool
    told: bool

    def check(self, own: OwnFiles, recording: Path) -> None:
        """Raise `UserError` if it cannot be written, before any work is done."""
        if self.path is None:
            return
        if self.path.suffix.lower() != ".png":
            raise UserError(f"{self.path.name} does not end in .png, the only kind of picture.")
        self._destination(self.path).check(own, source=recording)

    def write(self, content: bytes) -> str | None:
        """Write it; return its path. Raises `OutputError`, or `UserError` if it is there now."""
        if self.path is None:
            return None
        self._destination(self.path).write(content)
        if self.told:
            print_facts([("picture", str(self.path))])
        return str(self.path)

    @contextmanager
    def of_what_is_rejected(self) -> Iterator[None]:
        """Write it also for a recording that is rejected, and tell what was measured."""
        from bot.enrolment.types import SampleRejectedError

        try:
            yield
        except SampleRejectedError as error:
            if self.told:
                print_facts(report_rows(error.report.to_json()))
            try:
                self.write(error.picture)
            except (OutputError, UserError) as unwritten:
                print_error(str(unwritten))  # must not hide why the recording was rejected
            raise

    def _destination(self, path: Path) -> Destination:
        return Destination(path, force=self.force)
