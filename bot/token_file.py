"""The bot's token from a file: a service's credential, a container's secret."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from bot.config_sections import DiscordSettings
from bot.credentials import check_token, none_if_blank
from bot.errors import ConfigError
from storage.files import open_regular
from storage.key_file import is_exposed

_MOST_BYTES = 4096


def read_token(path: Path) -> SecretStr:
    """Return the token in a file, without the white space and quotes around it.

    Raises ConfigError, which shows nothing of the file.
    """
    try:
        with open_regular(path) as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(
            f"The token file {path} cannot be read ({error.strerror}). Check "
            "discord.token_file and the file's permissions."
        ) from None
    text = none_if_blank(content.decode("utf-8", errors="replace"))
    if len(content) > _MOST_BYTES or not isinstance(text, str):
        raise ConfigError(f"There is no token in the file {path}. It should hold the token alone.")
    token = SecretStr(text)
    try:
        check_token(token)
    except ValueError as error:
        raise ConfigError(f"The token file {path} {error}.") from None
    return token


def with_token(discord: DiscordSettings) -> DiscordSettings:
    """Return the section with the token of its file.

    Where the file cannot be read, there is none: only some commands need one, and those say so.
    """
    if discord.token_file is None:
        return discord
    try:
        return discord.model_copy(update={"token": read_token(discord.token_file)})
    except ConfigError:
        return discord


def told_exposed(discord: DiscordSettings) -> str | None:
    """Return what to do about a token file that others may read; None if they may not."""
    path = discord.token_file
    if path is None or not is_exposed(path):
        return None
    return f"Others on this machine may read the token file {path}: chmod o= {path}"
