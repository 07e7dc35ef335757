"""What the program logs, read off its syntax: every call of a logger at info and above."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("bot", "cogs", "storage")

LEVELS = {
    "info": "info",
    "warning": "warning",
    "error": "error",
    "exception": "error",
    "critical": "critical",
}


@dataclass(frozen=True)
class Logged:
    """One call. text: None where the syntax does not tell it."""

    place: str
    text: str | None
    level: str
    stage: str | None


def logged(source: str, place: str = "") -> Iterator[Logged]:
    """Yield the calls of `log` and `logger` in a module."""
    tree = ast.parse(source)
    constants = constants_of(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log" | "logger"), attr=method)):
                if method in LEVELS:
                    stage = stage_of(node)
                    for text in texts(node.args[0], constants):
                        yield Logged(f"{place}:{node.lineno}", text, LEVELS[method], stage)


def constants_of(tree: ast.AST) -> dict[str, list[ast.expr]]:
    """Return what is assigned to each name, in any scope."""
    constants: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    constants.setdefault(target.id, []).append(node.value)
    return constants


def texts(node: ast.expr, constants: dict[str, list[ast.expr]]) -> Iterator[str | None]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Name(id=name) if name in constants:
            for value in constants[name]:
                yield from texts(value, {})
        case ast.IfExp(body=body, orelse=orelse):
            yield from texts(body, constants)
            yield from texts(orelse, constants)
        case _:
            yield None


def stage_of(call: ast.Call) -> str | None:
    for keyword in call.keywords:
        match keyword:
            case ast.keyword(arg="stage", value=ast.Constant(value=str(stage))):
                return stage
            case ast.keyword(arg="extra", value=ast.Dict(values=[ast.Constant(value=stage)])):
                return str(stage)
    return None


def all_logged() -> list[Logged]:
    return [
        one
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        for one in logged(path.read_text(encoding="utf-8"), str(path.relative_to(ROOT)))
    ]
