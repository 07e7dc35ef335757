"""A data directory becomes PostgreSQL and an S3-compatible store, and back, by the real program."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from storage import audit_check
from storage.clip_files import clip_name
from storage.objects.bucket import Bucket
from storage.voices import VoiceStore
from tests.servers.s3 import KEYS, S3Server
from tests.storage.conftest import GUILD, clip_files, names
from tests.storage.test_moving import fill


@pytest.fixture
def there(tmp_path: Path, server: S3Server, postgres_url: str) -> Path:
    address = server.address()
    config = tmp_path / "there.toml"
    config.write_text(
        f'[storage]\ndirectory = "{tmp_path / "there"}"\nurl = "{postgres_url}"\n'
        f'clips = "{address}"\nclips_endpoint = "{server.endpoint}"\n'
        f'clips_region = "us-east-1"\nclips_access_key = "{KEYS["aws_access_key_id"]}"\n'
        f'clips_secret_key = "{KEYS["aws_secret_access_key"]}"\n'
    )
    return config


def mynah(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", "--config", str(config), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


async def test_there_and_back(tmp_path: Path, there: Path) -> None:
    here, back = tmp_path / "here.toml", tmp_path / "back"
    here.write_text(f'[storage]\ndirectory = "{tmp_path / "here"}"\n')
    async with VoiceStore.open(tmp_path / "here") as store:
        await fill(store)
    moved = mynah(here, "move", "--to", str(there), "--json")
    assert moved.returncode == 0, moved.stderr
    document = json.loads(moved.stdout)
    assert (document["voices"], document["recordings"], document["trails"]) == (2, 4, 2)
    assert "mynah-secret" not in moved.stdout + moved.stderr
    listed = mynah(there, "voices", "list", "--json")
    assert [voice["name"] for voice in json.loads(listed.stdout)["voices"]] == ["Ann", "Bea"]
    again = mynah(here, "move", "--to", str(there))
    assert again.returncode != 0
    assert "--force" in again.stderr
    returned = mynah(there, "move", "--to", str(back))
    assert returned.returncode == 0, returned.stderr
    assert clip_files(back) == clip_files(tmp_path / "here")
    async with VoiceStore.open(back) as store:
        assert names(await store.list_voices(GUILD)) == ["Ann"]
        assert await audit_check.verify(store.database, GUILD) == []
        report = await store.check(verify=True)
        assert (report.damaged, report.moved, report.swept) == ((), (), ())


async def test_recordings_alone_move_beside_the_rows(
    tmp_path: Path, server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = server.address()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEYS["aws_access_key_id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEYS["aws_secret_access_key"])
    here = tmp_path / "here.toml"
    here.write_text(
        f'[storage]\ndirectory = "{tmp_path / "here"}"\nclips_endpoint = "{server.endpoint}"\n'
        'clips_region = "us-east-1"\n'
    )
    async with VoiceStore.open(tmp_path / "here") as store:
        await fill(store)
        ann = await store.find(GUILD, "Ann")
    moved = mynah(here, "move", "--to", str(address))
    assert moved.returncode == 0, moved.stderr
    assert clip_name(ann.clip_sha256) in Bucket(address).list("clips")


async def test_rows_alone_move_from_beside_the_recordings(
    tmp_path: Path, postgres_url: str
) -> None:
    here = tmp_path / "here.toml"
    here.write_text(f'[storage]\ndirectory = "{tmp_path / "here"}"\n')
    async with VoiceStore.open(tmp_path / "here") as store:
        await fill(store)
    moved = mynah(here, "move", "--to", postgres_url)
    assert moved.returncode == 0, moved.stderr
    async with VoiceStore.open(tmp_path / "here", url=postgres_url) as store:
        report = await store.check(verify=True)
        assert (report.damaged, report.moved, report.swept) == ((), (), ())
        assert names(await store.list_voices(GUILD)) == ["Ann"]
