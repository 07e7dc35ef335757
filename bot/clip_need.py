"""What a model needs of a voice's recording: told by the engine, held by enrolment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClipNeed:
    """How long a clip has to be for the model that speaks.

    more_than_seconds: a clip that is no longer is refused; 0 refuses none.
    model: its name, for people. certain: whether it is the one that speaks, or only may be.
    """

    more_than_seconds: float = 0.0
    model: str = ""
    certain: bool = True

    def lacks(self, seconds: float) -> bool:
        """Whether a clip of so many seconds is too short for the model."""
        return 0 < seconds <= self.more_than_seconds

    def refuses(self, seconds: float) -> bool:
        """Whether a clip of so many seconds certainly cannot speak."""
        return self.certain and self.lacks(seconds)

    def __str__(self) -> str:
        """Return it as what follows on what is wrong with a recording."""
        whose = f"the {self.model} model"
        need = f"needs more than {self.more_than_seconds:g} s"
        if self.certain:
            return f"{whose}, which speaks here, {need}"
        return f"{whose}, which may be the one that speaks here, {need}"
