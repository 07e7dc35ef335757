"""What torch's failures mean for a sentence and for the engine."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from bot.errors import OutOfMemoryError
from bot.i18n import Translatable
from bot.speech.engines.chatterbox.stock import is_out_of_memory
from bot.speech.engines.gpu_failures import gpu_failed, is_gpu_failure


class Failures:
    """Turns errors of torch into ours. free_memory: called when there was too little."""

    def __init__(self, free_memory: Callable[[], None]) -> None:
        self._free_memory = free_memory

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Raise `OutOfMemoryError` for want of memory, `EngineDeadError` for a GPU that failed."""
        try:
            yield
        except (RuntimeError, MemoryError) as error:
            if is_out_of_memory(error):
                self._free_memory()
                raise OutOfMemoryError(
                    Translatable(
                        "The voice engine ran out of memory. Try a shorter text, or again in a "
                        "minute."
                    )
                ) from None
            if is_gpu_failure(error):
                raise gpu_failed(error) from None
            raise
