"""The line that runs a script, read back by real shells."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies

from render.command_line import command_line
from tests.unit.shell import TEXTS, run

SCRIPT = "/var/lib/backstaff/bin/1f2e3d4c/start-candidate"


def words(shell: str, line: str) -> list[str]:
    """Let a shell take a line apart as it does before it runs it."""
    said = run(shell, f"set -- {line}\nprintf '%s\\0' \"$@\"")
    return said.decode().split("\0")[:-1]


@pytest.mark.parametrize("shell", ["bash", "sh"])
@hypothesis.settings(max_examples=60, deadline=None, database=None)
@hypothesis.given(values=strategies.lists(TEXTS, min_size=1, max_size=6))
def test_every_text_survives_the_shell(shell: str, values: list[str]) -> None:
    """Bring any text through a login shell as one argument, unchanged."""
    arguments = {f"name-{place}": value for place, value in enumerate(values)}

    line = command_line("ubuntu", "1f2e3d4c", "start-candidate", arguments)

    expected = ["sudo", "-n", SCRIPT]
    for name, value in arguments.items():
        expected += [f"--{name}", value]
    assert words(shell, line) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "$(reboot)",
        "`reboot`",
        "a;reboot",
        "a\nreboot",
        "'",
        "\\",
        "*",
        "~",
        "!!",
        "$HOME",
        "a=b",
        "#",
    ],
)
def test_what_a_shell_would_act_on_is_only_text(value: str) -> None:
    """Quote each of the characters that mean something to a shell."""
    assert words("bash", command_line("root", "b", "s", {"x": value}))[1:] == ["--x", value]


def test_a_line_reads_like_a_sentence() -> None:
    """Quote only what needs it, in the order in which it was given."""
    line = command_line(
        "ubuntu", "1f2e3d4c", "start-candidate", {"service": "hello", "port": 80, "every": 0.5}
    )

    assert line == f"sudo -n {SCRIPT} --service hello --port 80 --every 0.5"


def test_root_needs_no_sudo() -> None:
    """Run as root without sudo, which a minimal server lacks."""
    assert command_line("root", "1f2e3d4c", "start-candidate", {}) == SCRIPT
