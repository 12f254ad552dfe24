"""What only `make bench` needs: a load generator, a proxy for slow links, a stub of a server, an app.

All are built from Go: the first two from the modules that tools/bench pins, the app is examples/go.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

from tools.toolchain import cache, golang
from tools.toolchain.progress import Step, shown, step
from tools.toolchain.repository import ROOT, digest_of

KIND: Final = "bench"
MODULE: Final = ROOT / "tools" / "bench"
APP: Final = ROOT / "examples" / "go"
# Each program with the folder of its go.mod and its package.
PROGRAMS: Final = {
    "vegeta": (MODULE, "github.com/tsenart/vegeta/v12"),
    "toxiproxy": (MODULE, "github.com/Shopify/toxiproxy/v2/cmd/server"),
    "ssh-stub": (MODULE, "./ssh_stub"),
    "app": (APP, "."),
}
# Measured: 110 MiB of modules and 350 MiB of compiled packages.
NEEDED_MIB: Final = 600


def ensure() -> None:
    """Make sure that the programs are there.

    Raises:
        ToolchainError: one of them cannot be built.
    """
    with step("bench") as part:
        path, is_new = cache.part(KIND, folder().name, functools.partial(_build, part), part.now)
        part.done("built" if is_new else "found", shown(path))


def folder() -> Path:
    """Return where the programs are, or will be."""
    sources = [MODULE / "go.mod", MODULE / "go.sum", MODULE / "ssh_stub" / "main.go"]
    return cache.path_of(KIND, digest_of(*sources, APP / "go.mod", APP / "main.go", APP / "VERSION"))


def _build(part: Step, draft: Path) -> None:
    """Build the programs into an empty folder."""
    for name, (module, package) in PROGRAMS.items():
        golang.build(part, module, package, draft / name, needed_mib=NEEDED_MIB)
