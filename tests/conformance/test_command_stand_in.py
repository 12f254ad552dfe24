"""The stand-in's own parts, where the engine would take too long to show all cases."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tools.offline_plugins.command import dialing
from tools.offline_plugins.command.endpoint import endpoint
from tools.offline_plugins.command.globs import matching
from tools.offline_plugins.command.output import Output
from tools.offline_plugins.command.quoting import quoted
from tools.offline_plugins.engine_log import EngineLog
from tools.offline_plugins.plugin import Call, InvalidInputs, PluginError, refuse_unknown


def test_waits_grow_by_half_from_a_tenth_of_a_second_up_to_five_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A server that refuses is tried 11 times within 11.3 s: the sum of the waits with the limit of 10."""
    waits: list[float] = []

    async def note(seconds: float) -> None:
        waits.append(seconds)

    async def refused() -> None:
        raise dialing.DialFailure("refused")

    monkeypatch.setattr("asyncio.sleep", note)
    log = EngineLog("127.0.0.1:1")
    with pytest.raises(PluginError, match="after 10 failed attempts: refused"):
        asyncio.run(dialing._until(Call("urn", log), endpoint({"host": "a"}), "Dial", refused, None))

    assert waits[:3] == pytest.approx([0.1, 0.15, 0.225])
    assert sum(waits) == pytest.approx(11.33, abs=0.01)
    waits.clear()
    with pytest.raises(PluginError, match="after 14 failed attempts"):
        asyncio.run(
            dialing._until(
                Call("urn", log), endpoint({"host": "a", "dialErrorLimit": 14}), "Dial", refused, None
            )
        )
    assert waits[-3:] == [5.0, 5.0, 5.0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('say "hi"', r'"say \"hi\""'),
        ("a\\b\tc\r\n", r'"a\\b\tc\r\n"'),
        ("\x00\x1b\x7f", r'"\x00\x1b\x7f"'),
        ("naïve 日本 😀", '"naïve 日本 😀"'),
        ("\u00a0\u2028\U000e0001", r'"\u00a0\u2028\U000e0001"'),
    ],
)
def test_a_command_is_quoted_as_go_does(text: str, expected: str) -> None:
    """What can be printed stays; the rest is escaped, shortest form first."""
    assert quoted(text) == expected


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["*"], ["a.js", "b.txt"]),
        (["**"], ["a.js", "b.txt", "sub/c.js", "sub/deep/d.js"]),
        (["**.js"], ["a.js", "sub/c.js", "sub/deep/d.js"]),
        (["sub/*"], ["sub/c.js"]),
        (["?.{js,txt}"], ["a.js", "b.txt"]),
        (["[ab].*", "!b*"], ["a.js"]),
        (["!b*", "[!a].*"], ["b.txt"]),
        (["\\*"], []),
    ],
)
def test_patterns_name_files(tmp_path: Path, patterns: list[str], expected: list[str]) -> None:
    """One star stops at a slash, two do not; later patterns win; folders are never named."""
    for name in ("a.js", "b.txt", "sub/c.js", "sub/deep/d.js"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    assert matching(str(tmp_path), patterns) == expected


def test_a_pattern_that_is_none_is_an_error(tmp_path: Path) -> None:
    """The error quotes the pattern."""
    with pytest.raises(PluginError, match=r'"\{a,b" is no pattern of paths'):
        matching(str(tmp_path), ["{a,b"])


def test_a_line_that_is_too_long_is_kept_but_not_shown() -> None:
    """Above 64 KiB nothing more is shown, as there; unlike there, the command goes on."""
    shown: list[str] = []
    output = Output(None, shown.append)
    for data in (b"short\n", b"x" * 70_000, b"\nlater\n"):
        output.take_stdout(data)
    output.end()

    assert shown == ["short"]
    assert len(output.stdout) == len("short\n") + 70_000 + len("\nlater")


def test_lines_are_cut_where_they_end_not_where_they_come() -> None:
    """Pieces are put together, a carriage return at the end is dropped, and the last line needs no end."""
    shown: list[str] = []
    output = Output("stdout", shown.append)
    output.take_stdout(b"na\xc3")
    output.take_stderr(b"hidden\n")
    output.take_stdout(b"\xafve\r\ntw")
    output.take_stdout(b"o")
    output.end()

    assert shown == ["naïve", "two"]
    assert output.stderr == "hidden"


def test_an_input_that_nobody_knows_is_named_with_the_nearest_one() -> None:
    """`refuse_unknown` leaves the engine's own entries alone and names every other one."""
    refuse_unknown({"host": 1, "version": 2, "__internal": 3}, ["host"], "a provider")

    with pytest.raises(InvalidInputs) as caught:
        refuse_unknown({"hots": 1, "zzz": 2}, ["host"], "a provider")
    assert caught.value.reasons == {
        "hots": "Unrecognized field 'hots' on a provider. Did you mean 'host'?",
        "zzz": "Unrecognized field 'zzz' on a provider.",
    }
