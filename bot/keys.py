"""The keys that recordings are sealed with: where they come from, and whether they fit the data."""

from __future__ import annotations

import structlog

from bot.config_sections import StorageSettings
from storage.errors import UnknownKeyError
from storage.key_file import is_exposed, parse_keys
from storage.sealing import KeyRing
from storage.seals import Seals

log = structlog.get_logger(__name__)


def key_ring(settings: StorageSettings) -> KeyRing:
    """Return the keys that are configured; an empty ring without any.

    Raises KeyFileError.
    """
    if settings.key is not None:
        keys = KeyRing(parse_keys(settings.key.get_secret_value(), "MYNAH_STORAGE__KEY"))
    elif settings.key_file is not None:
        keys = KeyRing.from_file(settings.key_file)
    else:
        return KeyRing()
    return keys


def refuse_other_keys(seals: Seals, keys: KeyRing) -> None:
    """Raise UnknownKeyError where all that is sealed is sealed by keys that are not there."""
    if seals.wrong_key:
        raise UnknownKeyError(f"{told_unknown(seals, keys)} Nothing was changed.")


def told_unknown(seals: Seals, keys: KeyRing) -> str:
    """Return what is sealed by keys that are not there, and what to do, on one line."""
    ids = ", ".join(sorted(seals.unknown))
    where = (
        f"back to {keys.origin}, which holds {', '.join(keys.key_ids)}"
        if keys
        else ("back: name its file in storage.key_file, or set MYNAH_STORAGE__KEY")
    )
    return (
        f"Sealed by a key that is not there ({ids}): {things(seals.unreadable)}. Bring it {where}. "
        "If the key is lost, so are they: `mynah voices delete` removes their voices."
    )


def things(count: int) -> str:
    """Return so many recordings and records of consent in words."""
    return (
        "1 recording or record of consent"
        if count == 1
        else f"{count} recordings and records of consent"
    )


def log_seals(seals: Seals, keys: KeyRing) -> None:
    """Log at the start what an operator should do about keys, if anything."""
    if seals.unknown:
        log.warning("voices sealed by unknown keys cannot speak", stage="start",
                    files=seals.unreadable, advice=told_unknown(seals, keys))  # fmt: skip
    if keys and seals.to_seal:
        log.warning("not all is sealed by the newest key", stage="start", files=seals.to_seal,
                    advice="run: mynah key seal")  # fmt: skip
    if exposed := told_exposed(keys):
        log.warning("key file is readable for others", stage="start", advice=exposed)


def told_exposed(keys: KeyRing) -> str | None:
    """Return what to do about a key file that others may read; None if they may not."""
    if keys.file is None or not is_exposed(keys.file):
        return None
    return f"Others on this machine may read the key file {keys.file}: chmod o= {keys.file}"
