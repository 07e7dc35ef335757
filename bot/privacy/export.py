"""All that is stored about a member, in every server, as zip archives that are made in memory."""

from __future__ import annotations

import asyncio
import io
import json
import re
import wave
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import numpy as np

from bot.audit.trail import AuditTrail
from bot.errors import BusyError
from bot.i18n import N_, _
from bot.privacy.archive import Archive
from storage.audit_rows import SPOKEN, AuditRow
from storage.errors import StorageError
from storage.personal_rows import MOST_ROWS, PersonalRecording, PersonalRows
from storage.types import CLIP_SAMPLE_RATE, Consent, ReferenceClip
from storage.voices import VoiceStore

MOST_AT_ONCE = 2
"""Exports that are made at a time, of different members."""

MOST_FILES = 1000
"""Recordings in one export."""

README = "README.txt"

FILES: Mapping[str, tuple[str, str]] = {
    "voices": ("voices.json", N_("your voices, their settings, and who agreed to what when")),
    "consents": ("evidence.json", N_("the evidence of each consent of yours")),
    "member_settings": ("settings.json", N_("your settings on each server")),
    "member_defaults": ("default-voices.json", N_("the voices that you chose to speak for you")),
    "dictionary_entries": (
        "dictionary.json", N_("your dictionary, and entries of servers that you made")
    ),
    "voice_blocks": ("blocks.json", N_("whom you keep from using your voices")),
    "shares": ("shared-by-you.json", N_("with whom you share voices of yours by name")),
    "voice_members": ("shared-with-you.json", N_("voices of others that name you as a user")),
    "settings_log": ("changes.json", N_("settings of servers that you changed")),
    "read_channels": ("read-channels.json", N_("channels that you had me read aloud")),
    "departures": ("departures.json", N_("servers that you left, whose data is deleted soon")),
    "audit": ("audit.json", N_("entries about you in the audit trails of servers")),
}  # fmt: skip
"""What each table becomes, and what the README says about it."""

_PRIVATE = frozenset({"blocked", "unblocked", "reported"})
"""Events that are for who did them, not for whom they concern."""

_DELETE = "privacy delete"
_NO_FILE_NAME = re.compile(r"[^\w -]")


