"""A deploy without any registry: the image goes over SSH."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest
from pulumi.automation import OpType

from tools.demo.workspace import CHECKOUT
from tools.toolchain import images
from tools.toolchain.progress import step

if TYPE_CHECKING:
    from tests.e2e.conftest import Deployment

pytestmark = pytest.mark.slow


def test_an_image_goes_over_ssh_and_later_only_what_changed(deployment: Deployment) -> None:
    """Only layers that the server lacks are sent, an unchanged image not at all; `destroy` leaves nothing."""
    deployment.set_version("first")
    deployment.up()  # with the registry, which Traefik's image comes from
    deployment.config.pop("registry")
    deployment.configure(registry="none", retain_containers=1)
    deployment.up()
    sent, layers = _layers(deployment)
    assert sent == 0  # it is the same image, by another way
    assert layers > 1
    assert "version first" in deployment.get()

    deployment.set_version("second")
    deployment.up()
    assert 0 < _layers(deployment)[0] < layers
    assert "version second" in deployment.get()
    assert set(deployment.up().changes) == {OpType.SAME}
    assert "login" not in deployment.root("ls /var/lib/backstaff/services/hello")

    _become_an_image_of_its_own(deployment)
    deployment.up()
    sent, layers = _layers(deployment)
    assert sent == layers == 1
    assert "hello from scratch" in deployment.get()
    assert (
        len(deployment.root(f"docker image ls --quiet {deployment.config['image']}").split()) == 2
    )  # one old release is kept
    deployment.stack.destroy(color="never")
    assert deployment.root("docker image ls --quiet") == ""


def _layers(deployment: Deployment) -> tuple[int, int]:
    """Read how many layers were sent, of how many."""
    found = re.search(r"step 5, send: (\d+) of (\d+) layers", "".join(deployment.said))
    assert found, "".join(deployment.said)
    return int(found[1]), int(found[2])


def _become_an_image_of_its_own(deployment: Deployment) -> None:
    """Change the app to one that shares no layer with any other image."""
    with step("images") as part:
        base, way = images.language_base(part, "go")
        part.done(way, base)
    shutil.copytree(CHECKOUT / "examples" / "go", deployment.app, dirs_exist_ok=True)
    (deployment.app / ".env").write_text('GREETING="hello from scratch"\n', encoding="utf-8")
    deployment.configure(builder={"args": {"BASE_IMAGE": base}})
