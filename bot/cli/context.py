"""What every command shares: the configuration, read when a command first needs it."""

from __future__ import annotations

import logging
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.cli.own_files import OwnFiles
    from bot.config import Settings

_TOLD_BY_COMMANDS = ("bot.app", "bot.keys", "bot.speech.engine_loader")
"""Loggers of what the commands print by themselves: damaged voices, keys, engines that fail."""


class Context:
    """Reads the configuration on first use, so that `--help` works with a broken one."""

    def __init__(self, config_path: Path | None, *, quiet: bool) -> None:
        """quiet: log warnings only (or what `logging.level = "debug"` asks for), because the
        command prints what it does itself.
        """
        self.config_path = config_path
        self.quiet = quiet

    @cached_property
    def settings(self) -> Settings:
        """The configuration; logging is set up with it. Raises ConfigError."""
        # Imported here: help and completion do without.
        from bot.config import load_settings
        from bot.logs import configure_logging

        settings = load_settings(self.config_path)
        level = settings.logging.level
        configure_logging(
            "warning" if self.quiet and level == "info" else level,
            settings.logging.format,
            secrets=settings.secrets(),
        )
        told = logging.CRITICAL if self.quiet and level != "debug" else logging.NOTSET
        for name in _TOLD_BY_COMMANDS:
            logging.getLogger(name).setLevel(told)
        return settings

    @cached_property
    def own_files(self) -> OwnFiles:
        """What no command writes over. Raises ConfigError."""
        return self._own_files(self.settings)

    @cached_property
    def own_files_if_known(self) -> OwnFiles:
        """The same, for what needs no configuration: of a broken one, what is so by default."""
        from bot.config import Settings
        from bot.errors import ConfigError

        try:
            return self.own_files
        except ConfigError:
            return self._own_files(Settings.model_construct())

    def _own_files(self, settings: Settings) -> OwnFiles:
        from bot.cli.own_files import OwnFiles
        from bot.config import configuration_file

        return OwnFiles.of(settings, configuration_file(self.config_path)[0])
