"""How a call in a worker can be lost, or refused."""

from bot.errors import BusyError, MynahError
from bot.i18n import Translatable


class WorkerDiedError(MynahError):
    """The child process ended during the call (crash, out of memory), or could not be started."""


class ProcessorTimeError(WorkerDiedError):
    """The kernel ended the child process because the call used up its processor time."""


class WorkerTimeoutError(MynahError):
    """The call outlasted its time and the child process was ended."""


def busy(worker: str) -> BusyError:
    """Return what a call is refused with when too many wait. worker: its kind, translatable."""
    return BusyError(
        Translatable("The {worker} is busy. Try again in a minute.", worker=Translatable(worker))
    )
