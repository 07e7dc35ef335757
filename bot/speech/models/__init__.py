"""Chatterbox's models: one definition each, for loading, checks, configuration and docs.

Nothing here needs torch or the package, so the bot process may look, too.
"""

from bot.speech.models.files import Part, Source, UnclearError
from bot.speech.models.model import Model
from bot.speech.models.table import MODELS

__all__ = ["MODELS", "Model", "Part", "Source", "UnclearError"]
