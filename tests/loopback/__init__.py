"""Tests of the `loopback` package, and its names under their former path."""

import importlib
import pkgutil
import sys

import loopback
from loopback import *  # noqa: F403

for _module in pkgutil.iter_modules(loopback.__path__):
    sys.modules[f"{__name__}.{_module.name}"] = importlib.import_module(f"loopback.{_module.name}")
