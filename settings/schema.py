"""JSON Schemas of the files that settings stand in, for editors that complete and check: `make schema`.

What only a run can tell (ERB, secrets, files on this machine) no schema tells; `pulumi preview` does.
"""

from __future__ import annotations

import json
import sys
from copy import deepcopy
from pathlib import Path

from settings.accessory_keys import SINGLE
from settings.base import OPTION
from settings.kamal_keys import REFUSED, ROLE_KEYS, WARNED, Unhonoured
from settings.schema_model import DURATION, NUMBER, SCALAR, Schema, model_schema
from settings.stack_config import PREFIX

FOLDER = Path(__file__).parent.parent / "docs" / "schema"
DIALECT = "http://json-schema.org/draft-07/schema#"
# Keys that only a stack can have, and those that the model has under another name than users.
OWN_KEYS = ("app", "allowCommands", "aws", "secrets")
INNER_KEYS = ("ecr", "host_tags")
NAMED: Schema = {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 1}
SECURE: Schema = {"type": "object", "properties": {"secure": {"type": "string"}}, "required": ["secure"]}
VARIABLES: Schema = {"type": "object", "additionalProperties": SCALAR}
ENV: Schema = {
    "description": "what the app finds in its environment; `clear` values, and names of `secret` ones",
    "type": "object",
    "if": {"anyOf": [{"required": [part]} for part in ("clear", "secret", "tags")]},
    "then": {
        "properties": {
            "clear": VARIABLES,
            "secret": {"type": "array", "items": {"type": "string", "minLength": 1}},
            "tags": {"type": "object", "additionalProperties": {"type": "object"}},
        },
        "additionalProperties": False,
    },
    "else": VARIABLES,
}
HOSTS: Schema = {
    "type": "array",
    "items": {
        "anyOf": [
            {"type": "string"},
            {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": {"type": ["string", "array"]},
            },
        ]
    },
}
RUN_OPTIONS: Schema = {
    "description": "further options of `docker run`, without their dashes; true for one without a value",
    "type": "object",
    "propertyNames": {"pattern": OPTION},
    "additionalProperties": {"type": [*SCALAR["type"], "array"]},
}


def deploy_schema() -> Schema:
    """Describe `config/deploy.yml`, of either generation of Kamal.

    Returns:
        A schema.
    """
    root = _written(model_schema())
    for key in OWN_KEYS:
        del root["properties"][key]
    _add_first(root["properties"])
    _add_unhonoured(root, [*REFUSED, *WARNED])
    return {
        "$schema": DIALECT,
        "title": "config/deploy.yml of Kamal 1 or 2, as Backstaff reads it",
        **root,
        "patternProperties": {"^x-": {}},
    }


def stack_schema() -> Schema:
    """Describe `Pulumi.<stack>.yaml`.

    Returns:
        A schema.
    """
    root = _written(model_schema())
    # There the proxy's own keys stand under `traefik`.
    _add_unhonoured(
        root, [one for one in (*REFUSED, *WARNED) if one.keys[0] not in {"traefik", "healthcheck"}]
    )
    known = "|".join(root["properties"])
    config: Schema = {
        "type": "object",
        "properties": {f"{PREFIX}{key}": value for key, value in root["properties"].items()},
        "patternProperties": {f"^{PREFIX}(?!({known})$)": False},
    }
    return {
        "$schema": DIALECT,
        "title": "Pulumi.<stack>.yaml of Backstaff",
        "type": "object",
        "properties": {"config": config},
    }


def _written(root: Schema) -> Schema:
    """Give the keys the forms in which they are written."""
    properties = root["properties"]
    for key in INNER_KEYS:
        del properties[key]
    _add_accounts(properties)
    properties["secrets"]["additionalProperties"] = {"anyOf": [SCALAR, SECURE]}
    proxy, port = properties["proxy"]["properties"], properties["traefik"]["properties"]["http_port"]
    _named_once(properties["proxy"])
    proxy["run"] = {"type": "object", "properties": {"http_port": port}, "additionalProperties": False}
    arch = properties["builder"]["properties"]["arch"]
    del arch["type"]
    names = [*arch["enum"], "x86_64", "aarch64", "linux/amd64", "linux/arm64"]
    arch["enum"] = names + [[name] for name in names]
    properties["env"] = ENV
    properties["servers"] = _servers(properties)
    properties["boot"]["properties"]["limit"]["type"] = ["string", "integer"]
    properties["release_command"]["type"] = [*SCALAR["type"], "array"]
    _write_accessory(properties["accessories"]["additionalProperties"])
    return root


def _named_once(proxy: Schema) -> Schema:
    """Add the keys for one, or for some with commas between."""
    for key, what in (("host", "host name"), ("path_prefix", "prefix")):
        text = f"one {what}, or several with commas between"
        proxy["properties"][key] = {"description": text, "type": "string"}
    return proxy


