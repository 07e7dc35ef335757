import gzip
import os
import pickle
import subprocess
import sys
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.clips import MAX_CLIP_SECONDS, clip_path, encode_clip, glance, load_clip, write_clip
from storage.errors import DamagedClipError
from storage.types import CLIP_SAMPLE_RATE, ReferenceClip
from tests.storage.conftest import gzip_pickle, make_clip

CLIP = make_clip()
ENCODED = encode_clip(CLIP)
CONTENT = {"format": 1, "sample_rate": 24000, "samples": CLIP.samples}


def refused(path: Path, content: bytes, fault: str = ".", sha256: str = CLIP.sha256) -> None:
    """Assert that a file of that content is refused by name and with the fault."""
    path.write_bytes(content)
    with pytest.raises(DamagedClipError, match=fault) as caught:
        load_clip(path, sha256)
    assert str(path) in str(caught.value)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return clip_path(tmp_path, CLIP.sha256)


def test_clip_is_read_as_it_was_written(path: Path) -> None:
    write_clip(path, CLIP)
    loaded = load_clip(path, CLIP.sha256)
    assert loaded.samples.dtype == np.float32
    np.testing.assert_array_equal(loaded.samples, CLIP.samples)
    assert loaded.samples.flags.writeable  # torch warns about arrays that are not


def test_clip_is_a_plain_pickle_for_others(path: Path) -> None:
    write_clip(path, CLIP)
    with gzip.open(path) as file:
        content = pickle.load(file)
    assert content.keys() == CONTENT.keys()
    assert (content["format"], content["sample_rate"]) == (1, CLIP_SAMPLE_RATE)
    assert type(content["samples"]) is np.ndarray
    np.testing.assert_array_equal(content["samples"], CLIP.samples)


def test_same_clip_gives_same_bytes() -> None:
    assert encode_clip(make_clip()) == ENCODED


def test_strided_samples_are_written_whole(path: Path) -> None:
    clip = ReferenceClip(np.repeat(CLIP.samples, 2)[::2])
    write_clip(path, clip)
    np.testing.assert_array_equal(load_clip(path, CLIP.sha256).samples, CLIP.samples)


def test_longest_clip_is_read(path: Path) -> None:
    longest = ReferenceClip(np.zeros(MAX_CLIP_SECONDS * CLIP_SAMPLE_RATE, np.float32))
    write_clip(path, longest)
    assert load_clip(path, longest.sha256).seconds == MAX_CLIP_SECONDS


@pytest.mark.parametrize("protocol", [4, 5])
def test_both_array_pickles_of_numpy_are_read(path: Path, protocol: int) -> None:
    path.write_bytes(gzip_pickle(CONTENT, protocol))
    np.testing.assert_array_equal(load_clip(path, CLIP.sha256).samples, CLIP.samples)


@pytest.mark.parametrize("protocol", [4, 5])
def test_pickle_of_numpy_1_is_read(path: Path, protocol: int) -> None:
    pickled = pickle.dumps(CONTENT, protocol=protocol)
    for module in (b"multiarray", b"numeric"):
        new, old = b"numpy._core." + module, b"numpy.core." + module
        pickled = pickled.replace(bytes([len(new)]) + new, bytes([len(old)]) + old)
    frame = pickled.index(b"\x95")
    length = int.from_bytes(pickled[frame + 1 : frame + 9], "little") - 1  # one letter less
    pickled = pickled[: frame + 1] + length.to_bytes(8, "little") + pickled[frame + 9 :]
    path.write_bytes(gzip.compress(pickled))
    np.testing.assert_array_equal(load_clip(path, CLIP.sha256).samples, CLIP.samples)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0, np.float32),
        np.zeros(9, np.float64),
        np.zeros((9, 2), np.float32),
        np.array([0, np.nan], np.float32),
        np.array([0, np.inf], np.float32),
        np.zeros(MAX_CLIP_SECONDS * CLIP_SAMPLE_RATE + 1, np.float32),
    ],
    ids=["empty", "float64", "stereo", "nan", "infinite", "too long"],
)
def test_what_is_no_clip_is_not_written(path: Path, samples: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        write_clip(path, ReferenceClip(samples))
    assert list(path.parent.iterdir()) == []


def test_failed_write_leaves_nothing(path: Path) -> None:
    path.mkdir()  # a directory cannot be replaced by a file
    with pytest.raises(OSError, match=r"."):
        write_clip(path, CLIP)
    assert list(path.parent.iterdir()) == [path]


def test_missing_file_is_damage(path: Path) -> None:
    with pytest.raises(DamagedClipError, match=r"missing.*enrol the voice again"):
        load_clip(path, CLIP.sha256)


def test_unreadable_file_is_damage(path: Path) -> None:
    path.mkdir()
    with pytest.raises(DamagedClipError, match="cannot be read"):
        load_clip(path, CLIP.sha256)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"format": 2}, "format 2.*reads 1"),
        ({"sample_rate": 22050}, "22050 instead of 24000 Hz"),
        ({"samples": CLIP.samples.astype(np.float64)}, "not little-endian float32"),
        ({"samples": CLIP.samples.astype(">f4")}, "not little-endian float32"),
        ({"samples": CLIP.samples.reshape(2, -1)}, "something else than"),
        ({"samples": np.zeros(0, np.float32)}, "no samples"),
        ({"samples": np.full(9, np.nan, np.float32)}, "not finite"),
        ({"samples": np.full(9, -np.inf, np.float32)}, "not finite"),
        ({"samples": None}, "something else than"),
        ({"samples": np.float32}, "something else than"),
        ({"samples": np.dtype("f4")}, "something else than"),
        ({"extra": 1}, "something else than"),
        ({"samples": make_clip(seed=1).samples}, f"hash .*, not {CLIP.sha256}"),
    ],
)
@pytest.mark.parametrize("protocol", [4, 5])
def test_wrong_content_is_refused(path: Path, changes: Any, fault: str, protocol: int) -> None:
    refused(path, gzip_pickle(CONTENT | changes, protocol), fault)


