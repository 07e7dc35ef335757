"""What torch's failures mean for a sentence and for the engine."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator

from bot.errors import EngineDeadError, OutOfMemoryError
from bot.i18n import Translatable
from bot.speech.engines.chatterbox.stock import first_line, is_out_of_memory

# After one, every further call of this process fails. The second is what drawing random numbers
# says when a graph was given up half-way.
_GPU_FAILED = re.compile("CUDA error|outside graph capture")


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
            if _GPU_FAILED.search(str(error)):
                raise EngineDeadError(f"The GPU failed ({first_line(error)}).") from None
            raise
