"""What a model needs of a voice's recording: told by the engine, held by enrolment."""

from __future__ import annotations

from dataclasses import dataclass

from bot.i18n import Translatable


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

    @property
    def in_words(self) -> Translatable:
        """What follows on what is wrong with a recording."""
        if self.certain:
            return Translatable(
                "the {model} model, which speaks here, needs more than {seconds:g} s",
                model=self.model,
                seconds=self.more_than_seconds,
            )
        return Translatable(
            "the {model} model, which may be the one that speaks here, needs more than {seconds:g} "
            "s",
            model=self.model,
            seconds=self.more_than_seconds,
        )

    def __str__(self) -> str:
        """Return it in English words."""
        return str(self.in_words)
