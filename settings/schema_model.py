"""The model as JSON Schema, in the forms that YAML gives its values."""

from __future__ import annotations

import inspect
import re
from typing import Any, get_origin

from pydantic import BaseModel

from settings import rules
from settings.model import Settings

Schema = dict[str, Any]

# One attribute of a docstring: a name, and lines that are indented deeper.
ATTRIBUTE = re.compile(r"^    (\w+): (.+(?:\n {8}.+)*)", re.MULTILINE)
# What pydantic leaves in its own words, behind a validator.
LIMITS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
DURATION = r"^[0-9]+(\.[0-9]+)? *(ms|s|m|h)?$"
NUMBER = r"^[0-9]+(\.[0-9]+)?$"
SCALAR: Schema = {"type": ["string", "number", "boolean"]}


def model_schema() -> Schema:
    """Describe what the model accepts, each key with its meaning.

    Returns:
        A schema of the root, in which no section stands for itself by a reference.
    """
    schema = Settings.model_json_schema(by_alias=True)
    return _section(Settings, schema, schema["$defs"])


def _section(model: type[BaseModel], schema: Schema, definitions: Schema) -> Schema:
    meanings = _meanings(model)
    properties = {}
    for name, field in model.model_fields.items():
        key = field.alias or name
        inner = next((kind for kind in _models(field.annotation)), None)
        written = schema["properties"][key]
        described = (
            _grouped(field.annotation, _section(inner, definitions[inner.__name__], definitions))
            if inner
            else _plain(
                written, is_time=any(getattr(one, "func", None) is rules.seconds for one in field.metadata)
            )
        )
        properties[key] = {"description": meanings[name]} | described
        if "default" in written and written["default"] is not None and not inner:
            properties[key]["default"] = written["default"]
    # Whatever is missing in one file can stand in another.
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _grouped(annotation: object, section: Schema) -> Schema:
    """Describe a section, or where there are several of a kind, a group or a list of them."""
    match get_origin(annotation):
        case kind if kind is dict:
            return {"type": "object", "additionalProperties": section}
        case kind if kind is tuple:
            return {"type": "array", "items": section}
        case _:
            return section


def _models(annotation: object) -> list[type[BaseModel]]:
    kinds = (annotation, *getattr(annotation, "__args__", ()))
    return [kind for kind in kinds if inspect.isclass(kind) and issubclass(kind, BaseModel)]


def _meanings(model: type[BaseModel]) -> dict[str, str]:
    found = ATTRIBUTE.findall(inspect.getdoc(model) or "")
    return {name: " ".join(text.split()).rstrip(".") for name, text in found}


def _plain(schema: Schema, *, is_time: bool = False) -> Schema:
    """Take what YAML can say besides: numbers and truth values as text, and text as numbers."""
    if "anyOf" in schema:
        schema = next(one for one in schema["anyOf"] if one != {"type": "null"})
    kept = {LIMITS.get(key, key): value for key, value in schema.items() if key not in {"title", "default"}}
    kept.pop("format", None)
    kept.pop("writeOnly", None)
    match kept.get("type"):
        case "integer" | "number" as kind:
            return kept | {"type": [kind, "string"], "pattern": DURATION if is_time else NUMBER}
        case "boolean":
            return {"enum": [True, False, "true", "false"]}
        case "array":
            return kept | {"items": _plain(kept["items"])}
        case "object" if "additionalProperties" in kept:
            values = _plain(kept["additionalProperties"])
            return {
                "type": "object",
                "additionalProperties": SCALAR if values == {"type": "string"} else values,
            }
    return kept
