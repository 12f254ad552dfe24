"""Where things are in this repository, and the versions that it pins, each in one file only."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
ENGINE_MODULE: Final = ROOT / "tools" / "engine"
HOST_MODULE: Final = ROOT / "tools" / "python_host"
GO_REQUIREMENTS: Final = ENGINE_MODULE / "requirements.txt"
PYTHON_REQUIREMENTS: Final = ROOT / "requirements-dev.txt"
AWS_REQUIREMENTS: Final = ROOT / "requirements-aws-dev.txt"
PROJECT: Final = ROOT / "pyproject.toml"

ENGINE_PACKAGE: Final = "github.com/pulumi/pulumi/pkg/v3"
SDK_PACKAGE: Final = "github.com/pulumi/pulumi/sdk/v3"


def engine_version() -> str:
    """Return the version of the Pulumi engine, as `tools/engine/go.mod` requires it (`3.259.0`)."""
    return required_version(ENGINE_MODULE, ENGINE_PACKAGE)


def required_version(module: Path, package: str) -> str:
    """Return the version, without its `v`, in which a folder's go.mod requires a module."""
    text = (module / "go.mod").read_text(encoding="utf-8")
    found = re.search(rf"^(?:require )?\s*{re.escape(package)} v(\S+)", text, re.MULTILINE)
    if not found:
        raise LookupError(f"{module / 'go.mod'} requires no {package}")
    return found.group(1)


def go_version() -> str:
    """Return the oldest Go that can build both modules: the newest `go` line of their go.mod files."""
    lines = [
        line.split()[1]
        for module in (ENGINE_MODULE, HOST_MODULE)
        for line in (module / "go.mod").read_text(encoding="utf-8").splitlines()
        if line.startswith("go ")
    ]
    return max(lines, key=numbers)


def plugin_version(name: str) -> str:
    """Return the version of a Pulumi plugin: that of its SDK package, as pyproject.toml pins it.

    Args:
        name: `command` or `docker`.
    """
    text = PROJECT.read_text(encoding="utf-8")
    found = re.search(rf'"pulumi-{re.escape(name)}==([^"\s;]+)"', text)
    if not found:
        raise LookupError(f"{PROJECT} pins no pulumi-{name}")
    return found.group(1)


def numbers(version: str) -> tuple[int, ...]:
    """Return a version's numbers, to compare by: `go1.25.11` is (1, 25, 11)."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def digest_of(*parts: Path | str) -> str:
    """Return a short hash over the contents of files and over texts, in this order."""
    state = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part.encode()
        state.update(b"%d:" % len(content) + content)
    return state.hexdigest()[:12]
