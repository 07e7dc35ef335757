"""Clips in a bucket: clips/ and lost/ below its prefix."""

from __future__ import annotations

import asyncio
import contextvars
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from storage import leftovers
from storage.layout import CLIPS_NAME, LOST_NAME
from storage.objects.bucket import Bucket, ObjectFacts
from storage.objects.cache import ClipCache

P = ParamSpec("P")
S = TypeVar("S")
T = TypeVar("T")

AT_ONCE = 8
"""Calls that wait for the store beside the event loop; further ones wait for their turn."""

EACH_AT_ONCE = 16
"""Objects that one call looks at together."""

_FEW = 16  # of whose size each is asked for by itself
_MOST_SIZES = 100_000

ADVICE = (
    "Check that the object store is up, and clips, clips_endpoint and the keys in [storage]. "
    "It is tried again by itself."
)


class StoredObject:
    """A clip in a bucket; see `storage.clips.StoredClip`."""

    advice = ADVICE

    def __init__(self, bucket: Bucket, key: str) -> None:
        self._bucket, self._key = bucket, key

    def __str__(self) -> str:
        return f"{self._bucket.address}/{self._key}"

    def beginning(self, count: int) -> bytes:
        """See `StoredClip`."""
        return self._bucket.beginning(self._key, count)

    def parts(self, count: int, most: int) -> tuple[bytes, bytes, int]:
        """See `StoredClip`."""
        content, facts = self._bucket.get(self._key, count + most)
        return content[:count], content[count:], facts.size


class ObjectFolder:
    """Objects of one folder; see `ClipFolder`. forget: takes a copy on this machine out."""

    list_advice = ADVICE

    def __init__(self, bucket: Bucket, folder: str, forget: Callable[[str], None]) -> None:
        self._bucket, self._folder, self._forget = bucket, folder, forget
        self._sizes: OrderedDict[str, int] = OrderedDict()
        """Of what was seen; a name stands for one recording, and so nearly for one size."""

    def __str__(self) -> str:
        return f"{self._bucket.address}/{self._folder}"

    def key(self, name: str) -> str:
        """Return an object's key."""
        return f"{self._folder}/{name}"

    def names(self) -> list[str]:
        """See `ClipFolder`."""
        found = self._bucket.list(self._folder)
        for name, facts in found.items():
            self._note(name, facts)
        return list(found)

    def clip(self, name: str) -> StoredObject:
        """See `ClipFolder`."""
        return StoredObject(self._bucket, self.key(name))

    def exists(self, name: str) -> bool:
        """See `ClipFolder`."""
        return self.facts(name) is not None

    def facts(self, name: str) -> ObjectFacts | None:
        """Return what an object is; None where there is none. Raises OSError."""
        try:
            return self._bucket.facts(self.key(name))
        except FileNotFoundError:
            return None

    def sizes(self, names: Collection[str]) -> Mapping[str, int]:
        """See `ClipFolder`."""
        unknown = [name for name in names if name not in self._sizes]
        if len(unknown) > _FEW:
            self.names()
        else:
            for name in unknown:
                if (facts := self.facts(name)) is not None:
                    self._note(name, facts)
        return {name: self._sizes[name] for name in names if name in self._sizes}

    def write(self, name: str, content: bytes) -> None:
        """See `ClipFolder`."""
        self._note(name, self._bucket.put(self.key(name), content))
        self._forget(name)

    def delete(self, name: str) -> bool:
        """See `ClipFolder`."""
        there = self.exists(name)
        if there:
            self._bucket.delete(self.key(name))
        self._forget(name)
        self._sizes.pop(name, None)
        return there

    def _note(self, name: str, facts: ObjectFacts) -> None:
        self._sizes[name] = facts.size
        while len(self._sizes) > _MOST_SIZES:
            self._sizes.popitem(last=False)


class ObjectClips:
    """clips/ and lost/ of a bucket; see `ClipFiles`.

    cache: of the clips that workers read. pool: runs what blocks, so that a store that does not
    answer keeps nobody waiting who does not need it.
    """

    apart = True
    write_advice = ADVICE

    def __init__(self, bucket: Bucket, cache: ClipCache, pool: ThreadPoolExecutor) -> None:
        self._bucket, self.cache, self._pool = bucket, cache, pool
        self.kept = ObjectFolder(bucket, CLIPS_NAME, cache.forget)
        self.lost = ObjectFolder(bucket, LOST_NAME, lambda name: None)

    def set_aside(self, name: str, lost_name: str) -> bool:
        """See `ClipFiles`. What was copied before a crash is not copied again."""
        facts = self.kept.facts(name)
        if facts is None:
            return False
        if self.lost.facts(name) != facts:
            self._bucket.copy(self.kept.key(name), self.lost.key(lost_name))
        self.kept.delete(name)
        return True

    def bring_back(self, lost_name: str, name: str) -> None:
        """See `ClipFiles`."""
        self._bucket.copy(self.lost.key(lost_name), self.kept.key(name))
        self.lost.delete(lost_name)

    def sweep(self) -> None:
        """See `ClipFiles`: what killed processes had fetched."""
        leftovers.sweep(self.cache.directory.parent)

    def local(self, name: str) -> Path:
        """See `ClipFiles`: in the cache, where `hold` puts it."""
        return self.cache.directory / name

    async def hold(self, name: str) -> None:
        """Fetch a clip for the workers of this machine unless it is there; keep it until `let_go`.

        Raises OSError.
        """
        holding = asyncio.ensure_future(self.run(self.cache.hold, name))
        try:
            await asyncio.shield(holding)
        except asyncio.CancelledError:
            holding.add_done_callback(partial(self._let_go_after, name))
            raise

    def let_go(self, name: str) -> None:
        """Say that a clip that was held is not needed now."""
        self.cache.let_go(name)

    async def forget(self, name: str) -> None:
        """Remove the file that was fetched of a clip. Raises OSError."""
        await self.run(self.cache.forget, name)

    def _let_go_after(self, name: str, holding: asyncio.Future[Path]) -> None:
        if not holding.cancelled() and holding.exception() is None:
            self.cache.let_go(name)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `ClipFiles`."""
        call = partial(contextvars.copy_context().run, work, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

    def each(self, work: Callable[[S], T], items: Iterable[S]) -> list[T]:
        """See `ClipFiles`: several at a time, because each waits for the store."""
        with ThreadPoolExecutor(EACH_AT_ONCE, "clips-each") as pool:
            return list(pool.map(work, items))


@asynccontextmanager
async def open_objects(
    bucket: Bucket, directory: Path, cache_bytes: int
) -> AsyncIterator[ObjectClips]:
    """Open the clips of a bucket; what was fetched of them goes when the block ends.

    directory: an own directory is made in it for clips that workers read, of at most `cache_bytes`.

    Raises OSError where it cannot be made.
    """
    folder = f"{CLIPS_NAME}/"
    with leftovers.work_directory(directory, leftovers.CACHE_PREFIX) as work:
        cache = ClipCache(
            work,
            cache_bytes,
            lambda name: bucket.get(folder + name),
            lambda name: bucket.facts(folder + name),
        )
        pool = ThreadPoolExecutor(AT_ONCE, "clips")
        try:
            yield ObjectClips(bucket, cache, pool)
        finally:
            await asyncio.to_thread(pool.shutdown, cancel_futures=True)
