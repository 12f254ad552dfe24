"""Say in plain words what pydantic found wrong with a value."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from settings import accessories, aws, base, model, roles
from settings.files import KEY_TEXT

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

# What each pattern of the model means.
PATTERNS = {
    base.NAME: (
        "must be 1 to 36 lower-case letters, digits, dashes and underscores, "
        "with a letter or digit at both ends"
    ),
    model.IMAGE: "must be a repository in lower-case letters, such as ada/hello; a tag if prebuilt",
    base.HOST: "must be a host name or an address, without a user or a scheme",
    roles.DOMAIN: "must be a host name, such as www.example.org, without a scheme",
    base.SERVER: "must be a host with an optional port, such as ghcr.io, without a scheme",
    model.USER: "must be the name of a user: lower-case letters, digits, dashes and underscores",
    base.REFERENCE: "must be an image, such as docker.io/library/traefik:v3.7",
    roles.URL_PATH: 'must start with "/" and hold no blank, backtick, brace or bracket',
    roles.ASSETS: "must be an absolute path in the container, such as /app/public/assets",
    roles.PREFIX: "must be the beginning of a path, such as /api, in letters, digits, dots and dashes",
    roles.DRIVER: "must be a log driver of Docker's, such as local",
    roles.CALENDAR: "must be when systemd's timers run, such as hourly, or *-*-* 03:00",
    roles.STATUS: 'must be a status such as 200, or a range such as "200-399"',
    model.ROLLBACK: 'must be "previous" or the id of a release, such as 9e52547c5edd-a1b2c3',
    base.VOLUME: "must be NAME:PATH or FOLDER:PATH with absolute paths, such as data:/var/lib/data",
    base.OPTION: "must be an option of docker run without its dashes, such as memory",
    accessories.CONTAINER_PATH: "must be an absolute path in the container, without blanks and colons",
    accessories.FOLDER: "must be a folder of the server, such as data or /srv/data",
    accessories.MOUNT_OPTIONS: "must be options of a mount, such as ro",
    accessories.MODE: "must be three or four octal digits, such as 644",
    accessories.OWNER: "must be a user or a user and a group, such as 999:999",
    accessories.PUBLISHED: "must be PORT, HOST_PORT:PORT or ADDRESS:HOST_PORT:PORT, such as 6379",
    accessories.NETWORK: "must be the name of a Docker network",
    model.LIMIT: 'must be a number of servers, or a share of them such as "25%"',
    model.HOST_KEY: "must be a public host key, such as ssh-ed25519 AAAA..., as ssh-keyscan prints it",
    aws.REGION: "must be a region of AWS, such as us-east-1",
    aws.INSTANCE_TYPE: "must be an instance type of AWS, such as t3.small",
    aws.AMI: "must be the id of an image, such as ami-0123456789abcdef0",
    aws.VPC: "must be the id of a VPC, such as vpc-0123456789abcdef0",
    aws.SUBNET: "must be the id of a subnet, such as subnet-0123456789abcdef0",
    aws.TIME_OF_DAY: "must be a time of day in UTC, such as 04:30",
}

# Characters of a wrong value that are shown.
SHOWN = 80

# Rules by pydantic's name of the error, with what the model says the limit is.
# Source: https://docs.pydantic.dev/latest/errors/validation_errors/
RULES = {
    "bool_parsing": "must be true or false",
    "dict_type": "must be a group of keys",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "less_than_equal": "must be at most {le:g}",
    "literal_error": "must be {expected}",
    "model_type": "must be a group of keys",
    "path_type": "must be a path",
    "string_too_short": "must not be empty",
    "string_type": "must be text, in quotes",
    "too_long": "must have no more entries than {max_length}",
    "too_short": "must not be empty",
    "tuple_type": "must be a list",
}


def rule(detail: ErrorDetails, *, is_hidden: bool = False) -> str:
    """Say what must hold, and what was found unless it may be secret.

    Args:
        detail: what pydantic found.
        is_hidden: whether the value came from the environment, and so may be a secret.

    Returns:
        Such as `must be at most 65535 (got 70000)`.
    """
    limits = detail.get("ctx", {})
    known = PATTERNS.get(limits["pattern"]) if "pattern" in limits else RULES.get(detail["type"])
    text = known.format_map(limits) if known else detail["msg"][0].lower() + detail["msg"][1:]
    if is_hidden or may_be_secret(detail["loc"], detail["input"]):
        return text
    found = json.dumps(detail["input"], ensure_ascii=False, default=str)
    return f"{text} (got {found if len(found) <= SHOWN else found[: SHOWN - 1] + '…'})"


def suggestion(detail: ErrorDetails) -> str:
    """Say what to write where it is plain.

    Args:
        detail: what pydantic found.

    Returns:
        A sentence, or nothing.
    """
    value = detail["input"]
    path = f"/{value}"
    if detail.get("ctx", {}).get("pattern") == roles.URL_PATH and re.fullmatch(roles.URL_PATH, path):
        return f'Write "{path}".'
    return ""


def may_be_secret(loc: tuple[int | str, ...], value: object) -> bool:
    """Tell whether a value must not be shown: a password, what may hold one, or the text of a key.

    Args:
        loc: where it stands.
        value: what stands there.

    Returns:
        Whether it must not be shown.
    """
    return (
        loc[:1] in {("env",), ("secrets",)}
        or loc in {("registry",), ("registry", "password")}
        or isinstance(value, dict)
        or KEY_TEXT in str(value)
    )
