"""The one seam where errors of commands, buttons and dialogs become answers and log lines."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, TypeAlias

import aiohttp
import discord
import structlog
from discord import app_commands

from bot.discord_http import DISCORD_FAILED
from bot.errors import EngineDeadError, MynahError
from bot.i18n import N_, _, error_text, in_locale, listed, locale, supported, translated
from bot.markup import literal
from bot.speech.out_of_order import for_members
from bot.speech.refusals import DATA_AWAY
from storage.errors import StorageError, VoiceRequestError

if TYPE_CHECKING:
    from bot.client import MynahBot

    Interaction: TypeAlias = discord.Interaction[MynahBot]

log = structlog.get_logger(__name__)

SHUTTING_DOWN = N_("I am shutting down. Try again in a few minutes.")
STALE = N_(
    "This is too old, or I was restarted since, so it does nothing any more. What was not saved is "
    "forgotten. Use the command again."
)
DISCORD_TROUBLE = N_("Discord has trouble and did not do all that I asked of it. Try again.")
OUTDATED = N_("This command has changed. Restart Discord (Ctrl+R) and try again.")

ARRIVED = "arrived"
"""In an interaction's extras: when it came, in s of `time.monotonic`."""

PERMISSIONS = {
    "manage_guild": N_("Manage Server"),
    "manage_messages": N_("Manage Messages"),
    "move_members": N_("Move Members"),
}
"""What Discord's clients call a permission."""

# https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
_TOO_MANY_REQUESTS = 429
_OVER = (
    10008,  # unknown message: the member dismissed the answer
    10015,  # unknown webhook: never acknowledged
    10062,  # unknown interaction: not acknowledged within 3 s
    40060,  # acknowledged before, such as by another program with the same token
    50027,  # invalid webhook token: older than 15 minutes
)


# Not every OSError, and no 4xx: those are ours.
_DISCORDS_FAULT = (
    discord.DiscordServerError, discord.RateLimited, aiohttp.ClientError, TimeoutError,
)  # fmt: skip

# RuntimeError is what aiohttp raises once its session is closed, at a shutdown.
UNDELIVERED = (*DISCORD_FAILED, RuntimeError)


class MynahTree(app_commands.CommandTree["MynahBot"]):
    """Refuses commands while the bot shuts down, and answers every error.

    All commands are for servers: nobody can install the bot for themselves and take them along.
    """

    def __init__(self, client: MynahBot) -> None:
        super().__init__(
            client,
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=False, private_channel=False
            ),
        )
        self._running: dict[asyncio.Task[object], Interaction] = {}

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Whether the command may run."""
        speak_as_asked(interaction)
        if not interaction.client.shutting_down:
            self._follow(interaction)
            return True
        if interaction.type is discord.InteractionType.autocomplete:
            await interaction.response.autocomplete([])
        else:
            await answer(interaction, _(SHUTTING_DOWN))
        return False

    async def end_running(self) -> None:
        """Cancel the commands that still run, and say why to who used them."""
        running = dict(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.gather(*map(_say_cut_off, running.values()))

    def _follow(self, interaction: Interaction) -> None:
        task = asyncio.current_task()  # discord.py gives each interaction one of its own
        if task is not None and interaction.type is discord.InteractionType.application_command:
            self._running[task] = interaction
            task.add_done_callback(self._running.pop)

    async def _call(self, interaction: Interaction) -> None:
        try:
            await super()._call(interaction)
        except app_commands.AppCommandError:
            raise  # `on_error` is told
        except Exception as error:  # such as of a payload that is not as Discord's
            await answer_error(interaction, error)

    async def on_error(
        self, interaction: Interaction, error: app_commands.AppCommandError, /
    ) -> None:
        """Answer the member, whatever went wrong."""
        await answer_error(interaction, error)


async def answer_error(interaction: Interaction, error: Exception) -> None:
    """Say what went wrong, in words if they are known, else by a number that the log carries."""
    try:
        await _answer_error(interaction, error)
    except Exception as unanswered:
        log.warning("interaction cannot be read", stage="command", error=repr(error)[:200],
                    unanswered=repr(unanswered)[:200])  # fmt: skip


def speak_as_asked(interaction: Interaction) -> None:
    """Make texts in the member's language from here on, in this task and those that it begins.

    Also notes when the interaction came, once: its answer can be edited for a while from then on,
    which the clock on the wall does not tell when it is set, or is not Discord's.
    """
    interaction.extras.setdefault(ARRIVED, time.monotonic())
    locale.set(supported(interaction.locale))


async def _say_cut_off(interaction: Interaction) -> None:
    with in_locale(supported(interaction.locale)):
        await answer(interaction, _(SHUTTING_DOWN))


async def answer(interaction: Interaction, text: str) -> None:
    """Tell something to the one member who asked, whether or not they were answered before."""
    try:
        if interaction.response.is_done():
            await interaction.followup.send(text, ephemeral=True)
        else:
            await interaction.response.send_message(text, ephemeral=True)
    except UNDELIVERED as error:
        log.info("answer could not be delivered", error=repr(error), **_where(interaction))


def take(interaction: Interaction) -> None:
    """Say that a view or dialog of ours takes care of the press, in the member's language."""
    speak_as_asked(interaction)
    interaction.extras["taken"] = True


