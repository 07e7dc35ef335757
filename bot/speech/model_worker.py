"""What runs in the engine worker about models on the disk, without loading any.

Imported in the bot process too, for the references to its functions, so it imports no engine.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from bot.errors import EngineDeadError, MynahError
from bot.installation import advice
from bot.speech.choice import Choice, Machine
from bot.speech.choice import choose as choose_for_machine
from bot.speech.engines.select import choose, decide
from bot.speech.load_progress import ProgressFile
from bot.speech.models import MODELS
from bot.speech.stored_models import CheckedFile, Removal, StoredModel, Survey
from bot.speech.types import ChatterboxModel, EngineSpec


def survey(spec: EngineSpec) -> Survey:
    """Return what there is of every model, and what `auto` takes here."""
    models = stored()
    try:
        return Survey(models, _choice(spec))
    except MynahError as error:
        return Survey(models, None, str(error))


def stored() -> tuple[StoredModel, ...]:
    """Return what there is of every model."""
    return tuple(_look_up(name) for name in MODELS)


def fetch(
    name: ChatterboxModel, progress_file: Path | None, *, newest: bool
) -> tuple[StoredModel, tuple[str, ...]]:
    """Download what is missing or damaged of a model; return it, and the names of what was damaged.

    Raises `EngineDeadError` with what to do.
    """
    _require_library()
    from bot.speech.engines.chatterbox.hub.fetch import fetch_model
    from bot.speech.engines.chatterbox.hub.inventory import drop_damaged, look_up

    model = MODELS[name]
    damaged = tuple(drop_damaged(model))
    fetch_model(model, ProgressFile(progress_file), newest=newest, whole=True)
    return look_up(model), damaged


def verify(name: ChatterboxModel, skipped: frozenset[str]) -> tuple[CheckedFile, ...]:
    """Return the files of a model, each compared with its checksum, and what it lacks.

    skipped: paths of files that were checked already, for another model.
    """
    _require_library()
    from bot.speech.engines.chatterbox.hub import inventory

    return inventory.verify(MODELS[name], skipped)


def remove(name: ChatterboxModel, *, really: bool) -> Removal:
    """Remove a model from the disk, or only say what that would do."""
    _require_library()
    from bot.speech.engines.chatterbox.hub import removal

    return removal.remove(MODELS[name]) if really else removal.plan_removal(MODELS[name])


def _choice(spec: EngineSpec) -> Choice:
    kind, reason = choose(spec)
    if kind == "chatterbox":
        return decide(spec)[1]
    if spec.kind == "auto":
        return choose_for_machine(Machine(chatterbox=False))
    return Choice(kind, None, "cpu", reason)


def _look_up(name: ChatterboxModel) -> StoredModel:
    if not _has_library():
        model = MODELS[name]
        revisions = {source.repository: None for source in model.sources}
        return StoredModel(name, False, 0, 0, revisions, "")
    from bot.speech.engines.chatterbox.hub.inventory import look_up

    return look_up(MODELS[name])


def _has_library() -> bool:
    return find_spec("huggingface_hub") is not None


def _require_library() -> None:
    if not _has_library():
        raise EngineDeadError(
            "The engine chatterbox, whose models these are, is not installed. Install it: "
            f"{advice('chatterbox')}."
        )
