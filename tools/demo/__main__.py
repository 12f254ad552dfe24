"""Show the whole job: `python -m tools.demo`, and end it: `python -m tools.demo clean`."""

from __future__ import annotations

import shutil
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import yaml
from pulumi import automation as auto

from tools.demo.load import Load
from tools.demo.parts import PASSWORD_VARIABLE, Parts, parts
from tools.demo.steps import StepPrinter
from tools.demo.workspace import CHECKOUT, Workspace
from tools.toolchain import box, cache
from tools.toolchain.boxes import Box
from tools.toolchain.errors import ToolchainError

NAME = "demo"
STACK = "box"


def main() -> int:
    """Run the demo, or end it."""
    if sys.argv[1:] == ["clean"]:
        return clean()
    if sys.argv[1:]:
        print("usage: python -m tools.demo [clean]", file=sys.stderr)
        return 2
    try:
        with cache.lock(NAME, print):
            return show()
    except (auto.CommandError, ToolchainError) as error:
        print(error, file=sys.stderr)
        return 1


def show() -> int:
    """Deploy the example, then change it and deploy it again while requests run.

    Returns:
        0 if the new version is served and no request was lost, else 1.
    """
    shared = parts()
    server = box.up(NAME)
    workspace = Workspace(
        folder(), STACK, _configuration(shared, server), {PASSWORD_VARIABLE: shared.password}
    )
    app = _copy_app(workspace.folder / "app")
    stack = workspace.stack()
    # We hold the demo's lock, so a lock on its state is that of a run that was killed.
    stack.cancel()

    print("\nThe first `pulumi up`:")
    first = _deploy(stack)
    address = f"http://{server.host}:{server.http_port}"
    print(f"\nThe page, through port 80 of the server ({address}):\n{_page(address)}")

    (app / "VERSION").write_text("2.0\n", encoding="utf-8")
    print("The app changed. The second `pulumi up`, while requests run:")
    with Load(server.host, server.http_port) as load:
        second = _deploy(stack)
    page = _page(address)
    print(f"\nThe page now:\n{page}")
    _report(load, first, second)
    script = workspace.write_shell_environment().name
    print(
        f"Open      {address}\n"
        f"Go on     cd {workspace.folder} && . ./{script} && pulumi preview\n"
        "End it    make demo-clean\n"
    )
    return 0 if "version 2.0" in page and load.sent and not load.failures else 1


def clean() -> int:
    """Take the demo's app, server and state away; the toolchain stays."""
    # The server goes as a whole, so nothing on it need be taken away first; the state lies in the folder.
    shutil.rmtree(folder(), ignore_errors=True)
    box.down(NAME)
    print("The demo is over. `make clean-all` takes the toolchain away too.")
    return 0


def folder() -> Path:
    """Name the folder in which the demo's project and app lie."""
    return cache.folder() / NAME


def _configuration(shared: Parts, server: Box) -> dict[str, Any]:
    """Put the checked-in stack together with what this machine has."""
    text = (CHECKOUT / f"Pulumi.{STACK}.yaml").read_text(encoding="utf-8")
    static = {key.removeprefix("backstaff:"): value for key, value in yaml.safe_load(text)["config"].items()}
    return static | shared.settings(server) | {"app": "app"}


def _copy_app(app: Path) -> Path:
    shutil.rmtree(app, ignore_errors=True)
    shutil.copytree(CHECKOUT / "examples" / "python", app)
    shutil.copy(app / ".env.example", app / ".env")
    return app


def _deploy(stack: auto.Stack) -> float:
    """Run `pulumi up`; return how many seconds it took."""
    began = time.monotonic()
    stack.up(on_event=StepPrinter(sys.stdout), color="never")
    return time.monotonic() - began


def _page(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as response:  # noqa: S310 - an address of ours
        return "\n".join(f"    {line}" for line in response.read().decode().splitlines())


def _report(load: Load, first: float, second: float) -> None:
    rows = {
        "first deploy": f"{first:.1f} s",
        "second deploy": f"{second:.1f} s",
        "requests sent meanwhile": f"{load.sent}",
        "requests failed": f"{len(load.failures)}",
        "p50": f"{load.percentile(50):.1f} ms",
        "p99": f"{load.percentile(99):.1f} ms",
    }
    width = max(map(len, rows))
    print("\n" + "\n".join(f"  {name:<{width}}  {value}" for name, value in rows.items()) + "\n")
    for failure in load.failures[:5]:
        print(f"  failed: {failure}", file=sys.stderr)


sys.exit(main())
