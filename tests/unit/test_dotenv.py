"""What is read from a `.env`, and what is said about one that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from settings.dotenv import read_dotenv

SECRET = "c2VjcmV0bGluZQ"

GOOD: dict[str, tuple[str, dict[str, str]]] = {
    "plain": ("A=1\nB=two\n", {"A": "1", "B": "two"}),
    "no line end at the end": ("A=1", {"A": "1"}),
    "empty values": ("A=\nB=\"\"\nC=''\n", {"A": "", "B": "", "C": ""}),
    "comments and blank lines": ("# A=0\n\n  # B\nA=1 # one\n", {"A": "1"}),
    "hash within a value": ("A=a#b\nB='a # b'\nC=\"a # b\"\n", {"A": "a#b", "B": "a # b", "C": "a # b"}),
    "equals signs": ("A=b=c==\n", {"A": "b=c=="}),
    "blanks within and around": ("A= a b \nB=' a b '\n", {"A": "a b", "B": " a b "}),
    "dollar signs stay": ("A=1\nB=$A\nC=${A}\nD='$A'\n", {"A": "1", "B": "$A", "C": "${A}", "D": "$A"}),
    "escapes in double quotes only": (
        "A=\"x\\ty\\\\\"\nB='x\\ty'\nC=x\\ty\n",
        {"A": "x\ty\\", "B": "x\\ty", "C": "x\\ty"},
    ),
    "quotes within quotes": ('A="it\'s"\nB=\'say "hi"\'\n', {"A": "it's", "B": 'say "hi"'}),
    "UTF-8": ("A=gr\u00fc\u00df \U0001f680\n", {"A": "gr\u00fc\u00df \U0001f680"}),
    "several lines": ('A="one\ntwo\n"\nB=3\n', {"A": "one\ntwo\n", "B": "3"}),
    "escaped line end": ('A="one\\ntwo"\n', {"A": "one\ntwo"}),
    "byte order mark": ("\ufeffA=1\n", {"A": "1"}),
    "line ends of Windows": ('A=1\r\nB="one\r\ntwo"\r\n', {"A": "1", "B": "one\ntwo"}),
    "export": ("export A=1\nexport\tB=2\n", {"A": "1", "B": "2"}),
    "the last of a name wins": ("A=1\nB=2\nA=3\n", {"A": "3", "B": "2"}),
    "names with dots and dashes": ("a.b-c_D9=1\n", {"a.b-c_D9": "1"}),
    "a long value": (f"A={'x' * 70000}", {"A": "x" * 70000}),
    "nothing": ("", {}),
    "only blank lines": ("\n \n\t\n", {}),
}


@pytest.mark.parametrize(("text", "variables"), GOOD.values(), ids=GOOD.keys())
def test_variables_are_read_literally(tmp_path: Path, text: str, variables: dict[str, str]) -> None:
    """Read what users of python-dotenv expect, and expand nothing."""
    path = tmp_path / ".env"
    path.write_bytes(text.encode())

    assert read_dotenv(path) == (variables, [])


NO_VALUE = "has no value. Write NAME= for an empty one; put quotes around one of several lines."
NO_VARIABLE = "is not a variable. Write NAME=value, or quote a value with special characters."
NO_NAME = "does not begin with a name for a variable. Use letters, digits and underscores."
ONLY_PLAIN = (
    "a-b is of several lines or very long, which Docker takes only under a plain name. "
    "Rename it: letters, digits and underscores."
)
BAD: dict[str, tuple[bytes, list[str]]] = {
    "a name alone": (b"A=1\nB\nC=3\n", [f":2: {NO_VALUE}"]),
    "blank lines before": (b"A=1\n\n \n\nB\n", [f":5: {NO_VALUE}"]),
    "after a value of several lines": (b'A="1\n2\n3"\nB\n', [f":4: {NO_VALUE}"]),
    "line ends of Windows": (b"A=1\r\n\r\nB\r\n", [f":3: {NO_VALUE}"]),
    "open quote": (b'A=1\nB="two\n', [f":2: {NO_VARIABLE}"]),
    "text after a quote": (b'A="1" 2\n', [f":1: {NO_VARIABLE}"]),
    "no name": (b"=1\n", [f":1: {NO_VARIABLE}"]),
    "name with a digit first": (b"1A=1\n", [f":1: {NO_NAME}"]),
    "name outside ASCII": ("A\u00c4=1\n".encode(), [f":1: {NO_NAME}"]),
    "a private key without quotes": (
        f"KEY=-----BEGIN\n{SECRET}\n{SECRET}+/{SECRET}==\n".encode(),
        [f":2: {NO_VALUE}", f":3: {NO_NAME}"],
    ),
    "NUL": (
        b"A=1\nB=a\0b\n",
        [":2: B holds a NUL byte, which no process can receive. Encode it, as base64 say."],
    ),
    "several lines under a name with a dash": (b'A=1\n\na-b="1\n2"\n', [f":3: {ONLY_PLAIN}"]),
    "a carriage return under a name with a dash": (b'a-b="1\\r"\n', [f":1: {ONLY_PLAIN}"]),
    "a long value under a name with a dash": (b"a-b=" + "\u00fc".encode() * 30001, [f":1: {ONLY_PLAIN}"]),
    "not UTF-8": (b"A=1\nB=2\nC=gr\xfc\xdf\n", [":3: must be UTF-8. Save the file as UTF-8."]),
    "UTF-16": ("A=1\n".encode("utf-16"), [":1: must be UTF-8. Save the file as UTF-8."]),
    "several at once": (b'A\n1B=2\nC="\n', [f":1: {NO_VALUE}", f":2: {NO_NAME}", f":3: {NO_VARIABLE}"]),
}


@pytest.mark.parametrize(("content", "said"), BAD.values(), ids=BAD.keys())
def test_a_problem_names_its_line_and_no_value(tmp_path: Path, content: bytes, said: list[str]) -> None:
    """Say which line is wrong and what to do, and show nothing that may be a value."""
    path = tmp_path / ".env"
    path.write_bytes(content)

    problems = [str(problem) for problem in read_dotenv(path)[1]]

    assert problems == [f"{path}{words}" for words in said]
    assert SECRET not in "".join(problems)


def test_good_lines_around_a_bad_one_are_read(tmp_path: Path) -> None:
    """Go on after a bad line, so that every problem of a file is told at once."""
    path = tmp_path / ".env"
    path.write_text("A=1\nB\nC=3\n")

    assert read_dotenv(path)[0] == {"A": "1", "C": "3"}


def test_no_file_is_no_variables(tmp_path: Path) -> None:
    """Deploy an app without `.env`; a folder that is missing is told elsewhere."""
    (tmp_path / "file").write_text("")

    assert read_dotenv(tmp_path / ".env") == ({}, [])
    assert read_dotenv(tmp_path / "no-folder" / ".env") == ({}, [])
    assert read_dotenv(tmp_path / "file" / ".env") == ({}, [])


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    """Refuse a folder called `.env`, which would otherwise deploy the app without its variables."""
    path = tmp_path / ".env"
    path.mkdir()

    variables, (problem,) = read_dotenv(path)

    assert variables == {}
    assert str(problem) == f"{path}: cannot be read (Is a directory). Make it a readable file."


def test_a_link_to_nothing_is_told(tmp_path: Path) -> None:
    """Refuse a link whose file is not there, which would otherwise deploy the app without its variables."""
    path = tmp_path / ".env"
    path.symlink_to(tmp_path / "gone")

    _, (problem,) = read_dotenv(path)

    assert str(problem) == f"{path}: is a link to a file that is not there. Write that file."
