"""The examples in other languages than Python, deployed as a user deploys them."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import Deployment
from tools.demo.load import Load
from tools.demo.parts import PASSWORD_VARIABLE, Parts
from tools.demo.workspace import CHECKOUT, Workspace
from tools.toolchain import images
from tools.toolchain.progress import step

if TYPE_CHECKING:
    from tools.toolchain.boxes import Box

pytestmark = pytest.mark.slow

# Where each says its version.
VERSIONS = {"node": ("package.json", '"version": "1.0.0"'), "go": ("VERSION", "1.0.0")}


@pytest.fixture(params=sorted(VERSIONS))
def example(
    request: pytest.FixtureRequest, bare_box: Box, parts: Parts, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """One of the examples with its `.env.example`, on a base image of its language."""
    language = request.param
    with step("images") as part:
        base, way = images.language_base(part, language)
        part.done(way, base)
    folder = tmp_path_factory.mktemp(language)
    app = folder / "app"
    shutil.copytree(CHECKOUT / "examples" / language, app, ignore=shutil.ignore_patterns(".env"))
    shutil.copy(app / ".env.example", app / ".env")
    config = parts.settings(bare_box) | {
        "app": "app",
        "service": language,
        "proxy": {"app_port": 8000},
        "builder": {"args": {"BASE_IMAGE": base}},
    }
    workspace = Workspace(folder, "e2e", config, {PASSWORD_VARIABLE: parts.password})
    deployment = Deployment(bare_box, workspace, app, config)
    yield deployment
    deployment.stack.destroy(color="never")


def test_an_example_serves_and_is_replaced(example: Deployment) -> None:
    """It shows version and public variables, no secret one, and ends its requests when it is replaced."""
    example.up()
    page = example.get()
    assert "<h1>Hello from the backstaff</h1>" in page
    assert "version 1.0.0" in page
    assert "<li>PUBLIC_REGION=north</li>" in page
    assert "change-me" not in page
    assert example.get("/up") == "up\n"

    name, old = VERSIONS[example.config["service"]]
    path = example.app / name
    path.write_text(path.read_text(encoding="utf-8").replace(old, old.replace("1.0.0", "2.0.0")), "utf-8")
    with (
        Load(example.server.host, example.server.http_port) as load,
        Load(example.server.host, example.server.http_port, path="/slow?seconds=3", threads=1) as slow,
    ):
        example.up()
    assert load.failures == slow.failures == []
    assert "version 1.0.0 after 3 s\n" in slow.bodies
    assert "version 2.0.0" in example.get()


def test_an_example_ends_what_it_has_begun(example: Deployment) -> None:
    """At SIGTERM, a request in flight is still answered, and the exit code is 0."""
    example.up()
    container = f"{example.config['service']}-web-{example.stack.outputs()['release'].value}"
    answers: list[str] = []
    asking = threading.Thread(target=lambda: answers.append(example.get("/slow?seconds=3")))
    asking.start()
    example.root("for i in $(seq 100); do " + _in_flight(container) + " && exit 0; sleep 0.05; done; exit 1")
    example.root(f"docker stop --time 20 {container}")
    asking.join()
    assert answers == ["version 1.0.0 after 3 s\n"]
    assert example.root(f"docker inspect --format {{{{.State.ExitCode}}}} {container}") == "0\n"


def _in_flight(container: str) -> str:
    """Write the question whether a connection to the app's port 8000 (hexadecimal 1F40) is established."""
    pid = f"$(docker inspect --format {{{{.State.Pid}}}} {container})"
    return f"cat /proc/{pid}/net/tcp /proc/{pid}/net/tcp6 | grep -q ':1F40 [^ ]* 01 '"


@pytest.mark.parametrize(
    ("language", "command"),
    [
        ("go", 'cd /src && cp -r /app/. . && test -z "$(gofmt -l .)" && CGO_ENABLED=0 go vet .'),
        ("node", "node --check /app/app.js"),
    ],
)
def test_an_example_is_well_formed(parts: Parts, language: str, command: str) -> None:
    """The language's own formatter and checker have nothing to say."""
    assert parts
    with step("images") as part:
        base, way = images.language_base(part, language)
        part.done(way, base)
    mount = f"{CHECKOUT / 'examples' / language}:/app:ro"
    done = subprocess.run(
        ["docker", "run", "--rm", "--workdir", "/src", "--volume", mount, base, "sh", "-c", command],
        check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")
