"""Restartable child processes, which keep heavy work and strangers' files out of the bot process.

`worker` is what the rest uses. `process` is one child as the parent sees it, `child` what runs in
it, `protocol` what they say to each other; `environment` is what a child may know.
"""

from bot.workers.errors import ProcessorTimeError, WorkerDiedError, WorkerTimeoutError
from bot.workers.limits import WorkerLimits
from bot.workers.worker import Worker

__all__ = [
    "ProcessorTimeError",
    "Worker",
    "WorkerDiedError",
    "WorkerLimits",
    "WorkerTimeoutError",
]
