"""A command on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import posixpath
import shutil
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Mapping
from pathlib import Path
from signal import Signals
from typing import Any, Final

from tools.offline_plugins.command.errno_text import errno_text
from tools.offline_plugins.command.globs import matching
from tools.offline_plugins.command.output import Output
from tools.offline_plugins.plugin import Call, PluginError
from tools.offline_plugins.values import Archive, Asset, Properties

SHELL: Final = ("/bin/sh", "-c")
_CHUNK_BYTES: Final = 1 << 16
_SIGNAL_NAMES: Final = {
    Signals.SIGHUP: "hangup",
    Signals.SIGINT: "interrupt",
    Signals.SIGQUIT: "quit",
    Signals.SIGILL: "illegal instruction",
    Signals.SIGABRT: "aborted",
    Signals.SIGBUS: "bus error",
    Signals.SIGFPE: "floating point exception",
    Signals.SIGKILL: "killed",
    Signals.SIGSEGV: "segmentation fault",
    Signals.SIGPIPE: "broken pipe",
    Signals.SIGALRM: "alarm clock",
    Signals.SIGTERM: "terminated",
}
"""As the real plugin's runtime names them (Go's package syscall)."""


async def run(call: Call, command: str, inputs: Mapping[str, Any], previous: Mapping[str, str]) -> Properties:
    """Run a command and give what it printed and made.

    Args:
        call: The request, which shows each line and may bound the time.
        command: What the interpreter gets as its last argument.
        inputs: Those of the resource or function.
        previous: Variables that hold the output of the run before.

    Raises:
        PluginError: When it cannot be started or does not end well; with all its output.
    """
    output = Output(inputs.get("logging"), call.status)
    folder = inputs.get("dir") or str(Path.cwd())
    arguments = [*(inputs.get("interpreter") or SHELL), command]
    variables = {**os.environ, **inputs.get("environment", {}), **previous}
    stdin = inputs.get("stdin", "").encode()
    try:
        process = await _start(arguments, folder, variables, has_stdin=bool(stdin))
    except OSError as error:
        raise output.failure(_start_failure(error, arguments[0], folder), command) from error
    try:
        await asyncio.wait_for(_attend(process, stdin, output), call.timeout_seconds or None)
    except (asyncio.CancelledError, TimeoutError) as error:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        raise output.failure("signal: killed", command) from error
    output.end()
    if process.returncode:
        raise output.failure(_ending(process.returncode), command)
    return {"stdout": output.stdout, "stderr": output.stderr, **_files(folder, inputs)}


async def _start(
    arguments: list[str], folder: str, variables: Mapping[str, str], *, has_stdin: bool
) -> Process:
    return await asyncio.create_subprocess_exec(
        *arguments,
        stdin=PIPE if has_stdin else DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        cwd=folder,
        env=variables,
    )


async def _attend(process: Process, stdin: bytes, output: Output) -> None:
    assert process.stdout  # noqa: S101 - asked for above
    assert process.stderr  # noqa: S101 - likewise
    await asyncio.gather(
        _feed(process, stdin),
        _read(process.stdout, output.take_stdout),
        _read(process.stderr, output.take_stderr),
    )
    await process.wait()


async def _feed(process: Process, stdin: bytes) -> None:
    if process.stdin is None:
        return
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # a command need not read it all
        process.stdin.write(stdin)
        await process.stdin.drain()
    process.stdin.close()


async def _read(stream: asyncio.StreamReader, take: Callable[[bytes], None]) -> None:
    while data := await stream.read(_CHUNK_BYTES):
        take(data)


def _start_failure(error: OSError, program: str, folder: str) -> str:
    if not Path(folder).is_dir():
        return f"chdir {folder}: {errno_text(errno.ENOENT if not Path(folder).exists() else errno.ENOTDIR)}"
    if "/" not in program and shutil.which(program) is None:
        return f'exec: "{program}": executable file not found in $PATH'
    return f"fork/exec {program}: {errno_text(error.errno)}"


def _ending(code: int) -> str:
    if code > 0:
        return f"exit status {code}"
    signal = Signals(-code)
    return f"signal: {_SIGNAL_NAMES.get(signal, f'signal {-code}')}"


def _files(folder: str, inputs: Mapping[str, Any]) -> Properties:
    """Give the files that the command made, as far as they are asked for."""
    made: Properties = {}
    if "assetPaths" in inputs:
        made["assets"] = _assets(folder, inputs["assetPaths"])
    if "archivePaths" in inputs:
        made["archive"] = Archive(assets=_assets(folder, inputs["archivePaths"]))
    return made


def _assets(folder: str, patterns: list[str]) -> dict[str, Asset]:
    return {path: _asset(posixpath.normpath(f"{folder}/{path}")) for path in matching(folder, patterns)}


def _asset(path: str) -> Asset:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - the path stays as it was given
            return Asset(hash=hashlib.file_digest(file, "sha256").hexdigest(), path=path)
    except OSError as error:
        raise PluginError(
            f"failed to open asset file '{path}': open {path}: {errno_text(error.errno)}"
        ) from error
