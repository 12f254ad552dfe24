"""Who may import whom: settings, render, components, and Pulumi only at the top."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
# What each layer may import, beside the standard library.
ALLOWED = {
    "settings": {"settings", "pydantic", "pydantic_core", "dotenv", "yaml"},
    "render": {"render", "settings", "pydantic", "yaml"},
    "local": {"local", "render", "boto3", "botocore"},
    "components": {
        "components",
        "local",
        "render",
        "settings",
        "pydantic",
        "pulumi",
        "pulumi_command",
        "pulumi_docker",
        "pulumi_aws",
        "boto3",
        "botocore",
    },
}
FILES = [file for layer in ALLOWED for file in sorted((ROOT / layer).rglob("*.py"))]


def imported(source: str) -> set[str]:
    """Name the top packages that a source text imports, wherever in it the import stands."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("." if node.level else node.module or "")
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_layer_imports_only_what_lies_below(file: Path) -> None:
    """Keep Pulumi out of settings and render, so that both can be tested in milliseconds."""
    layer = file.relative_to(ROOT).parts[0]

    above = imported(file.read_text()) - ALLOWED[layer] - sys.stdlib_module_names

    assert above == set()


def test_imports_are_seen_wherever_they_stand() -> None:
    """Find an import within a function, under a condition, and of a part of a package."""
    source = "if True:\n    import pulumi.runtime\ndef f():\n    from pulumi_docker.x import y\n"

    assert imported(source) == {"pulumi", "pulumi_docker"}


def test_every_layer_has_files() -> None:
    """See to it that a layer that was moved does not pass for a clean one."""
    assert {file.relative_to(ROOT).parts[0] for file in FILES} == set(ALLOWED)
