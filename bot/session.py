"""The life of `mynah run`: logging in, staying there, and leaving in good order."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiohttp
import discord
import structlog

from bot.backstage import Backstage, open_backstage
from bot.client import MynahBot, invite_link
from bot.condition import Condition
from bot.config import Settings
from bot.database_place import database_url
from bot.discord_http import DISCORD_FAILED, careful
from bot.errors import ConfigError, EngineDeadError, MynahError
from bot.login_refusals import SHARD_CODES, UNREACHABLE, close_code, is_passing, raise_if_final
from bot.operating import operating
from bot.speech.engine import Engine
from bot.token_file import read_token, told_exposed
from storage.opening import ClaimApplication, running_on
from storage.process_lock import running

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 600.0
"""How long Discord may be out of reach before the program gives up, and leaves it to whatever
supervises it to start it again."""

STEADY_SECONDS = 300.0
"""A connection that lasted this long was sound; Discord allows 1000 logins a day."""

FIRST_CONNECTION_SECONDS = 120.0
"""After that a login that hangs counts as a failure; big bots take a while to get in."""

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0

INTENT_REFUSED = (
    "Discord refuses the message content, which discord.message_content asks for. Switch it on at "
    "https://discord.com/developers/applications, Bot > Privileged Gateway Intents > Message "
    "Content Intent, and start again. Until then only messages that mention me, replies to me and "
    '"Speak this" are spoken.'
)


def require_token(settings: Settings) -> str:
    """Return the bot's token. Raises ConfigError that says where to get one."""
    if settings.discord.token is None and settings.discord.token_file is not None:
        return read_token(settings.discord.token_file).get_secret_value()
    if settings.discord.token is None:
        raise ConfigError(
            "There is no Discord token. Make an application at "
            "https://discord.com/developers/applications, take its token from Bot > Reset Token "
            "and set it as DISCORD_TOKEN in the environment or as discord.token in mynah.toml, or "
            "name a file that holds it with discord.token_file. "
            "Then invite the bot to your server: "
            f"{invite_link('YOUR_APPLICATION_ID')}"
        )
    return settings.discord.token.get_secret_value()


def require_voice() -> None:
    """Raise ConfigError unless the libraries for encrypted voice are installed."""
    missing = [name for name in ("davey", "nacl") if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"Voice channels need {' and '.join(missing)}, which is not installed. "
            'Install Mynah anew, or: pip install "discord.py[voice]"'
        )


async def serve(
    settings: Settings,
    stop: asyncio.Event,
    *,
    connector: Callable[[], aiohttp.BaseConnector] | None = None,
) -> None:
    """Run the bot until `stop` is set, then end everything within 10 s.

    connector: makes the client's way to Discord's hosts, if not the ordinary one.

    Raises ConfigError for a token that is missing or wrong and for missing libraries, MynahError
    when Discord stays out of reach or refuses the bot, DirectoryInUseError where another process
    runs the same shards, or has taken them meanwhile.
    """
    token = require_token(settings)
    require_voice()
    if exposed := told_exposed(settings.discord):
        log.warning("token file is readable for others", stage="start", advice=exposed)
    async with (
        _lone(settings, stop) as claim,
        open_backstage(settings, connector=connector, claim=claim) as backstage,
    ):
        async with (
            operating(settings, backstage, stop),
            _warming(backstage),
        ):
            await stay_online(
                backstage.make_bot,
                token,
                stop,
                message_content=settings.discord.message_content,
                tell=partial(backstage.health.report, "discord"),
            )
        log.info("stopping", stage="stop")
    log.info("stopped", stage="stop")


@asynccontextmanager
async def _lone(settings: Settings, stop: asyncio.Event) -> AsyncIterator[ClaimApplication | None]:
    """Keep another bot from running the same shards on the data directory and on the database.

    See `storage.opening.running_on`.
    """
    shards = settings.discord.shards
    lock = running(settings.storage.directory, shards)
    await asyncio.to_thread(lock.__enter__)
    try:
        async with running_on(database_url(settings.storage), shards, stop) as claim:
            yield claim
    finally:
        await asyncio.to_thread(lock.__exit__, None, None, None)


@asynccontextmanager
async def logged_in(
    settings: Settings, *, connector: Callable[[], aiohttp.BaseConnector] | None = None
) -> AsyncIterator[MynahBot]:
    """Log in without going online, for what needs only Discord's REST API.

    Raises ConfigError and MynahError as `serve` does, at the first failure.
    """
    token = require_token(settings)
    async with (
        open_backstage(settings, connector=connector, sync_at_start=False) as backstage,
        backstage.make_bot(False) as bot,
    ):
        try:
            with careful(bot.http, bot.services.enrolment.limits.max_bytes):
                await bot.login(token)
                yield bot
        except (*UNREACHABLE, discord.DiscordException) as error:
            raise_if_final(error)
            raise MynahError(f"Discord cannot be reached ({brief(error)}). Try again.") from error


def brief(error: BaseException) -> str:
    """Return what an error says, without an address: that of a proxy may hold a password."""
    if isinstance(error, aiohttp.InvalidURL):
        return "the address is not valid; see discord.proxy"
    if isinstance(error, aiohttp.ClientResponseError):
        return f"{error.status} {error.message}"
    return str(error) or type(error).__name__