def _write_accessory(accessory: Schema) -> None:
    """Give an accessory's keys the forms in which they are written."""
    properties = accessory["properties"]
    for one, several in SINGLE.items():
        properties[one] = {"description": f"the one of `{several}`", "type": "string"}
    cmd = {"description": properties.pop("command")["description"], "type": SCALAR["type"]}
    port = properties["port"]
    one_port = port["items"] | {"type": ["string", "integer"]}
    properties |= {
        "cmd": cmd,
        "port": {
            "description": port["description"],
            "anyOf": [one_port, {"type": "array", "items": one_port}],
        },
        "env": ENV,
        "options": RUN_OPTIONS,
        "refresh": properties["refresh"] | {"type": SCALAR["type"]},
        "proxy": _named_once(properties["proxy"]),
    }
    for key in ("files", "directories"):
        group = properties[key]["items"]
        properties[key]["items"] = {"anyOf": [{"type": "string", "pattern": "^[^:]+:[^:]+(:[^:]+)?$"}, group]}
    _name_account(properties["registry"])


def _add_accounts(properties: Schema) -> None:
    registry = properties["registry"]
    _name_account(registry)
    description = registry.pop("description")
    properties["registry"] = {"description": description, "anyOf": [registry, {"enum": ["none", "ecr"]}]}


def _name_account(registry: Schema) -> None:
    for key in ("username", "password"):
        one = registry["properties"][key]
        text = {"description": one.pop("description"), "anyOf": [one, NAMED, SECURE]}
        registry["properties"][key] = text


def _servers(properties: Schema) -> Schema:
    role = {key: deepcopy(properties[key]) for key in ROLE_KEYS if key in properties}
    role |= {
        "hosts": HOSTS,
        "cmd": {"description": "what the container runs; the image's own if not set", "type": SCALAR["type"]},
        "options": RUN_OPTIONS,
        "stop_first": properties["servers"]["additionalProperties"]["properties"]["stop_first"],
        "schedule": _jobs(properties["servers"]["additionalProperties"]["properties"]["schedule"]),
        "proxy": {"anyOf": [{"type": "boolean"}, deepcopy(properties["proxy"])]},
        "traefik": {"description": "Kamal 1's `proxy`", "type": "boolean"},
        "healthcheck": {"description": "Kamal 1's `proxy.healthcheck`", "type": "object"},
    }
    group: Schema = {"type": "object", "properties": role, "additionalProperties": False}
    roles = {"type": "object", "additionalProperties": {"anyOf": [HOSTS, group, {"type": "null"}]}}
    return {"description": properties["servers"]["description"], "anyOf": [HOSTS, roles]}


def _jobs(schedule: Schema) -> Schema:
    job = schedule["additionalProperties"]["properties"]
    job["cmd"] = {"description": job["cmd"]["description"], "type": SCALAR["type"]}
    return schedule


def _add_first(properties: Schema) -> None:
    """Add what only Kamal 1 knows, where it is honoured."""
    properties["stop_wait_time"] = {"description": "Kamal 1's `stop_timeout`", "type": ["number", "string"]}
    health = deepcopy(properties["proxy"]["properties"]["healthcheck"]["properties"])
    properties["healthcheck"] = {
        "description": "Kamal 1's `proxy.healthcheck`",
        "type": "object",
        "properties": {
            "path": health["path"],
            "interval": health["interval"] | {"pattern": DURATION},
            "port": health["port"] | {"description": "the port that the app listens on"},
            "max_attempts": {"description": "as the seconds that they take", "type": "integer", "minimum": 1},
        },
        "additionalProperties": False,
    }
    port = properties["traefik"]["properties"]["http_port"]
    properties["traefik"] = {
        "description": "Kamal 1's proxy",
        "type": "object",
        "properties": {"host_port": port | {"pattern": NUMBER}},
        "additionalProperties": False,
    }


def _add_unhonoured(root: Schema, keys: list[Unhonoured]) -> None:
    """Add keys that are known and not honoured: struck through, or with no value that would do."""
    for one in keys:
        *groups, last = (str(key) for key in one.keys)
        section = root
        for group in groups:
            inner = section["properties"].setdefault(group, {"type": "object", "additionalProperties": False})
            section = inner
            section.setdefault("properties", {})
        if one in WARNED:
            leaf: Schema = {"description": f"has no effect: {one.why}", "deprecated": True}
        else:
            leaf = {"description": f"is not honoured: {one.why}. {one.remedy}", "enum": [None, *one.fine]}
        section["properties"][last] = leaf | section["properties"].get(last, {})
        section["properties"][last].pop("type", None)
        section["properties"][last].pop("additionalProperties", None)


SCHEMAS = {"deploy.json": deploy_schema, "stack.json": stack_schema}


def text_of(name: str) -> str:
    """Write one of the schemas.

    Args:
        name: of its file.

    Returns:
        The file's text.
    """
    return json.dumps(SCHEMAS[name](), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name in SCHEMAS:
        (FOLDER / name).write_text(text_of(name), encoding="utf-8")
        sys.stdout.write(f"{FOLDER.name}/{name}\n")
