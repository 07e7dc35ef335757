"""Typed configuration from a TOML file and the environment.

The file is `--config PATH`, else `MYNAH_CONFIG`, else `mynah.toml` in the working directory if
there is one. Every key can also be set from the environment as `MYNAH_SECTION__KEY`, which wins
over the file. `DISCORD_TOKEN` is honoured for `discord.token`, `DISCORD_TOKEN_FILE` for
`discord.token_file`. `config.example.toml` explains every key.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from bot.config_errors import explained
from bot.config_sections import (
    DiscordSettings,
    EngineSettings,
    EnrolmentSettings,
    LimitSettings,
    LoggingSettings,
    MetricsSettings,
    SpeechSettings,
    StorageSettings,
    VoiceSettings,
)
from bot.credentials import SECRET_SECTIONS, masked, masked_quotations, none_if_blank, shown_name
from bot.errors import ConfigError
from bot.token_file import with_token
from storage.postgres.address import secrets as address_secrets

ENV_PREFIX = "MYNAH_"
CONFIG_VARIABLE = "MYNAH_CONFIG"
DEFAULT_PATH = Path("mynah.toml")

_COMMON_VARIABLES = {"DISCORD_TOKEN": "token", "DISCORD_TOKEN_FILE": "token_file"}
"""Variables of other names, for keys of `discord`."""


class _Variables(EnvSettingsSource):
    """The environment. What is blank there where secrets are is as good as not set."""

    def __call__(self) -> dict[str, Any]:
        values = super().__call__()
        for name in SECRET_SECTIONS:
            section = values.get(name)
            if isinstance(section, dict):
                values[name] = {k: v for k, v in section.items() if none_if_blank(v) is not None}
        return values


class Settings(BaseSettings):
    """The whole configuration. Build it with `load_settings`, which reports errors by key."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        case_sensitive=False,
    )

    discord: DiscordSettings = DiscordSettings()
    storage: StorageSettings = StorageSettings()
    engine: EngineSettings = EngineSettings()
    enrolment: EnrolmentSettings = EnrolmentSettings()
    speech: SpeechSettings = SpeechSettings()
    voice: VoiceSettings = VoiceSettings()
    limits: LimitSettings = LimitSettings()
    metrics: MetricsSettings = MetricsSettings()
    logging: LoggingSettings = LoggingSettings()

    def secrets(self) -> list[str]:
        """Return what must never be logged."""
        url = self.storage.url
        of_database = address_secrets(url.get_secret_value()) if url is not None else []
        return self.discord.secrets() + self.storage.secrets() + of_database

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file, whose values come in as arguments."""
        return (_Variables(settings_cls), init_settings)


def load_settings(path: Path | None = None) -> Settings:
    """Read the configuration.

    path: the file that `--config` named, or None for `MYNAH_CONFIG` or `./mynah.toml`.
    Raises ConfigError that names the file, the key's path and what is allowed, never a value.
    """
    try:
        return _load(path)
    except ConfigError as error:
        raise ConfigError(masked(str(error))) from None


def _load(path: Path | None) -> Settings:
    file, required = configuration_file(path)
    values = _read_toml(file) if required or file.exists() else {}
    _refuse_unknown_variables(os.environ)
    section = values.get("discord", {})
    if isinstance(section, dict):  # MYNAH_DISCORD__ variables win over all that is given here
        values["discord"] = {**section, **_common_variables(os.environ)}
    try:
        settings = Settings(**values)
        return settings.model_copy(update={"discord": with_token(settings.discord)})
    except ValidationError as error:
        raise ConfigError(explained(error, file, Settings)) from None
    except SettingsError:
        raise ConfigError(
            "The MYNAH_ variables contradict each other: one sets a key, another something in it. "
            "Settings are MYNAH_SECTION__KEY."
        ) from None


def _common_variables(environ: Mapping[str, str]) -> dict[str, Any]:
    given = {key: none_if_blank(environ.get(name)) for name, key in _COMMON_VARIABLES.items()}
    return {key: value for key, value in given.items() if value is not None}


def configuration_file(path: Path | None) -> tuple[Path, bool]:
    """Return the file that is read, and whether it must be there; path: as for `load_settings`."""
    if path is not None:
        return path, True
    variable = os.environ.get(CONFIG_VARIABLE)
    return (Path(variable), True) if variable else (DEFAULT_PATH, False)


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"The configuration file {file} cannot be read ({error.strerror}). "
            "Start from a copy of config.example.toml."
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(
            f"The configuration file {file} is not in UTF-8. Save it as UTF-8 in your editor."
        ) from None
    except (ValueError, RecursionError) as error:
        what = masked_quotations(str(error))
        raise ConfigError(f"The configuration file {file} is not valid TOML: {what}") from None


def _refuse_unknown_variables(environ: Mapping[str, str]) -> None:
    """Name misspelt sections: pydantic-settings only sees variables of sections that it knows."""
    for variable in environ:
        name = variable.upper()
        if not name.startswith(ENV_PREFIX) or name == CONFIG_VARIABLE:
            continue
        section, separator, _ = name.removeprefix(ENV_PREFIX).lower().partition("__")
        if section not in Settings.model_fields or not separator:
            sections = ", ".join(Settings.model_fields)
            raise ConfigError(
                f"The environment variable {shown_name(variable)} names no setting. Settings are "
                f"MYNAH_SECTION__KEY with one of the sections {sections}."
            )
