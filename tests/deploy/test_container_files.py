"""The Dockerfile and compose.yaml by reading; `make container-test` does what they say."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "deploy" / "container"
DOCKERFILE = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (FOLDER / "compose.yaml").read_text(encoding="utf-8")


def instructions(name: str) -> list[str]:
    joined = DOCKERFILE.replace("\\\n", " ")
    return re.findall(rf"^{name} (.*)$", joined, re.MULTILINE)


def test_every_step_is_a_script_that_is_tested() -> None:
    steps = [step for line in instructions("RUN") for step in line.split(" && ")]
    assert len(steps) == 8
    for step in steps:
        program, *_ = step.split()
        assert (FOLDER / Path(program).name).is_file(), step
        assert program.startswith(("/src/deploy/container/", "/usr/local/lib/mynah/"))


def test_both_images_run_the_same_way() -> None:
    assert instructions("USER") == ["10001:10001"] * 2
    assert instructions("VOLUME") == ['["/data", "/models"]'] * 2
    assert instructions("ENTRYPOINT") == ['["mynah"]'] * 2
    health = instructions("HEALTHCHECK")
    assert len(health) == 2
    assert all(line.endswith('CMD ["mynah", "status", "--own"]') for line in health)


def test_no_secret_is_built_in() -> None:
    assert not re.search(r"TOKEN|SECRET|KEY", DOCKERFILE)


@pytest.mark.parametrize(
    "line",
    [
        "read_only: true",
        "cap_drop: [ALL]",
        'security_opt: ["no-new-privileges:true"]',
        'user: "10001:10001"',
        "rtprio: 1",
        "DISCORD_TOKEN_FILE: /run/secrets/discord-token",
        "MYNAH_STORAGE__KEY_FILE: /run/secrets/mynah.key",
        "capabilities: [gpu]",
    ],
)
def test_compose_keeps_the_container_small(line: str) -> None:
    assert line in COMPOSE


def test_each_service_has_a_limit_of_memory() -> None:
    assert COMPOSE.count("mem_limit: ${MEMORY:-") == COMPOSE.count("<<: *mynah") == 2


@pytest.mark.parametrize("script", sorted(FOLDER.glob("*.sh")), ids=lambda path: path.name)
def test_scripts_are_shell_and_say_how_they_are_used(script: Path) -> None:
    subprocess.run(["sh", "-n", script], check=True)
    assert script.stat().st_mode & 0o111
    if script.name == "prepare.sh":
        return  # it takes nothing amiss
    wrong = subprocess.run(
        [script, "a", "b", "c"], capture_output=True, text=True, check=False, env={}
    )
    assert wrong.returncode == 2
    assert script.name in wrong.stderr
