"""Looking after the models on the disk: what there is, fetching, checking, removing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from bot.errors import EngineDeadError
from bot.speech import model_worker
from bot.speech.load_progress import OnProgress, watching
from bot.speech.stored_models import CheckedFile, Removal, StoredModel, Survey
from bot.speech.types import ChatterboxModel, EngineSpec
from bot.workers import Worker, WorkerDiedError, WorkerTimeoutError

FETCH_SECONDS = 7 * 24 * 3600.0
"""A person watches, and can stop it; what is there by then is not downloaded again."""


class ModelKeeper:
    """Every method raises `EngineDeadError` with what to do when the worker or its work fails."""

    def __init__(self, worker: Worker, spec: EngineSpec) -> None:
        self._worker, self._spec = worker, spec

    async def survey(self) -> Survey:
        """Return what there is of every model, and what `auto` takes here."""
        with _explained():
            return await self._worker.run(model_worker.survey, self._spec)

    async def stored(self) -> tuple[StoredModel, ...]:
        """Return what there is of every model."""
        with _explained():
            return await self._worker.run(model_worker.stored)

    async def fetch(
        self, name: ChatterboxModel, on_progress: OnProgress, *, newest: bool = False
    ) -> tuple[StoredModel, tuple[str, ...]]:
        """Download what is missing or damaged; return the model, and the names of the damaged.

        on_progress: called now and then. newest: move on to the newest revisions.
        """
        with _explained():
            async with watching(on_progress) as progress_file:
                return await self._worker.run_within(
                    FETCH_SECONDS, model_worker.fetch, name, progress_file, newest=newest
                )

    async def verify(
        self, name: ChatterboxModel, skipped: frozenset[str] = frozenset()
    ) -> tuple[CheckedFile, ...]:
        """Return the files of a model, each compared with its checksum, and what it lacks.

        skipped: paths of files that were checked already, for another model.
        """
        with _explained():
            return await self._worker.run(model_worker.verify, name, skipped)

    async def remove(self, name: ChatterboxModel, *, really: bool) -> Removal:
        """Remove a model, but for what others need; or only say what that would do."""
        with _explained():
            return await self._worker.run(model_worker.remove, name, really=really)


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (WorkerDiedError, WorkerTimeoutError) as error:
        raise EngineDeadError(f"This could not be done: {error}") from error
