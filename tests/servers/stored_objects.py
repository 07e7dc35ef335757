"""What a store keeps in a bucket, looked at and changed behind its back."""

from __future__ import annotations

from storage.objects.bucket import Bucket


class ObjectsOfClips:
    """See `tests.storage.stored.StoredClips`."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def names(self, folder: str = "clips") -> list[str]:
        return sorted(self._bucket.list(folder))

    def read(self, key: str) -> bytes:
        return self._bucket.get(key)[0]

    def write(self, key: str, content: bytes) -> None:
        self._bucket.put(key, content)

    def remove(self, key: str) -> None:
        self._bucket.facts(key)  # else nothing would tell that there is none
        self._bucket.delete(key)