async def answer_stale(interaction: Interaction) -> None:
    """Answer a press on a button or dialog that nothing listens to any more.

    Discord would say that the interaction failed, and not what to do.
    """
    kinds = (discord.InteractionType.component, discord.InteractionType.modal_submit)
    await asyncio.sleep(0)  # the view's own task is older than this one
    if interaction.type in kinds and "taken" not in interaction.extras:
        if interaction.type is discord.InteractionType.component:
            await _take_buttons_away(interaction)
        speak_as_asked(interaction)
        await answer(interaction, _(STALE))


async def _take_buttons_away(interaction: Interaction) -> None:
    try:
        await interaction.response.edit_message(view=None)
    except UNDELIVERED as error:
        log.info("dead buttons stay", error=repr(error), **_where(interaction))


async def _answer_error(interaction: Interaction, error: Exception) -> None:
    error = _cause(error)
    if _expired(error) or interaction.type is discord.InteractionType.autocomplete:
        log.info("command not answered", error=repr(error), **_where(interaction))
        return
    if interaction.client.shutting_down:
        log.info("command cut off", error=repr(error), **_where(interaction))
        await answer(interaction, _(SHUTTING_DOWN))
        return
    text = explain(error)
    if text is None and _is_discords(error):
        log.warning("Discord failed a command", error=repr(error), **_where(interaction))
        text = _(DISCORD_TROUBLE)
    elif text is None:
        reference = secrets.token_hex(4)
        log.error("command failed", reference=reference, exc_info=error, **_where(interaction))
        text = _(
            "Something went wrong on my side. If it keeps happening, give my operator this "
            "number: {reference}"
        ).format(reference=f"`{reference}`")
    elif isinstance(error, (EngineDeadError, StorageError)):
        log.error("command failed", error=str(error), **_where(interaction))
    interaction.client.services.figures.refused(type(error).__name__)
    await answer(interaction, text)


def explain(error: Exception) -> str | None:
    """Return what a member is told about an error; None if it should never have happened."""
    match error:
        case EngineDeadError():
            return translated(for_members(error))
        case StorageError():
            return translated(DATA_AWAY)
        case MynahError():
            return error_text(error)
        case VoiceRequestError():
            # Written for the command line too, so names in it are as they were typed.
            return literal(voice_request_text(error))
        case app_commands.AppCommandError():
            return _explain_refusal(error)
        case _:
            return None


def voice_request_text(error: VoiceRequestError) -> str:
    """Return what storage says of a request, in the current language."""
    template = _(error.template)
    return template.format(**error.values) if error.values else template


def _explain_refusal(error: app_commands.AppCommandError) -> str | None:
    match error:
        case app_commands.CommandOnCooldown():
            seconds = max(1, round(error.retry_after))
            return _("That was quick. Try again in {seconds} s.").format(seconds=seconds)
        case app_commands.MissingPermissions():
            names = _names(error.missing_permissions)
            return _("You need the permission {permissions} for that.").format(permissions=names)
        case app_commands.BotMissingPermissions():
            return _(
                "I need the permission {permissions} for that. "
                "Ask somebody who manages this server to give it to me."
            ).format(permissions=_names(error.missing_permissions))
        case app_commands.NoPrivateMessage():
            return _("That works only on a server.")
        case app_commands.CheckFailure():
            return _("You cannot use that here.")
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return _(OUTDATED)
        case _:
            return None


def _cause(error: Exception) -> Exception:
    """Unwrap what discord.py wrapped."""
    if isinstance(error, app_commands.CommandInvokeError):
        return error.original
    if isinstance(error, app_commands.TransformerError) and isinstance(error.__cause__, Exception):
        return error.__cause__
    return error


def _expired(error: Exception) -> bool:
    """Whether Discord takes no answer any more."""
    return isinstance(error, discord.HTTPException) and error.code in _OVER


def _is_discords(error: Exception) -> bool:
    """Whether Discord failed, and we did nothing wrong."""
    too_many = isinstance(error, discord.HTTPException) and error.status == _TOO_MANY_REQUESTS
    return too_many or isinstance(error, _DISCORDS_FAULT)


def _names(permissions: list[str]) -> str:
    return listed(
        _(PERMISSIONS.get(permission, permission.replace("_", " ").title()))
        for permission in permissions
    )


def _where(interaction: Interaction) -> dict[str, object]:
    command = interaction.command.qualified_name if interaction.command else interaction.custom_id
    return {"guild": interaction.guild_id, "stage": "command", "command": command}
