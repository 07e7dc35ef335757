"""No text reaches a member past the catalogues."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from storage.errors import VoiceRequestError
from tools.catalogues.sources import ROOT, STORAGE_ERRORS, parsed_sources

TELLING = {
    "UserError", "BusyError", "EngineError", "OutOfMemoryError",
    "AudioFileError", "SampleRejectedError", "RecordingGoneError",
    "reply", "answer", "note", "embed", "card", "send", "send_message", "send_modal", "respond",
    "edit_original_response", "edit_message", "edit", "add_field", "set_footer", "set_author",
    "Embed", "Button", "button", "Select", "select", "SelectOption", "RoleSelect", "UserSelect",
    "ChannelSelect", "TextInput", "Label", "TextDisplay", "forget", "clear",
}  # fmt: skip
"""What shows its texts to members: functions, methods and errors by their last name."""

NOT_SHOWN = {
    "custom_id", "style", "emoji", "url", "image", "channel_types", "attachments", "default", "row",
}  # fmt: skip
"""Keywords of these that hold no words."""

OPERATORS = (
    "bot/speech/models",
    "bot/speech/engines/chatterbox/hub",
    "bot/speech/audio_formats.py",
    "bot/demo",
    "bot/files.py",
    "bot/operations",
    "bot/config.py",
    "bot/clip_place.py",
    "bot/database_place.py",
)
"""What speaks to the operator alone, in English."""

WORD = re.compile(r"[^\W\d_]{2,}")
NO_WORDS = re.compile(r"LUFS|https?://\S+|attachment://|\.(png|ogg|json)|[a-z]+_[a-z_]+")


def named(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def has_words(text: object) -> bool:
    return isinstance(text, str) and WORD.search(NO_WORDS.sub("", text)) is not None


def literals(node: ast.expr) -> Iterator[str]:
    """The words of an argument as they stand in the source, and not within another call."""
    match node:
        case ast.Constant(value=text) if has_words(text):
            yield str(text)
        case ast.JoinedStr(values=parts):
            for part in parts:
                yield from literals(part)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from literals(left)
            yield from literals(right)
        case ast.IfExp(body=body, orelse=orelse):
            yield from literals(body)
            yield from literals(orelse)
        case ast.BoolOp(values=values):
            for value in values:
                yield from literals(value)


def untranslated(path: Path, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or named(node) not in TELLING:
            continue
        shown = [keyword.value for keyword in node.keywords if keyword.arg not in NOT_SHOWN]
        for argument in (*node.args, *shown):
            for text in literals(argument):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {named(node)}: {text!r}"


def test_what_members_read_is_marked_for_translation() -> None:
    files = [
        (path, tree)
        for path, tree in parsed_sources()
        if not str(path.relative_to(ROOT)).startswith(OPERATORS)
    ]
    assert len(files) > 100
    assert [line for path, tree in files for line in untranslated(path, tree)] == []


def test_no_marked_text_is_put_together_before_it_is_looked_up() -> None:
    """`_(f"...")` and `_("..." + name)` are in no catalogue."""
    wrong = []
    for path, tree in parsed_sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and named(node) in ("_", "N_", "ngettext", "pgettext"):
                wrong += [
                    f"{path.relative_to(ROOT)}:{node.lineno}"
                    for argument in node.args
                    if isinstance(argument, (ast.JoinedStr, ast.BinOp))
                ]
    assert wrong == []


def test_every_request_that_storage_refuses_has_its_text_in_the_catalogues() -> None:
    classes = [
        node
        for _path, tree in parsed_sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    ]
    base = VoiceRequestError.__name__
    kinds = {each.name for each in classes if any(base in ast.unparse(b) for b in each.bases)}
    assert {base, *kinds} == STORAGE_ERRORS
