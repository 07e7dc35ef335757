"""Processes that run the bot on the same data: which may do so beside each other, and what is said.

Where they are noted differs: `storage.process_lock` of one machine, `storage.postgres.process_lock`
of several.
"""

from __future__ import annotations

from dataclasses import dataclass

from storage.errors import DirectoryInUseError
from storage.shards import Shards


@dataclass(frozen=True, slots=True)
class RunningProcess:
    """A process that runs the bot.

    pid: None where that cannot be read. shards: None for all. application_id: whose bot it is; None
    before it has logged in.
    """

    pid: int | None
    shards: Shards | None
    application_id: int | None = None

    def __str__(self) -> str:
        """Say which one it is."""
        return f"process {self.pid}" if self.pid is not None else "another process"


@dataclass(frozen=True, slots=True)
class SharedPlace:
    """Where processes run the bot: how it is shown, and the key that would name another one."""

    shown: str
    key: str

    def in_use(self, shards: Shards | None, other: RunningProcess) -> DirectoryInUseError:
        """Return what is said where another process runs what this one was to."""
        if shards is None or other.shards is None:
            advice = (
                f"Stop it first, or give this one another {self.key}; several processes of one "
                "bot share it only where each names shards of its own in discord.shards."
            )
        elif shards.count != other.shards.count:
            advice = (
                f"This one has {shards}: the number after the / is the same for all processes. "
                "Correct discord.shards, or stop the others first where the number is to change."
            )
        else:
            advice = f"Give this one others than {shards} in discord.shards, or stop the other one."
        return DirectoryInUseError(f"The bot runs on {self._described(other)}. {advice}")

    def of_another(self, application_id: int, other: RunningProcess) -> DirectoryInUseError:
        """Return what is said where another application's bot runs."""
        return DirectoryInUseError(
            f"Another bot, of application {other.application_id}, runs on "
            f"{self._described(other)}; this one is of application {application_id}. Give this one "
            f"the token of that application, or another {self.key}, or stop the other one first."
        )

    def _described(self, other: RunningProcess) -> str:
        theirs = f"the shards {other.shards}" if other.shards else "all shards"
        return f"{self.shown} already, for {theirs} ({other})"


def side_by_side(one: Shards | None, other: Shards | None) -> bool:
    """Whether processes of these shards may run beside each other. None stands for all."""
    return one is not None and other is not None and one.shares_none_with(other)