@pytest.mark.parametrize("content", [None, [], 7, "clip", {}, {"format": 1}])
def test_pickle_of_something_else_is_refused(path: Path, content: object) -> None:
    refused(path, gzip_pickle(content))


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "empty or cut off"),
        (b"RIFF....WAVE", "not whole gzip data"),
        (gzip.compress(b""), "pickle is damaged"),
        (ENCODED + b"\0", "follows its end"),
        (ENCODED + ENCODED, "follows its end"),
        (zlib.compress(gzip.decompress(ENCODED)), "not whole gzip data"),
    ],
    ids=["empty", "wav", "empty gzip", "trailing", "twice", "zlib"],
)
def test_wrong_container_is_refused(path: Path, content: bytes, fault: str) -> None:
    refused(path, content, fault)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(length=st.integers(0, len(ENCODED) - 1))
def test_truncated_file_is_refused(path: Path, length: int) -> None:
    refused(path, ENCODED[:length])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(position=st.integers(0, len(ENCODED) * 8 - 1))
def test_flipped_bit_never_changes_the_audio(path: Path, position: int) -> None:
    flipped = bytearray(ENCODED)
    flipped[position // 8] ^= 1 << position % 8
    path.write_bytes(flipped)
    try:
        loaded = load_clip(path, CLIP.sha256)
    except DamagedClipError:
        return
    np.testing.assert_array_equal(loaded.samples, CLIP.samples)  # the bit was in gzip's header


SMALL = pickle.dumps({**CONTENT, "samples": CLIP.samples[:4]}, protocol=4)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=500
)
@given(
    edits=st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), max_size=4),
    length=st.integers(1, len(SMALL)),
)
def test_edited_pickle_is_refused_as_damage(
    path: Path, edits: list[tuple[int, int]], length: int
) -> None:
    edited = bytearray(SMALL)
    for position, value in edits:
        edited[position] = value
    refused(path, gzip.compress(edited[:length], 1))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=300))
def test_arbitrary_bytes_as_pickle_are_refused(path: Path, pickled: bytes) -> None:
    refused(path, gzip.compress(pickled, 1))


class Call:
    """Pickles as a call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.reduced = (function, arguments)

    def __reduce__(self) -> Any:
        return self.reduced


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "attack",
    [
        lambda marker: Call(os.system, f"touch {marker}"),
        lambda marker: Call(eval, f"open({str(marker)!r}, 'w')"),
        lambda marker: Call(exec, f"open({str(marker)!r}, 'w')"),
        lambda marker: Call(getattr, Call(__import__, "os"), "system"),
        lambda marker: Call(Path.touch, marker),
        lambda marker: Call(subprocess.check_call, ["touch", str(marker)]),
        lambda marker: Call(np.save, str(marker), 1),
        lambda marker: Call(np.load, str(marker)),
    ],
    ids=["os.system", "eval", "exec", "getattr", "method", "subprocess", "np.save", "np.load"],
)
def test_malicious_pickle_does_nothing(path: Path, attack: Any, protocol: int) -> None:
    marker = path.parent / "executed"
    refused(path, gzip_pickle(CONTENT | {"samples": attack(marker)}, protocol))
    assert not marker.exists()


def small_pickle_of_much(name: str) -> bytes:
    """Pickles of under 100 KB that ask for gigabytes."""
    if name == "gzip":
        return gzip.compress(bytes(1 << 28), 9)
    pickled = {
        "objects": pickle.dumps(Call(np.ndarray, (10**8,), "O"), protocol=4),
        "memo": b"\x80\x04Nr\xff\xff\xff\x01.",  # LONG_BINPUT 2**25 - 1
        "text": b"\x80\x04\x8d" + (1 << 33).to_bytes(8, "little") + b".",  # BINUNICODE8
        "bytes": b"\x80\x04B" + (1 << 31).to_bytes(4, "little") + b".",  # BINBYTES
        "bytearray": b"\x80\x05\x96" + (1 << 33).to_bytes(8, "little") + b".",  # BYTEARRAY8
        "frame": b"\x80\x04\x95" + (1 << 33).to_bytes(8, "little") + b"N.",
        "dicts": b"\x80\x04" + b"}" * 5_000_000 + b".",
    }[name]
    return gzip.compress(pickled)


@pytest.mark.parametrize(
    "name", ["gzip", "objects", "memo", "text", "bytes", "bytearray", "frame", "dicts"]
)
def test_small_file_does_not_fill_memory(path: Path, name: str) -> None:
    content = small_pickle_of_much(name)
    assert len(content) < 300_000
    tracemalloc.start()
    try:
        refused(path, content)
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


def test_glance_accepts_a_clip(path: Path) -> None:
    write_clip(path, CLIP)
    glance(path)


@pytest.mark.parametrize("content", [b"", b"\x1f", b"RIFF"])
def test_glance_refuses_what_is_no_gzip(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(DamagedClipError, match="not gzip"):
        glance(path)


def test_loader_is_cheap_to_import() -> None:
    script = "import sys, storage.clips; print({'asyncio', 'sqlite3'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
