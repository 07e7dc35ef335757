"""`mynah check`: one line each, and exit code 1 if something fails."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sqlite3
from pathlib import Path

import pytest

from loopback import LoopbackDiscord
from loopback.gateway_session import MESSAGE_CONTENT
from tests.cli.conftest import SERVER, Mynah, add_short_voice, environment_of, program

NAMES = (
    "configuration",
    "data directory",
    "database and clips",
    "engine",
    "codecs",
    "walls",
    "consent",
)
NOTES = ("encryption at rest", "Discord")


def test_everything_in_order(enrolled: Mynah) -> None:
    outcome = enrolled("check")
    lines = outcome.out.splitlines()
    assert outcome.code == 0
    told = [line.split(":")[0].split(maxsplit=1) for line in lines]
    assert sorted(told) == sorted(
        [*(["ok", name] for name in NAMES), *(["note", name] for name in NOTES)]
    )


def test_damaged_clip_fails(enrolled: Mynah) -> None:
    [clip] = enrolled.clips()
    clip.write_bytes(b"no pickle")
    outcome = enrolled("check")
    assert outcome.code == 1
    assert "FAILED database and clips: 1 of 1 voices cannot be used. “Anna”" in outcome.out
    assert (outcome.out + outcome.err).count(clip.name) == 1
    assert "ok     engine" in outcome.out  # the other checks still run


def test_damaged_row_fails(enrolled: Mynah) -> None:
    [clip] = enrolled.clips()
    with contextlib.closing(sqlite3.connect(clip.parent.parent / "mynah.db")) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("UPDATE voices SET created_at = 'yesterday', quality = '{'")
        connection.commit()
    outcome = enrolled("check", "--no-engine")
    assert outcome.code == 1
    assert "its created_at is “yesterday”" in outcome.out
    assert "Traceback" not in outcome.out + outcome.err


def test_recordings_without_a_voice_are_listed(enrolled: Mynah) -> None:
    [clip] = enrolled.clips()
    names = [f"{number:064x}.pickle.gz" for number in range(12)]
    for name in names:
        (clip.parent / name).write_bytes(clip.read_bytes())
    outcome = enrolled("check", "--no-engine")
    assert outcome.code == 1
    assert "12 recordings without a voice" in outcome.out
    assert all(name in outcome.out for name in names[:10])
    assert "and 2 more" in outcome.out
    assert len(list((clip.parent.parent / "lost").iterdir())) == 12


def test_missing_engine_fails(enrolled: Mynah, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNAH_ENGINE__KIND", "chatterbox")
    outcome = enrolled("check")
    assert outcome.code == 1
    assert "FAILED engine" in outcome.out
    assert "nstall" in outcome.out


def test_bad_configuration_fails(enrolled: Mynah, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNAH_ENGINE__KIND", "festival")
    outcome = enrolled("check")
    assert outcome.code == 1
    assert "FAILED configuration" in outcome.out
    assert "engine.kind" in outcome.out


async def discord_line(data: Path, **environment: str) -> tuple[int, str, str]:
    """Exit code, the line about Discord, and all that was printed."""
    process = await asyncio.create_subprocess_exec(
        *program("check", "--no-engine"),
        env=environment_of(data, **environment),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    printed = out.decode()
    assert process.returncode is not None
    line = next(line for line in printed.splitlines() if " Discord: " in line)
    return process.returncode, line, printed + err.decode()


async def test_the_token_is_tried_behind_the_proxy(enrolled: Mynah) -> None:
    async with LoopbackDiscord() as discord:
        discord.add_guild()
        code, line, _ = await discord_line(enrolled.data, **discord.env())
        assert {request.path for request in discord.requests} <= {
            "/users/@me",
            "/applications/@me",
            "/oauth2/applications/@me",
        }
        discord.assert_clean()
    assert code == 0
    assert line.startswith("ok     Discord: the token is that of ")


@pytest.mark.parametrize("allowed", [0, MESSAGE_CONTENT])
async def test_a_message_content_that_discord_will_refuse_is_a_note(
    enrolled: Mynah, allowed: int
) -> None:
    async with LoopbackDiscord() as discord:
        discord.add_guild()
        discord.gateway.allowed_privileged_intents = allowed
        told = {**discord.env(), "MYNAH_DISCORD__MESSAGE_CONTENT": "true"}
        code, line, _ = await discord_line(enrolled.data, **told)
    assert code == 0
    refused = "note   Discord: Discord refuses the message content"
    assert line.startswith("ok     Discord: the token is" if allowed else refused)


async def test_a_refused_token_fails_and_is_not_shown(enrolled: Mynah) -> None:
    token = "wrong.token.indeed"
    async with LoopbackDiscord() as discord:
        discord.add_guild()
        told = {**discord.env(), "DISCORD_TOKEN": token}
        code, line, printed = await discord_line(enrolled.data, **told)
    assert code == 1
    assert line.startswith("FAILED Discord: Discord does not accept the token.")
    assert token not in printed
    assert "ok     codecs" in printed


async def test_a_network_that_is_down_is_a_note(enrolled: Mynah) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        proxy = f"http://user:secret@127.0.0.1:{unused.getsockname()[1]}"
        told = {"DISCORD_TOKEN": "x.y.z", "MYNAH_DISCORD__PROXY": proxy}
        code, line, printed = await discord_line(enrolled.data, **told)
    assert code == 0
    assert line.startswith("note   Discord: Discord cannot be reached (")
    assert "secret" not in printed
    assert "Traceback" not in printed


async def test_a_discord_that_does_not_answer_is_waited_for_within_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from bot.cli.discord_check import UnansweredError, bot_name
    from bot.config import load_settings

    monkeypatch.setenv("DISCORD_TOKEN", "x.y.z")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("MYNAH_DISCORD__PROXY", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(UnansweredError, match="did not answer within"):
            await bot_name(load_settings(), seconds=0.3)


def test_what_is_left_out_is_not_told(enrolled: Mynah) -> None:
    outcome = enrolled("check", "--offline", "--no-engine")
    assert outcome.code == 0
    assert "Discord" not in outcome.out
    assert "engine" not in outcome.out
    assert "Loading" not in outcome.err


def test_no_token_is_a_note_that_says_who_needs_one(enrolled: Mynah) -> None:
    outcome = enrolled("check", "--no-engine")
    assert outcome.code == 0
    assert "note   Discord: no token is set." in outcome.out


@pytest.mark.parametrize(
    ("model", "code", "told"),
    [
        ("nano", 1, "the nano model, which speaks here, needs more than 5 s. Give it a longer one"),
        ("english", 0, "2 voices, every clip read and verified"),
        ("auto", 0, "the nano model, which may be the one that speaks here"),
    ],
)
def test_voices_too_short_for_the_model_are_named(
    model: str, code: int, told: str, enrolled: Mynah, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def none(settings: object) -> None:
        return None

    add_short_voice(enrolled.data, "Bob")
    monkeypatch.setattr("bot.app.installed_engine", lambda settings: "chatterbox")
    monkeypatch.setenv("MYNAH_ENGINE__MODEL", model)
    if model == "auto":
        monkeypatch.setattr("bot.app.chosen_model", none)
    outcome = enrolled("check", "--no-engine", "--offline")
    assert outcome.code == code
    assert told in outcome.out
    listed = enrolled("voices").out
    named = f"mynah voices replace Bob FILE --guild {SERVER}"
    assert (named in outcome.out) == (named in listed) == (model != "english")
    shown = enrolled("voices", "show", "Bob", "--guild", str(SERVER)).out
    assert (named in shown) == (model != "english")
    assert "“Anna” has" not in outcome.out
