"""What the audit trail tells of, one type for each kind of event.

`by` is who did it: a member's id, "operator", or "bot". `row` says which fields go where: names and
texts beside the hashed row, members as pseudonyms, all else into its data.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, ClassVar, Literal

from storage.audit_rows import SPOKEN, By, NewRow
from storage.types import Level, Reach, VoiceProfile

_PLACES = {"by": "actor", "owner_id": "subject", "member_id": "subject"}
_COLUMNS = {*_PLACES, "voice_id", "milliseconds", "packets_sha256", "at"}


def _text(default: Any = None) -> Any:
    """Return a field of what must be removable; None and "" are left out."""
    return field(default=default, metadata={"place": "texts"})


def _members() -> Any:
    """Return a field of Discord ids of members."""
    return field(default=(), metadata={"place": "members"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened in a guild."""

    kind: ClassVar[str]
    by: By

    def row(self) -> NewRow:
        """Return the row that tells of it."""
        parts: dict[str, Any] = {"data": {}, "texts": {}, "members": {}}
        columns: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name in _COLUMNS:
                columns[_PLACES.get(each.name, each.name)] = value
            elif value is not None and value is not False and value not in ("", ()):
                parts[each.metadata.get("place", "data")][each.name] = value
        return NewRow(kind=self.kind, **columns, **parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceEvent(Event):
    """Something happened to a voice. voice: its name. owner_id: None for nobody's."""

    voice_id: int
    owner_id: int | None = None
    voice: str | None = _text()


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled(VoiceEvent):
    """A voice was made. level: how it is known that the speaker agreed."""

    kind = "enrolled"
    level: Level
    reach: Reach


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced(VoiceEvent):
    """A voice was given another recording."""

    kind = "replaced"
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Consented(VoiceEvent):
    """A speaker agreed to a recording; what shows it is kept with the recording."""

    kind = "consent"
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored(VoiceEvent):
    """A voice was given its former recording back."""

    kind = "restored"
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed(VoiceEvent):
    """A voice has another name. former_name: that it had."""

    kind = "renamed"
    former_name: str = _text()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned(VoiceEvent):
    """It was set how a voice speaks. settings: those that changed, as they are now."""

    kind = "tuned"
    settings: dict[str, float | str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted(VoiceEvent):
    """A voice was deleted, with its recordings and the evidence."""

    kind = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared(VoiceEvent):
    """Somebody set who may speak as a voice. added, removed: who is named now, or not any more."""

    kind = "shared"
    reach: Reach
    added: tuple[int, ...] = _members()
    removed: tuple[int, ...] = _members()
    added_roles: tuple[int, ...] = ()
    removed_roles: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused(VoiceEvent):
    """A voice was stopped. role: of whoever did it."""

    kind = "paused"
    role: Literal["owner", "admin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed(VoiceEvent):
    """A voice may speak again, as far as whoever stopped it is concerned."""

    kind = "resumed"
    role: Literal["owner", "admin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked(Event):
    """An owner lets a member speak in none of their voices."""

    kind = "blocked"
    member_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unblocked(Event):
    """An owner took that back."""

    kind = "unblocked"
    member_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChanged(Event):
    """A server's setting was changed.

    before, after: as stored; left out for a default and for lists of members. added, removed: the
    members that such a list has and has not any more.
    """

    kind = "setting"
    key: str
    before: Any = None
    after: Any = None
    added: tuple[int, ...] = _members()
    removed: tuple[int, ...] = _members()


@dataclass(frozen=True, slots=True, kw_only=True)
class DictionaryChanged(Event):
    """The server's dictionary was changed: so many entries. entry: the only one, written=spoken."""

    kind = "dictionary"
    change: Literal["set", "removed"]
    count: int
    entry: str | None = _text()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken(Event):
    """Something was spoken: packets were sent into a call, or handed out as a file.

    by: None for a webhook. owner_id: of the voice. at: when it had ended. milliseconds,
    packets_sha256: of the packets that were sent, in part if it was cut short. way: what for.
    end: how it ended. text: only kept where the server wants it.
    """

    kind = SPOKEN
    voice_id: int | None
    owner_id: int | None = None
    milliseconds: int
    packets_sha256: str
    way: Literal["say", "read", "file"]
    at: datetime | None = None
    channel_id: int | None = None
    webhook: bool = False
    end: str = "played"
    text: str | None = _text()

    def without_text(self) -> Spoken:
        """Return what is kept where a server wants no texts."""
        return replace(self, text=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported(VoiceEvent):
    """A member reported how a voice was used.

    speaker: who had used it; nobody for a webhook. line: when the line was written that was
    reported, in s since 1970.
    """

    kind = "reported"
    line: int | None = None
    speaker: tuple[int, ...] = _members()
    text: str | None = _text()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported(Event):
    """Data was handed out. what: such as "privacy" or "audit"."""

    kind = "exported"
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased(Event):
    """A member's data was deleted for good."""

    kind = "erased"
    member_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRotated(Event):
    """Recordings and evidence were sealed with another key, or opened for good. clips: how many."""

    kind = "key"
    clips: int
    plain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GuildLeft(Event):
    """The bot left the server. erase_at: when its data goes, ISO 8601."""

    kind = "left"
    erase_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuildRejoined(Event):
    """The bot came back to the server before its data went."""

    kind = "rejoined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrecorded(Event):
    """So many utterances could not be written down, such as with a full disk."""

    kind = "unrecorded"
    count: int


def about_voice(voice: VoiceProfile) -> dict[str, Any]:
    """Return what each event of a voice has of it, as arguments."""
    return {"voice_id": voice.id, "owner_id": voice.owner_id, "voice": voice.name}
