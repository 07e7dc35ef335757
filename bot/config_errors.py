"""What is wrong with a configuration, by key and without a value."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ValidationError

from bot.credentials import SECRET_SECTIONS, shown_name


def explained(error: ValidationError, file: Path, settings: type[BaseModel]) -> str:
    """Return a line for each fault: the key's path and what is allowed there, never a value.

    settings: the model of the whole configuration, whose fields are sections.
    """
    lines = [f"The configuration ({file} and the MYNAH_ variables) has errors:"]
    for fault in error.errors(include_input=False, include_url=False):
        allowed = _allowed(settings, fault["type"], fault["loc"], fault["msg"])
        lines.append(f"  {_key(fault['type'], fault['loc'])}: {allowed}")
    return "\n".join(lines)


def _key(kind: str, location: tuple[int | str, ...]) -> str:
    """Return a key's path; of one that is not known, only what can hold no secret."""
    *sections, last = (str(part) for part in location)
    if kind == "extra_forbidden":
        last = shown_name(last, secret_place=not SECRET_SECTIONS.isdisjoint(sections))
    return ".".join([*sections, last])


def _allowed(
    settings: type[BaseModel], kind: str, location: tuple[int | str, ...], message: str
) -> str:
    if kind == "model_type":
        return "should be a table of keys"
    if kind == "list_type":
        return 'should be a list in brackets, such as ["one", "another"], in a variable, too'
    model = _model_of(settings, location)
    if kind == "extra_forbidden":
        return f"not a known key. Known here: {', '.join(model.model_fields)}"
    number = _range(model, str(location[-1]))
    return number or message.removeprefix("Value error, ").removeprefix("Input ")


def _model_of(settings: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel]:
    """Return the section that a key stands in, or the whole for a section."""
    section = settings.model_fields.get(str(location[0])) if len(location) > 1 else None
    model = section.annotation if section is not None else None
    return model if isinstance(model, type) and issubclass(model, BaseModel) else settings


def _range(model: type[BaseModel], key: str) -> str | None:
    """Return both ends of what a number may be; pydantic names only the one that was passed."""
    schema = model.model_json_schema()["properties"].get(key, {})
    for option in schema.get("anyOf", [schema]):  # a key without a default is a number or null
        if "minimum" in option and "maximum" in option:
            kind = "whole number" if option["type"] == "integer" else "number"
            return f"should be a {kind} from {option['minimum']} to {option['maximum']}"
    return None
