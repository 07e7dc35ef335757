"""The engine that clones voices: chatterbox-tts, decoded in batches and checked by itself."""

from bot.speech.engines.chatterbox.engine import ChatterboxEngine

__all__ = ["ChatterboxEngine"]
