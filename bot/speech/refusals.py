"""Why a sentence is not spoken, in words for whoever asked."""

from __future__ import annotations

from bot.errors import EngineError
from bot.i18n import Translatable

RECORDING_GONE = Translatable("The recording of this voice is gone. Try again.")
DATA_AWAY = Translatable(
    "My data cannot be read or written right now. My operator has to look at it."
)
SHUTTING_DOWN = Translatable("The bot is shutting down. Try again in a few minutes.")


class RecordingGoneError(EngineError):
    """The recording that a sentence was to be spoken with is not the voice's any more."""

    def __init__(self, text: str = RECORDING_GONE) -> None:
        super().__init__(text)
