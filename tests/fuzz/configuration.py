"""Mutated configuration files and environments: settings or a ConfigError, never a secret told."""

from __future__ import annotations

import os
import random
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.config import ENV_PREFIX, load_settings
from bot.errors import ConfigError
from tests.endurance import progress
from tests.fuzz.report import Report
from tests.fuzz.targets import kept

NAME = "configuration"
CASES = 20_000
QUICK = 100

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
TOKEN = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWsQ9x"
KEY = "q83vEjRWeJq83vASNFZ4mrzeEjRWeJq83vASNFZ4mrw="
SECRETS = (TOKEN, KEY)
_TOLD = 12
"""So many characters of a secret in a row tell too much of it."""

VALUES = (
    "true", "-1", "0", "1e400", "nan", "inf", '""', '"x"', "[]", "{}", "[[1]]", "1979-05-27",
    "99999999999999999999", '"\\u0000"', '"""', "'", "0x", f'"{TOKEN}"', f'"{KEY}"', TOKEN, KEY,
    '"/"', '"~"', '"$HOME"', '"${X"', '"(a+)+"', '"' + "a" * 5000 + '"', "[" * 3000,
)  # fmt: skip
NAMES = (
    "token",
    "proxy",
    "key",
    "key_file",
    TOKEN,
    KEY,
    "x",
    "",
    "a.b",
    "discord",
    "Token",
    "ключ",
)


def run(cases: int, seed: int, corpus: Path) -> Report:
    """Try so many, those that are kept first."""
    report = Report()
    lines = _lines(EXAMPLE.read_text("utf-8"))
    inputs = kept(corpus)
    with tempfile.TemporaryDirectory(prefix="mynah-fuzz-") as folder, progress(cases, NAME) as done:
        file = Path(folder) / "mynah.toml"
        for case in range(cases):
            chance = random.Random(f"{seed} {case}")
            if case < len(inputs):
                file.write_bytes(inputs[case])
                variables = {}
            else:
                file.write_bytes(_file(chance, lines))
                variables = _variables(chance) if chance.random() < 0.3 else {}
            _try(file, variables, report, f"--seed {seed}, case {case}")
            done(1)
    return report


def _try(file: Path, variables: dict[str, str], report: Report, reproduce: str) -> None:
    with _environment(variables):
        try:
            told = repr(load_settings(file))
            outcome = "taken"
        except ConfigError as error:
            told = str(error)
            outcome = "refused"
        except Exception as error:  # whatever else comes is what is looked for
            report.fail(f"{type(error).__name__}: {error}", reproduce)
            return
    if secret := _secret_in(told):
        report.fail(f"{outcome}, and told {secret} of a secret", reproduce)
    else:
        report.count(outcome)


def _secret_in(told: str) -> str | None:
    for secret in SECRETS:
        for start in range(len(secret) - _TOLD + 1):
            if secret[start : start + _TOLD] in told:
                return secret[start : start + _TOLD]
    return None


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    for name in before:
        if name.startswith(ENV_PREFIX) or name == "DISCORD_TOKEN":
            del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _file(chance: random.Random, lines: list[str]) -> bytes:
    # Some sections alone, or most files would have a fault in each.
    sections = _sections(lines)
    chosen = chance.sample(sections, chance.randrange(1, len(sections) + 1))
    text = [line for section in chosen for line in section]
    for _ in range(chance.choice((0, 0, 1, 1, 2, 8))):
        _change(chance, text)
    content = "\n".join(text).encode("utf-8")
    if chance.random() < 0.2 and content:
        broken = bytearray(content)
        broken[chance.randrange(len(broken))] = chance.randrange(256)
        return bytes(broken)
    return content


def _lines(text: str) -> list[str]:
    """Return the example with every key set, and secrets in their places."""
    lines = re.sub(r"^# ?(?=[a-z_]+ = )", "", text, flags=re.MULTILINE).splitlines()
    right = {"token": TOKEN, "key": KEY, "proxy": f"http://u:{TOKEN}@host:1"}
    left_out = ("token_file", "key_file")
    kept_lines = [line for line in lines if not line.startswith(left_out)]
    return [
        f'{name} = "{right[name]}"' if (name := line.partition(" =")[0]) in right else line
        for line in kept_lines
    ]


def _sections(lines: list[str]) -> list[list[str]]:
    sections: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("["):
            sections.append([])
        if not line.startswith("#"):
            sections[-1].append(line)
    return [section for section in sections if section]


def _change(chance: random.Random, text: list[str]) -> None:
    at = chance.randrange(len(text))
    match chance.randrange(6):
        case 0:
            text[at] = f"{chance.choice(NAMES)} = {chance.choice(VALUES)}"
        case 1:
            text.insert(at, f"{text[at].partition('=')[0]} = {chance.choice(VALUES)}")
        case 2:
            text[at] = f"{text[at].partition('=')[0]}= {chance.choice(VALUES)}"
        case 3:
            text.insert(
                at, chance.choice(("[discord]", "[x]", "[[engine]]", "[engine.x]", "[", "]"))
            )
        case 4:
            text[at] = text[at][: chance.randrange(len(text[at]) + 1)] + chance.choice(VALUES)
        case _:
            text.append(f'{chance.choice(NAMES) or "y"} = "{chance.choice(SECRETS)}')


def _variables(chance: random.Random) -> dict[str, str]:
    sections = (
        "DISCORD",
        "STORAGE",
        "ENGINE",
        "LIMITS",
        "X",
        "",
        "METRICS",
        "LOGGING",
        "ENROLMENT",
    )
    keys = ("TOKEN", "KEY", "KEY_FILE", "DIRECTORY", "KIND", "SLOTS", "PORT", "LEVEL", "", "X__Y")
    values = [*(value.strip('"') for value in VALUES), *SECRETS, "ja, nein", " ", '{"token": 1}']
    found = {}
    for _ in range(chance.choice((1, 1, 2, 5))):
        name = f"{ENV_PREFIX}{chance.choice(sections)}__{chance.choice(keys)}"
        if chance.random() < 0.2:
            name = chance.choice(
                ("DISCORD_TOKEN", ENV_PREFIX + "DISCORD", f"{ENV_PREFIX}{chance.choice(SECRETS)}")
            )
        found[name.replace("=", "_")] = chance.choice(values).replace("\0", "")
    return found