class Exporter:
    """Makes archives for members; one member's at a time, a few in all."""

    def __init__(self, voices: VoiceStore, audit: AuditTrail) -> None:
        self._rows, self._audit = PersonalRows(voices), audit
        self._members: set[int] = set()
        self._turns = asyncio.Semaphore(MOST_AT_ONCE)

    @contextmanager
    def admit(self, user_id: int) -> Iterator[None]:
        """Let a member have one export at a time. Raises BusyError."""
        if user_id in self._members:
            raise BusyError(_("Your data is being put together already. Wait for that."))
        self._members.add(user_id)
        try:
            yield
        finally:
            self._members.discard(user_id)

    async def archives(self, user_id: int, most_bytes: int) -> AsyncGenerator[bytes, None]:
        """Yield zip archives of at most so many bytes, the README in the first; in the current
        language.

        Recordings are read one after the other, so that one archive lies in memory. Raises
        StorageError.
        """
        async with self._turns:
            documents = await self._documents(user_id)
            archive = await asyncio.to_thread(_with_documents, documents, most_bytes)
            for recording in await self._rows.recordings(user_id, MOST_FILES):
                content = await self._wav(recording)
                if not archive.empty and not archive.has_room(content):
                    yield archive.finish()
                    archive = Archive(most_bytes)
                await asyncio.to_thread(archive.add, _file_name(recording), content)
            yield archive.finish()

    async def _documents(self, user_id: int) -> dict[str, list[Any]]:
        """Return what each of `FILES` holds."""
        rows: dict[str, list[Any]] = dict(await self._rows.rows(user_id))
        read = {
            (c.voice_id, c.clip_sha256): _consent(c) for c in await self._rows.consents(user_id)
        }
        # What cannot be read, such as with a key that is lost, is told by its row.
        rows["consents"] = [
            read.get((row["voice_id"], row["clip_sha256"]), row) for row in rows["consents"]
        ]
        names = await self._rows.voices_naming(user_id)
        rows["voice_members"] = [
            row | {"voice": names.get(row["voice_id"])} for row in rows["voice_members"]
        ]
        rows["shares"] = await self._rows.shares(user_id)
        rows["audit"] = await self._audited(user_id)
        return rows

    async def _audited(self, user_id: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for guild_id in await self._audit.reader.guilds_naming(user_id):
            async for row in self._audit.rows_about(guild_id, user_id):
                if row.kind not in _PRIVATE or row.actor == user_id:
                    found.append(_audited(row, user_id))
                if len(found) >= MOST_ROWS:
                    return found
        return found

    async def _wav(self, recording: PersonalRecording) -> bytes:
        try:
            clip = await self._rows.load(recording)
        except StorageError:
            return b""  # an empty file says that there was one
        return await asyncio.to_thread(_wav, clip)


def _with_documents(documents: Mapping[str, list[Any]], most_bytes: int) -> Archive:
    """Return an archive with the README and the JSON files."""
    archive = Archive(most_bytes)
    archive.add(README, readme().encode())
    for table, (name, _meaning) in FILES.items():
        text = json.dumps(documents[table], ensure_ascii=False, indent=2)
        archive.add(name, text.encode())
    return archive


def readme() -> str:
    """Return what each file is, in the current language."""
    lines = [
        _("This is everything that is stored about you, on every server that I am on."),
        "",
        *(f"{name}: {_(meaning)}" for name, meaning in FILES.values()),
        "recordings/*.wav: {}".format(
            _("your recordings, current and former, and the consent that you spoke")
        ),
        "",
        _(
            "The names of the recordings have the id of the server and of the voice. Ids are those "
            "of Discord; times are in UTC. An empty recording could not be read any more."
        ),
        _("Of each kind there are at most {most:,} entries in here.").format(most=MOST_ROWS),
        _("That somebody blocked or reported you is theirs to know, so it is not in here."),
        _("{delete} deletes all of it.").format(delete=f"`/{_DELETE}`"),
    ]
    return "\n".join(lines) + "\n"


def _file_name(recording: PersonalRecording) -> str:
    name = _NO_FILE_NAME.sub("_", recording.voice)
    parts = (str(recording.guild_id), str(recording.voice_id), name, recording.part)
    return f"recordings/{' '.join(filter(None, parts))}.wav"


def _wav(clip: ReferenceClip) -> bytes:
    """Return a clip as a mono WAV of 16 bits at 24 kHz, which every player reads."""
    samples = (np.clip(clip.samples, -1, 1) * 32767).round().astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as output:
        output.setnchannels(1)
        output.setsampwidth(2)
        output.setframerate(CLIP_SAMPLE_RATE)
        output.writeframes(samples.tobytes())
    return file.getvalue()


def _consent(consent: Consent) -> dict[str, Any]:
    return {
        "voice_id": consent.voice_id,
        "recording_sha256": consent.clip_sha256,
        "given_at": _moment(consent.given_at),
        "consent_sha256": consent.consent_sha256,
        "record": consent.record,
    }


def _audited(row: AuditRow, user_id: int) -> dict[str, Any]:
    return {
        "guild_id": str(row.guild_id),
        "at": _moment(row.at),
        "what": row.kind,
        "by": _who(row.actor, user_id),
        "about": _who(row.subject, user_id),
        "voice_id": row.voice_id,
        "voice": row.voice,
        "seconds": row.seconds,
        "packets_sha256": row.packets_sha256,
        "data": dict(row.data),
        "texts": _texts(row, user_id),
    }


def _texts(row: AuditRow, user_id: int) -> dict[str, str]:
    """Return the texts of a row, but for what somebody else said."""
    if row.kind == SPOKEN and row.actor != user_id:
        return {}
    return dict(row.texts)


def _who(who: object, user_id: int) -> str | None:
    """Say who it was: the member, the operator, the bot; another member's id is not theirs."""
    if isinstance(who, int):
        return "you" if who == user_id else "another member"
    return str(who) if who is not None else None


def _moment(moment: datetime) -> str:
    return moment.isoformat()
