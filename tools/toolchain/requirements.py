"""Lock files: every package that is installed, with its hashes, compiled by uv from what we ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tools.toolchain import process, venv
from tools.toolchain.progress import step
from tools.toolchain.repository import AWS_REQUIREMENTS, GO_REQUIREMENTS, PYTHON_REQUIREMENTS, ROOT

UV_REQUIREMENTS: Final = ROOT / "tools" / "lock" / "requirements.txt"
OPTIONS: Final = ("--generate-hashes", "--python-version", "3.11", "--universal", "--quiet")


def lock() -> None:
    """Write every lock file anew; what is pinned there stays, unless what we ask for rules it out.

    Raises:
        ToolchainError: the package index cannot be reached, or the requirements contradict each other.
    """
    with step("lock") as part:
        environment, _ = venv.install(part, "uv", UV_REQUIREMENTS)
        uv = str(environment / "bin" / "uv")
        _compile(uv, ROOT, ["pyproject.toml"], ROOT / "requirements.txt")
        _compile(uv, ROOT, ["pyproject.toml", "--group", "dev"], PYTHON_REQUIREMENTS)
        _compile(uv, ROOT, ["pyproject.toml", "--extra", "aws"], ROOT / "requirements-aws.txt")
        _compile(uv, ROOT, ["pyproject.toml", "--extra", "aws", "--group", "aws"], AWS_REQUIREMENTS)
        for file in (GO_REQUIREMENTS, UV_REQUIREMENTS):
            _compile(uv, file.parent, ["requirements.in"], file)
        part.done("made", "requirements{,-dev,-aws,-aws-dev}.txt, tools/{engine,lock}/requirements.txt")


def _compile(uv: str, folder: Path, source: list[str], target: Path) -> None:
    """Compile one lock file."""
    process.run(
        [uv, "pip", "compile", *source, *OPTIONS, "-o", target.name],
        what=f"uv could not compile {target}",
        remedy="See what it says; if it is the network, run again.",
        cwd=folder,
    )