_SUGGESTIONS = "discord.app_commands.tree"


class _BriefNetworkErrors(logging.Filter):
    """A traceback of a lost connection says nothing that its message does not."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, (*DISCORD_FAILED, *UNREACHABLE, discord.ConnectionClosed)):
            record.msg, record.args = f"{record.getMessage()} ({brief(error)})", ()
            record.exc_info = None
            if record.name == _SUGGESTIONS:  # they came too late: nobody waits for them
                record.levelno, record.levelname = logging.INFO, "INFO"
        elif error is not None and record.name == _SUGGESTIONS:
            record.msg, record.args = f"{record.getMessage()} ({secrets.token_hex(4)})", ()
            record.reference = record.msg[-9:-1]
        return True


@contextlib.contextmanager
def _brief_network_errors() -> Iterator[None]:
    """Have discord.py log lost connections in one line each."""
    brief = _BriefNetworkErrors()
    names = ("client", "shard", "gateway", "voice_state", "app_commands.tree")
    loggers = [logging.getLogger(f"discord.{name}") for name in names]
    for logger in loggers:
        logger.addFilter(brief)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(brief)


@asynccontextmanager
async def _warming(backstage: Backstage) -> AsyncIterator[None]:
    """Load the engine and the media libraries while the bot logs in."""
    tasks = [
        asyncio.create_task(_warm(_load(backstage.engine), "engine")),
        asyncio.create_task(_warm(backstage.enrolment.warm(), "media worker")),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _load(engine: Engine) -> None:
    try:
        await engine.start()
    except EngineDeadError:
        engine.load_again()  # such as for want of a network, without waiting for a member
        raise


async def _warm(work: Awaitable[object], name: str) -> None:
    try:
        await work
    except MynahError as error:
        # Both are tried again, the engine by itself and the media worker when it is needed.
        log.warning("not ready", stage="start", what=name, error=str(error))


async def stay_online(
    make_bot: Callable[[bool], MynahBot],
    token: str,
    stop: asyncio.Event,
    *,
    message_content: bool = False,
    tell: Callable[[Condition], None] = lambda condition: None,
) -> None:
    """Keep a client logged in until `stop`; a new one takes over when one cannot go on.

    make_bot: is told whether to ask for the message content; it no longer is once Discord refused.
    tell: is told why there is no client, and until when, before there is another.

    Raises ConfigError and MynahError as `serve` does.
    """
    trouble_since = time.monotonic()
    failures = 0
    while True:
        begin = time.monotonic()
        async with make_bot(message_content) as bot:
            most_bytes = bot.services.enrolment.limits.max_bytes
            with careful(bot.http, most_bytes), _brief_network_errors():
                error = await _attend(bot, token, stop)
        if stop.is_set():
            return
        auto = bot.shards_run is None
        raise_if_final(error, message_content=message_content, auto=auto)
        if time.monotonic() - begin > STEADY_SECONDS and bot.was_connected:
            trouble_since, failures = time.monotonic(), 0
        told_to_wait = error.retry_after if isinstance(error, discord.RateLimited) else 0.0
        trouble_since += told_to_wait
        if time.monotonic() - trouble_since > PATIENCE_SECONDS:
            raise MynahError(
                f"Discord could not be reached for {PATIENCE_SECONDS / 60:.0f} min "
                f"({brief(error)}). Check the network, discord.proxy and "
                "https://discordstatus.com, then start again."
            )
        message_content &= not isinstance(error, discord.PrivilegedIntentsRequired)
        pause = max(min(FIRST_PAUSE_SECONDS * 2**failures, LONGEST_PAUSE_SECONDS), told_to_wait)
        failures += 1
        _log_failure(error, pause)
        tell(Condition("failing", brief(error), next_try=time.monotonic() + pause))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


def _log_failure(error: Exception, pause: float) -> None:
    fields = {"stage": "start", "error": brief(error), "retry_seconds": pause}
    if isinstance(error, discord.PrivilegedIntentsRequired):
        log.warning(INTENT_REFUSED, stage="start")
    elif close_code(error) in SHARD_CODES:
        log.warning("Discord wants another number of shards; the next try asks for it", **fields)
    elif is_passing(error):
        log.warning("Discord cannot be reached", **fields)
    else:
        log.error("the Discord client failed", exc_info=error, **fields)


async def _attend(bot: MynahBot, token: str, stop: asyncio.Event) -> Exception:
    """Run one client until it ends or `stop` is set; return why it ended."""
    client = asyncio.create_task(bot.start(token), name="discord-client")
    stopping = asyncio.create_task(stop.wait())
    both = {client, stopping}
    try:
        await _first_connection(bot, both)
        if bot.was_connected:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if stopping.done():
            await bot.close()
    finally:
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)
    if client.cancelled():
        return TimeoutError("no answer from the gateway")
    error = client.exception()
    return error if isinstance(error, Exception) else ConnectionError("Discord ended the session")


async def _first_connection(bot: MynahBot, ends: set[asyncio.Task[Any]]) -> None:
    """Wait until the bot was long enough at it; not while shards of others come first."""
    while True:
        await asyncio.wait(
            ends, timeout=FIRST_CONNECTION_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        if any(task.done() for task in ends) or not bot.awaits_its_turn:
            return
