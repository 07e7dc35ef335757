"""What `mynah say` tells about what it spoke."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.cli.output import print_facts, print_line

if TYPE_CHECKING:
    from bot.speech.delivery import Delivery
    from bot.speech.types import EngineInfo, Speech, VoiceSettings
    from storage.types import VoiceProfile

_PREVIEW = (
    "This is a preview: a stock voice at the speaker's pitch. Install Chatterbox to hear the voice "
    "itself (see README.md)."
)


@dataclass(slots=True)
class Spoken:
    """What was said and how long it took; times in seconds from the first request.

    settings, delivery: of the voice and the text together.
    """

    voice: VoiceProfile
    engine: EngineInfo
    settings: VoiceSettings
    delivery: Delivery
    speeches: list[Speech] = field(default_factory=list)
    first_sentence_seconds: float = 0.0
    total_seconds: float = 0.0

    @property
    def seconds(self) -> float:
        """Length of the speech."""
        return sum(speech.seconds for speech in self.speeches)

    @property
    def real_time_factor(self) -> float:
        """Seconds of work for a second of speech."""
        return self.total_seconds / self.seconds if self.seconds else 0.0

    def packets(self) -> list[bytes]:
        """Return the Opus packets of all sentences."""
        return [packet for speech in self.speeches for packet in speech.packets]

    def notes(self) -> tuple[str, ...]:
        """Return what whoever listens should know."""
        from bot.speech.service import distinct_notes
        from bot.speech.voice_settings import takes_notes

        cost = takes_notes(self.settings, self.engine)
        notes = (*self.engine.notes, *dict.fromkeys((*cost, *distinct_notes(self.speeches))))
        return notes if self.engine.clones else (_PREVIEW, *notes)


def print_report(spoken: Spoken, written_to: Path, *, err: bool) -> None:
    """Print it for a person. err: to standard error, because the audio went to standard output."""
    engine = spoken.engine
    facts = [
        ("voice", spoken.voice.name),
        ("engine", f"{engine.kind} ({engine.model}) on {engine.device}: {engine.reason}"),
        ("loaded in", f"{engine.load_seconds:.2f} s"),
        ("sentences", _sentences(spoken.speeches)),
        ("audio", f"{spoken.seconds:.2f} s"),
        ("first sentence", f"after {spoken.first_sentence_seconds:.2f} s"),
        ("speed", _speed(spoken.real_time_factor)),
        ("time", ", ".join(f"{name} {spent:.2f} s" for name, spent in _timings(spoken).items())),
        ("written to", "standard output" if err else str(written_to)),
    ]
    print_facts(facts, err=err)
    for note in spoken.notes():
        print_line((note, "yellow"), err=err)


def document(spoken: Spoken, written_to: Path, audio_format: str) -> dict[str, Any]:
    """Return it for a program; docs/cli.md explains the keys."""
    engine = spoken.engine
    return {
        "file": str(written_to),
        "format": audio_format,
        "voice": {
            "id": spoken.voice.id,
            "guild_id": str(spoken.voice.guild_id),
            "name": spoken.voice.name,
        },
        "engine": {
            "kind": engine.kind,
            "model": engine.model,
            "device": engine.device,
            "reason": engine.reason,
            "clones": engine.clones,
            "load_seconds": round(engine.load_seconds, 3),
        },
        "delivery": asdict(spoken.delivery),
        "sentences": len(spoken.speeches),
        "spoken_again": _spoken_again(spoken.speeches),
        "seconds": round(spoken.seconds, 3),
        "first_sentence_seconds": round(spoken.first_sentence_seconds, 3),
        "total_seconds": round(spoken.total_seconds, 3),
        "real_time_factor": round(spoken.real_time_factor, 3),
        "timings": {name: round(spent, 3) for name, spent in _timings(spoken).items()},
        "notes": list(spoken.notes()),
    }


def _spoken_again(speeches: Sequence[Speech]) -> int:
    return sum(speech.retries > 0 for speech in speeches)


def _sentences(speeches: Sequence[Speech]) -> str:
    again = _spoken_again(speeches)
    return f"{len(speeches)}, {again} of them spoken again" if again else str(len(speeches))


def _speed(factor: float) -> str:
    if factor <= 0:
        return "not measurable"
    return f"{1 / factor:.2g} times that of speech (real-time factor {factor:.2f})"


def _timings(spoken: Spoken) -> dict[str, float]:
    """Where the time went, in s, in the order of the work, over all sentences."""
    seconds: dict[str, float] = {}
    for speech in spoken.speeches:
        for name, spent in speech.timings.items():
            seconds[name] = seconds.get(name, 0.0) + spent
    return seconds
