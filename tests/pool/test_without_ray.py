"""What is said where Ray is not installed, or the configuration asks for what cannot be."""

from __future__ import annotations

import sys

import pytest
from pydantic import ValidationError

from bot.config_sections import EngineSettings
from bot.errors import EngineDeadError
from bot.pool.opening import engine_opener, ray_spec
from bot.speech.types import EngineSpec


def test_what_is_not_installed_is_one_line_that_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EngineDeadError) as told:
        engine_opener(EngineSettings(executor="ray"))(EngineSpec())
    assert 'pip install "mynah-bot[ray]"' in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("address", ["", "local", "ray://10.0.0.1:10001", "10.0.0.1", "a b:6379"])
def test_an_address_that_is_no_clusters_head_is_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="ray_address"):
        EngineSettings(ray_address=address)


@pytest.mark.parametrize(
    "address", ["auto", "10.0.0.1:6379", "head.example:6379", "[fd00::1]:6379"]
)
def test_the_clusters_head_is_taken(address: str) -> None:
    assert ray_spec(EngineSettings(ray_address=address)).address == address


def test_devices_of_this_machine_and_a_cluster_contradict_each_other() -> None:
    with pytest.raises(ValidationError, match="ray_actors"):
        EngineSettings(executor="ray", devices=["cuda:0", "cuda:1"])
