"""`mynah status`: how the bot is that runs on the data directory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from bot.cli.as_json import json_option, print_json
from bot.cli.context import Context
from bot.cli.output import EXIT_FAILED, counted, print_facts, print_line
from bot.errors import MynahError
from storage.layout import SOCKET_NAME

SECONDS = 10.0
"""A bot answers within 5 s, also when it has a word spoken first."""

SHOWN_ERRORS = 5

AT_ONCE = 16
"""Processes that are asked at a time."""


class NotRunningError(MynahError):
    """Nobody answers."""


@click.command()
@click.option("--own", is_flag=True, help="Only the process of the shards in discord.shards.")
@json_option
@click.pass_obj
def status(context: Context, as_json: bool, own: bool) -> int:
    """Show how the running bot is.

    Asks the bot that runs on the same data directory, each of its processes. Exits with 0 where all
    are ready: connected to Discord, with an engine that spoke of late; with 1 where one is not, or
    no bot runs.
    """
    from bot.operations import control_socket

    directory, shards = context.settings.storage.directory, context.settings.discord.shards
    if own:
        documents = [ask(control_socket.socket_path(directory, shards), directory)]
    else:
        documents = ask_all(directory)
    if as_json:
        print_json(documents[0] if len(documents) == 1 else _together(documents))
    else:
        _print_all(documents)
    return 0 if all(document["ready"] for document in documents) else EXIT_FAILED


def ask_all(directory: Path) -> list[dict[str, Any]]:
    """Return what each process on a data directory tells, at least one. Raises `NotRunningError`.

    Of one that does not answer, that.
    """
    from concurrent.futures import ThreadPoolExecutor

    from bot.operations import control_socket

    paths = control_socket.socket_paths(directory)
    if len(paths) <= 1:
        return [ask(path, directory) for path in paths or [directory / SOCKET_NAME]]

    def told(path: Path) -> dict[str, Any] | NotRunningError:
        try:
            return ask(path, directory)
        except NotRunningError as error:
            return error

    with ThreadPoolExecutor(min(len(paths), AT_ONCE)) as pool:
        answers = list(pool.map(told, paths))
    if not any(isinstance(answer, dict) for answer in answers):
        raise next(answer for answer in answers if isinstance(answer, NotRunningError))
    return [
        answer if isinstance(answer, dict) else _silent(path, answer)
        for path, answer in zip(paths, answers, strict=True)
    ]


def _silent(path: Path, error: NotRunningError) -> dict[str, Any]:
    """Return what is told of a process that was killed, or is stuck."""
    return {
        "ready": False,
        "reason": str(error),
        "answers": False,
        "shards": path.stem.removeprefix("shard-"),
    }


def _together(documents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    ready = all(document["ready"] for document in documents)
    return {"ready": ready, "processes": list(documents)}


def ask(path: Path, directory: Path, seconds: float = SECONDS) -> dict[str, Any]:
    """Return what the bot tells that answers at a path. Raises `NotRunningError`."""
    from http.client import HTTPConnection, HTTPException

    from bot.operations import control_socket

    connection = HTTPConnection("localhost", timeout=seconds)
    try:
        connection.sock = control_socket.connected(path, seconds)
        connection.request("GET", "/status")
        document: dict[str, Any] = json.loads(connection.getresponse().read())
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        raise NotRunningError(
            f"No bot runs on the data directory {directory.absolute()}{_which(path)}. "
            "`mynah run` starts one."
        ) from None
    except PermissionError:
        raise NotRunningError(
            f"The bot on {directory.absolute()} may be asked only by the user who runs it."
        ) from None
    except (OSError, HTTPException, ValueError) as error:
        raise NotRunningError(
            f"The bot on {directory.absolute()}{_which(path)} does not answer ({error}). It may be "
            "stuck: look at its log, and start it again."
        ) from error
    finally:
        connection.close()
    return document


def _which(path: Path) -> str:
    """Return which process is meant, where there can be several."""
    first = path.stem.removeprefix("shard-")
    return "" if path.name == SOCKET_NAME else f" for the shards from {first} on"


def _print_all(documents: Sequence[Mapping[str, Any]]) -> None:
    for document in documents:
        if len(documents) > 1:
            print_line((f"shards {document['shards']}", "bold"))
        if document.get("answers", True):
            _print(document)
        else:
            print_line((f"not ready: {document['reason']}", "red"))


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
    for device in document["engine"].get("devices", ()):
        yield device["name"], _device(device)
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


def _device(device: Mapping[str, Any]) -> str:
    speed = device["letters_per_second"]
    machine = f" on {device['machine']}" if device.get("machine") else ""
    return (
        f"{'ready' if device['ready'] else 'not ready'}{machine}; {device['working']} of "
        f"{counted(device['slots'], 'slot')} at work, {counted(device['sentences'], 'sentence')} "
        f"spoken{f', {speed:.0f} letters/s' if speed is not None else ''}"
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
