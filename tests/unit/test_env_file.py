"""The app's variables: on their way to the server, read by the very function that reads them there."""

from __future__ import annotations

import tempfile
from pathlib import Path

import hypothesis
from hypothesis import strategies

from render.env_file import digest_of, env_lines
from render.scripts import REMOTE
from settings.dotenv import VARIABLE
from tests.unit.shell import TEXTS, function_of, run

LIBRARY = REMOTE / "lib-env.sh"
PROGRAM = (
    "set -euo pipefail; shopt -s inherit_errexit; export LC_ALL=C.UTF-8\n"
    "say() { :; }\nreadonly LINE_BYTES=60000\n"
    + function_of(LIBRARY, "byte_length")
    + function_of(LIBRARY, "write_variables")
    + 'INPUT=$(cat); printf "%s\\n" "$INPUT" | write_variables "$FOLDER"'
)
# https://pkg.go.dev/bufio#pkg-constants, MaxScanTokenSize, as docker/cli's opts/envfile reads lines
DOCKER_LINE_BYTES = 64 * 1024
NAMES = strategies.from_regex(VARIABLE, fullmatch=True).filter(lambda name: len(name) < 200)


def received(variables: dict[str, str]) -> dict[str, str]:
    """Send variables through a real bash, and read what it left for `docker run`."""
    with tempfile.TemporaryDirectory() as folder:
        run("bash", PROGRAM, env_lines(variables), {"FOLDER": folder})
        lines = (Path(folder) / "env").read_bytes().decode().split("\n")[:-1]
        # What Docker's reader of env files would cut or refuse does not go that way.
        assert all(len(line.encode()) < DOCKER_LINE_BYTES and not line.endswith("\r") for line in lines)
        several = (Path(folder) / "multiline").iterdir()
        found = {file.name: file.read_bytes().decode() for file in several}
        return found | dict(line.split("=", 1) for line in lines)


@hypothesis.settings(max_examples=25, deadline=None, database=None)
@hypothesis.given(variables=strategies.dictionaries(NAMES, TEXTS, max_size=5))
@hypothesis.example(
    {
        "EMPTY": "",
        "BLANKS": "  a  ",
        "LINES_AT_THE_END": "a\n\n",
        "ONLY_LINES": "\n\n\n",
        "LINES_AT_THE_START": "\n\na",
        "UMLAUT": "gr\u00fc\u00df dich, \U0001f680",
        "QUOTES": "'\"`$(reboot)\\",
        "EQUALS": "a=b==",
        "DASH": "-n",
        "LONG": "x" * 70000,
        "LONG_IN_BYTES_ONLY": "\u00fc" * 40000,
        "CARRIAGE_RETURN": "a\r",
    }
)
def test_every_value_arrives(variables: dict[str, str]) -> None:
    """Bring any value to the server unchanged, line ends at its end and all."""
    assert received(variables) == variables


def test_each_variable_is_one_line_without_its_value() -> None:
    """Send a line for each variable, sorted by name, so that the same variables give the same text."""
    assert env_lines({"B": "two\nlines", "A": "\u00fc"}) == "A w7w=\nB dHdvCmxpbmVz\n"
    assert env_lines({"A": "\u00fc", "B": "two\nlines"}) == env_lines({"B": "two\nlines", "A": "\u00fc"})
    assert env_lines({}) == ""


def test_the_digest_is_the_same_on_every_day_and_machine() -> None:
    """Pin one digest: another would restart every container of every user at the next deploy."""
    assert digest_of({"A": "1", "B": "\u00fc"}) == "e626b56d10dd"


def test_the_digest_counts_names_and_values() -> None:
    """Tell apart what differs in a name, a value, or where the one ends and the other begins."""
    envs = [
        {},
        {"A": ""},
        {"A": "1"},
        {"B": "1"},
        {"A": "1", "B": ""},
        {"A1": ""},
        {"A": "1\n"},
        {"A": "1, B"},
    ]

    assert len({digest_of(env) for env in envs}) == len(envs)


def test_the_digest_does_not_count_the_order() -> None:
    """Take two files with the same variables in another order for the same."""
    assert digest_of({"A": "1", "B": "2"}) == digest_of({"B": "2", "A": "1"})
