"""A real shell, for what is quoted and what is decoded."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from hypothesis import strategies

# All that an argument or a variable can hold: anything but NUL, and no half of a surrogate pair.
TEXTS = strategies.text(strategies.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def run(shell: str, program: str, stdin: str = "", environment: Mapping[str, str] | None = None) -> bytes:
    """Run a program in a real shell.

    Args:
        shell: its name, such as bash.
        program: its text.
        stdin: what it reads.
        environment: what it finds there, beside PATH.

    Returns:
        What it printed.

    Raises:
        AssertionError: it failed.
    """
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    done = subprocess.run(
        [shell, "-c", program],
        input=stdin.encode(),
        capture_output=True,
        env={"PATH": path, **(environment or {})},
        check=False,
        timeout=20,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def function_of(script: Path, name: str) -> str:
    """Cut one function out of a script.

    Args:
        script: where it stands.
        name: what it is called.

    Returns:
        Its text.
    """
    _, found, rest = script.read_text().partition(f"\n{name}() {{\n")
    assert found, f"{script} has no function {name}"
    body = rest.partition("\n}\n")[0]
    return f"{name}() {{\n{body}\n}}\n"
