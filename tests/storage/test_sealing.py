import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from storage.errors import BrokenSealError, KeyFileError, UnknownKeyError
from storage.key_file import new_key, write_keys
from storage.sealing import HEADER_BYTES, NO_KEYS, KeyRing, is_sealed, key_id, sealing_key

OLD, NEW = new_key(), new_key()
CONTENT = b"what somebody said" * 10
CONTEXT = b"clip 1"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    write_keys(path, [OLD])
    return path


def test_sealed_content_is_opened_for_its_context() -> None:
    ring = KeyRing([OLD])
    sealed = ring.seal(CONTENT, CONTEXT)
    assert b"somebody" not in sealed
    assert ring.open_sealed(sealed, CONTEXT) == CONTENT


def test_each_seal_differs() -> None:
    ring = KeyRing([OLD])
    assert ring.seal(CONTENT, CONTEXT) != ring.seal(CONTENT, CONTEXT)


def test_header_names_the_key() -> None:
    sealed = KeyRing([NEW, OLD]).seal(CONTENT, CONTEXT)
    assert is_sealed(sealed[:HEADER_BYTES])
    assert sealing_key(sealed) == key_id(NEW)
    assert sealing_key(CONTENT) is None


def test_older_key_opens() -> None:
    sealed = KeyRing([OLD]).seal(CONTENT, CONTEXT)
    assert KeyRing([NEW, OLD]).open_sealed(sealed, CONTEXT) == CONTENT


def test_without_a_key_nothing_is_sealed() -> None:
    assert NO_KEYS.seal(CONTENT, CONTEXT) == CONTENT
    assert NO_KEYS.open_sealed(CONTENT, CONTEXT) == CONTENT


def test_plain_content_is_read_beside_sealed_one() -> None:
    assert KeyRing([OLD]).open_sealed(CONTENT, CONTEXT) == CONTENT


def test_unknown_key_is_named() -> None:
    sealed = KeyRing([OLD]).seal(CONTENT, CONTEXT)
    with pytest.raises(UnknownKeyError, match=key_id(OLD)):
        KeyRing([NEW]).open_sealed(sealed, CONTEXT)
    with pytest.raises(UnknownKeyError, match=r"storage\.key_file"):
        NO_KEYS.open_sealed(sealed, CONTEXT)


def test_other_context_is_refused() -> None:
    ring = KeyRing([OLD])
    with pytest.raises(BrokenSealError, match="something else"):
        ring.open_sealed(ring.seal(CONTENT, CONTEXT), b"clip 2")


@pytest.mark.parametrize("place", [HEADER_BYTES, HEADER_BYTES + 24, -1])
def test_changed_byte_is_found(place: int) -> None:
    ring = KeyRing([OLD])
    sealed = bytearray(ring.seal(CONTENT, CONTEXT))
    sealed[place] ^= 1
    with pytest.raises(BrokenSealError, match="changed"):
        ring.open_sealed(bytes(sealed), CONTEXT)


@pytest.mark.parametrize("length", [7, 8, 15, 16, 39, 40, 55])
def test_cut_off_content_is_refused(length: int) -> None:
    ring = KeyRing([OLD])
    with pytest.raises((BrokenSealError, UnknownKeyError)):
        ring.open_sealed(ring.seal(CONTENT, CONTEXT)[:length], CONTEXT)


def test_later_version_is_refused() -> None:
    ring = KeyRing([OLD])
    sealed = bytearray(ring.seal(CONTENT, CONTEXT))
    sealed[7] = 2
    with pytest.raises(BrokenSealError, match="newer Mynah"):
        ring.open_sealed(bytes(sealed), CONTEXT)


def test_ring_follows_its_file_when_it_seals(key_file: Path) -> None:
    ring = KeyRing.from_file(key_file)
    write_keys(key_file, [NEW, OLD])
    assert sealing_key(ring.seal(CONTENT, CONTEXT)) == key_id(NEW)


def test_ring_looks_for_an_unknown_key_in_its_file(key_file: Path) -> None:
    ring = KeyRing.from_file(key_file)
    write_keys(key_file, [NEW, OLD])
    sealed = KeyRing([NEW]).seal(CONTENT, CONTEXT)
    assert ring.open_sealed(sealed, CONTEXT) == CONTENT


def test_ring_whose_file_is_gone_opens_but_never_writes_plain(key_file: Path) -> None:
    ring = KeyRing.from_file(key_file)
    sealed = ring.seal(CONTENT, CONTEXT)
    key_file.unlink()
    assert ring.open_sealed(sealed, CONTEXT) == CONTENT
    with pytest.raises(KeyFileError, match="cannot be read"):
        ring.seal(CONTENT, CONTEXT)


def test_ring_travels_to_a_worker(key_file: Path) -> None:
    ring = KeyRing.from_file(key_file)
    there: KeyRing = pickle.loads(pickle.dumps(ring))
    assert there.open_sealed(ring.seal(CONTENT, CONTEXT), CONTEXT) == CONTENT
    write_keys(key_file, [NEW, OLD])
    assert there.knows(key_id(NEW))


def test_no_text_of_a_ring_shows_a_key() -> None:
    ring = KeyRing([OLD])
    assert OLD.hex() not in f"{ring!r} {ring}"
    assert repr(OLD)[2:-1] not in repr(ring)


def test_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        KeyRing([os.urandom(31)])


def test_libsodium_is_not_imported_without_a_key() -> None:
    script = """
import sys
from storage.sealing import NO_KEYS
from storage.voices import VoiceStore
NO_KEYS.open_sealed(NO_KEYS.seal(b"1", b""), b"")
sys.exit("nacl" in sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
