"""Loads hostile files in place of a clip, while an audit hook watches what it does.

    python -m tests.fuzz.pickle_child DIRECTORY [--seed S] [--first CASE] [--count N]

Prints a JSON object a line: failures by case, counts after each hundred, figures in the end. The
number of the case in work stands in DIRECTORY/case. `tests.fuzz.pickles` starts it.
"""

from __future__ import annotations

import json
import mmap
import os
import pickle
import resource
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from storage.clips import clip_path, load_clip
from storage.errors import DamagedClipError, UnknownKeyError
from storage.types import ReferenceClip
from tests.fuzz import pickle_inputs
from tests.fuzz.pickle_inputs import CLIP, KEYS

ROOM_BYTES = 256 * 1024 * 1024
"""Address space that loading may take beyond what the process has."""
MOST_GROWTH_MB = 128
"""Of resident memory: the largest clip is 11.5 MB, and lies there as file, pickle and array."""
MOST_SECONDS = 2.0
"""Of processor time a file."""
MOST_CHARACTERS = 600


class Watch:
    """An audit hook that notes every event but the opening of one file for reading."""

    def __init__(self, path: Path) -> None:
        self._path, self.armed = str(path), False
        self.seen: list[str] = []
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.armed and not (event == "open" and self._is_reading(arguments)):
            self.armed = False  # what is noted here may be audited itself
            self.seen.append(f"{event} {arguments!r:.200}")
            self.armed = True

    def _is_reading(self, arguments: tuple[object, ...]) -> bool:
        path, mode, flags = arguments
        if isinstance(path, int):  # what is open already becomes a file object
            return True
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        return path == self._path and mode is None and not writes

    @contextmanager
    def watching(self) -> Iterator[list[str]]:
        self.seen = []
        self.armed = True
        try:
            yield self.seen
        finally:
            self.armed = False


def prove_that_it_sees(watch: Watch) -> None:
    """A hook that notes nothing would find nothing: real unpickling must be seen."""
    with watch.watching() as seen:
        pickle.loads(b"\x80\x04\x8c\x08builtins\x8c\x03len\x93.")
    assert any(event.startswith("pickle.find_class") for event in seen), seen


def inputs(seed: int, first: int, corpus: list[bytes], marker: Path) -> Callable[[int], bytes]:
    """Return what makes the file of a case: those that are kept, then hand-made ones, then more."""
    thought_of = [*corpus, *pickle_inputs.handmade(marker)] if first < 1000 else []

    def content(case: int) -> bytes:
        if case < len(thought_of):
            return thought_of[case]
        return pickle_inputs.changed(Random(f"{seed} {case}"))

    return content


def outcome_of(load: Callable[[Path], ReferenceClip], path: Path) -> str:
    """Load, and say what came of it. Raises what should not be raised."""
    try:
        clip = load(path)
    except DamagedClipError as error:
        return _refusal(str(error).replace(str(path), "", 1))
    except UnknownKeyError:
        return "unknown key"
    assert clip.samples.tobytes() == CLIP.samples.tobytes(), "other audio"
    return "taken"


def _refusal(text: str) -> str:
    assert len(text) < MOST_CHARACTERS, f"a text of {len(text)} characters"
    assert text.isprintable(), "a text with control characters"
    return "refused"


def limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * mmap.PAGESIZE + ROOM_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def peak_mb() -> float:
    """The most so far; not by getrusage, which begins with what the parent had."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


class Trial:
    """Loads one file after another."""

    def __init__(self, directory: Path, load: Callable[[Path], ReferenceClip]) -> None:
        self._path = clip_path(directory, CLIP.sha256)
        self._load = load
        self._watch = Watch(self._path)
        self.outcomes: Counter[str] = Counter()
        self.slowest = 0.0

    def warm_up(self) -> None:
        """Import all that loading imports, and see that the hook sees."""
        for content in (pickle_inputs.PLAIN, KEYS.seal(pickle_inputs.PLAIN, b"x"), b"",
                        KEYS.seal(pickle_inputs.PLAIN, pickle_inputs.CONTEXT)):  # fmt: skip
            self._path.write_bytes(content)
            outcome_of(self._load, self._path)
        prove_that_it_sees(self._watch)

    def try_one(self, content: bytes) -> str | None:
        """Return what is wrong, if anything."""
        self._path.write_bytes(content)
        begun, seen = time.process_time(), []
        try:
            with self._watch.watching() as seen:
                outcome = outcome_of(self._load, self._path)
        except BaseException as error:
            return f"raised {type(error).__name__}: {error!s:.200}; did {', '.join(seen[:8])}"
        took = time.process_time() - begun
        self.slowest = max(self.slowest, took)
        if seen:
            return f"did {', '.join(seen[:8])}"
        if took > MOST_SECONDS:
            return f"took {took:.1f} s"
        self.outcomes[outcome] += 1
        return None


def load(path: Path) -> ReferenceClip:
    """What is tried."""
    return load_clip(path, CLIP.sha256, KEYS)


def tell(**what: object) -> None:
    print(json.dumps(what), flush=True)


def main(load: Callable[[Path], ReferenceClip] = load) -> None:
    """Try cases `first` to `first + count`."""
    parser = ArgumentParser()
    parser.add_argument("directory", type=Path)
    for name, default in {"seed": 7, "first": 0, "count": 1}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--corpus", type=Path)
    options = parser.parse_args()
    kept = sorted(options.corpus.glob("*")) if options.corpus else []
    corpus = [path.read_bytes() for path in kept]
    content = inputs(options.seed, options.first, corpus, options.directory / "marker")
    trial = Trial(options.directory, load)
    trial.warm_up()
    limit_memory()
    before = peak_mb()
    with (options.directory / "case").open("r+b") as file, mmap.mmap(file.fileno(), 8) as current:
        for case in range(options.first, options.first + options.count):
            current[:] = case.to_bytes(8, "little")
            if fault := trial.try_one(content(case)):
                tell(case=case, fault=fault)
            if case % 100 == 99:
                tell(done=case + 1 - options.first)
    tell(outcomes=trial.outcomes, slowest_seconds=round(trial.slowest, 3),
         growth_mb=round(peak_mb() - before, 1))  # fmt: skip


if __name__ == "__main__":
    main()
