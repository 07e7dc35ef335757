"""`mynah status`: how the bot is that runs on the data directory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from bot.cli.as_json import json_option, print_json
from bot.cli.context import Context
from bot.cli.output import EXIT_FAILED, counted, print_facts, print_line
from bot.errors import MynahError

SECONDS = 10.0
"""A bot answers within 5 s, also when it has a word spoken first."""

SHOWN_ERRORS = 5


class NotRunningError(MynahError):
    """Nobody answers."""


@click.command()
@json_option
@click.pass_obj
def status(context: Context, as_json: bool) -> int:
    """Show how the running bot is.

    Asks the bot that runs on the same data directory. Exits with 0 where it is ready: connected to
    Discord, with an engine that spoke of late; with 1 where it is not, or no bot runs.
    """
    document = ask(context.settings.storage.directory)
    if as_json:
        print_json(document)
    else:
        _print(document)
    return 0 if document["ready"] else EXIT_FAILED


def ask(directory: Path, seconds: float = SECONDS) -> dict[str, Any]:
    """Return what the bot on a data directory tells. Raises `NotRunningError`."""
    from http.client import HTTPConnection, HTTPException

    from bot.operations import control_socket

    connection = HTTPConnection("localhost", timeout=seconds)
    try:
        connection.sock = control_socket.connected(directory, seconds)
        connection.request("GET", "/status")
        document: dict[str, Any] = json.loads(connection.getresponse().read())
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        raise NotRunningError(
            f"No bot runs on the data directory {directory.absolute()}. `mynah run` starts one."
        ) from None
    except PermissionError:
        raise NotRunningError(
            f"The bot on {directory.absolute()} may be asked only by the user who runs it."
        ) from None
    except (OSError, HTTPException, ValueError) as error:
        raise NotRunningError(
            f"The bot on {directory.absolute()} does not answer ({error}). It may be stuck: "
            "look at its log, and start it again."
        ) from error
    finally:
        connection.close()
    return document


def _print(document: Mapping[str, Any]) -> None:
    ready = ("ready", "green") if document["ready"] else (f"not ready: {document['reason']}", "red")
    print_line(("Mynah ", "bold"), document["version"], ", ", ready)
    print_facts(list(_facts(document)))
    for part in document["health"]["parts"]:
        if part["state"] in ("starting", "failing"):
            print_line((f"{part['part']} {part['state']}: ", "yellow"), _trouble(part))
    for error in document["errors"][-SHOWN_ERRORS:]:
        print_line((f"{error['at']} ", "bold"), _told(error))


def _facts(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    up = timedelta(seconds=int(document["uptime_seconds"]))
    yield "up", f"{up}, process {document['pid']}"
    connected = "connected" if document["connected"] else "not connected"
    yield "Discord", f"{connected}, {counted(document['servers'], 'server')}"
    voice = document["voice"]
    yield (
        "voice",
        f"in {counted(voice['connections'], 'channel')}, speaking in {voice['speaking']}, "
        f"{counted(voice['waiting'], 'text')} said or waiting",
    )
    yield "packets", f"{voice['packets']} sent, {voice['late']} late"
    yield "engine", _engine(document["engine"])
    for worker in document["workers"]:
        yield worker["name"], _worker(worker)


def _engine(engine: Mapping[str, Any]) -> str:
    if not engine["kind"]:
        return "not loaded yet"
    state = "ready" if engine["ready"] else "lost, being loaded again"
    return (
        f"{engine['kind']} ({engine['model']}) on {engine['device']}, {state}; "
        f"{engine['working']} of {counted(engine['slots'], 'slot')} at work, "
        f"{counted(engine['waiting'], 'sentence')} waiting"
    )


def _worker(worker: Mapping[str, Any]) -> str:
    if worker["pid"] is None:
        return f"no process just now, {counted(worker['restarts'], 'restart')}"
    busy = "busy" if worker["busy"] else "idle"
    return f"process {worker['pid']}, {busy}, {counted(worker['restarts'], 'restart')}"


def _trouble(part: Mapping[str, Any]) -> str:
    again = part["next_try_seconds"]
    return f"{part['reason']}{f' Tried again in {again:.0f} s.' if again is not None else ''}"


def _told(error: Mapping[str, Any]) -> str:
    reason = f": {error['error']}" if error.get("error") else ""
    return f"{error['level']}: {error['event']}{reason}"
