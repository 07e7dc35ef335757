"""How a call in a worker can be lost."""

from bot.errors import MynahError


class WorkerDiedError(MynahError):
    """The child process ended during the call (crash, out of memory), or could not be started."""


class ProcessorTimeError(WorkerDiedError):
    """The kernel ended the child process because the call used up its processor time."""


class WorkerTimeoutError(MynahError):
    """The call outlasted its time and the child process was ended."""
