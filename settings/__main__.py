"""Show what the settings of a stack come to: `python -m settings STACK`.

Nothing is decrypted and nothing is touched; a secret of the stack stands as `(secret)`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import yaml

from settings.errors import told
from settings.load import read
from settings.show import HIDDEN, shown
from settings.stack_config import PREFIX

USAGE = "usage: python -m settings STACK\n"


def main(arguments: list[str]) -> int:
    """Print the settings, or all that is wrong with them.

    Args:
        arguments: the stack's name.

    Returns:
        The exit code: 0, 1 if the settings cannot be used, or 2 for a wrong call.
    """
    match arguments:
        case [stack] if not stack.startswith("-"):
            pass
        case _:
            sys.stderr.write(USAGE)
            return 2
    file = Path.cwd() / f"Pulumi.{stack}.yaml"
    try:
        config = stack_values(file)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        sys.stderr.write(f"{file.name}: cannot be read: {getattr(error, 'strerror', None) or error}\n")
        return 1
    loading = read(stack, config, Path.cwd(), os.environ)
    for warning in loading.warnings:
        sys.stderr.write(f"warning: {warning}\n")
    for line in told(loading.problems):
        sys.stderr.write(f"error: {line}\n")
    if loading.problems or not loading.settings:
        return 1
    sys.stdout.write("".join(f"{line}\n" for line in shown(loading)))
    return 0


def stack_values(file: Path) -> dict[str, str]:
    """Read a stack's configuration as Pulumi hands it over, but for secrets, which stay encrypted.

    Args:
        file: `Pulumi.<stack>.yaml`.

    Returns:
        The keys under `backstaff:` without that prefix; structured values as JSON text.

    Raises:
        OSError: it cannot be read.
        UnicodeDecodeError: it is not UTF-8.
        yaml.YAMLError: it is not YAML.
    """
    written = yaml.safe_load(file.read_text(encoding="utf-8"))
    config = written.get("config") if isinstance(written, dict) else None
    return {
        key.removeprefix(PREFIX): _handed_over(value)
        for key, value in (config or {}).items()
        if isinstance(key, str) and key.startswith(PREFIX)
    }


def _handed_over(value: Any) -> str:  # noqa: ANN401 - of any shape
    value = _without_secrets(value)
    return value if isinstance(value, str) else json.dumps(value)


def _without_secrets(value: Any) -> Any:  # noqa: ANN401 - of any shape
    match value:
        case {"secure": str()}:
            return HIDDEN
        case dict():
            return {str(key): _without_secrets(one) for key, one in value.items()}
        case list():
            return [_without_secrets(one) for one in value]
        case _:
            return value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
