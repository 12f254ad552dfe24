"""What the figures share: a server, a registry, images, projects; each made when it is first asked for."""

from __future__ import annotations

import functools
import shutil
import sys
from pathlib import Path
from typing import Any, Final

from tests.bench.images import Images
from tests.bench.project import STACK, Deployed, Project, empty
from tools.demo.parts import PASSWORD_VARIABLE, Parts, parts, run_as_root
from tools.toolchain import bench, box, cache
from tools.toolchain.boxes import Box

SERVER: Final = "bench-server"
PORT: Final = 8000


class Stage:
    """Where the figures are measured.

    Attributes:
        folder: results lie here.
    """

    def __init__(self) -> None:
        """Begin with nothing of an earlier run but its results."""
        self.folder = cache.folder() / "bench-results"
        self.folder.mkdir(exist_ok=True)
        self._projects = cache.folder() / "bench-projects"
        shutil.rmtree(self._projects, ignore_errors=True)
        self._boxes: set[str] = set()

    def say(self, text: str) -> None:
        """Print a line of progress."""
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def program(self, name: str) -> str:
        """Return the path of a program that the toolchain built for this."""
        return str(bench.folder() / name)

    @functools.cached_property
    def parts(self) -> Parts:
        """The registry and the images that deploys on this machine need."""
        return parts()

    @functools.cached_property
    def images(self) -> Images:
        """Images of an app, made and pushed as they are asked for."""
        return Images(self.parts.registry, self._projects / "images", Path(self.program("app")))

    @functools.cached_property
    def server(self) -> Box:
        """A server with Docker, Traefik and an app on it."""
        made = self.bare_box(SERVER)
        self.say("preparing the server")
        self.deployed_image.up()
        return made

    @functools.cached_property
    def nothing(self) -> Project:
        """A project whose program is empty."""
        project = empty(self._projects / "empty", self.environment)
        project.up()
        return project

    @functools.cached_property
    def deployed_image(self) -> Deployed:
        """An app whose prebuilt image is at the registry."""
        image = self.images.prebuilt()
        return self.project("image", self.settings(SERVER, "image") | {"image": image})

    @functools.cached_property
    def deployed_build(self) -> Deployed:
        """An app that is built here and pushed; deployed once."""
        _ = self.server
        app = self.images.context("build")
        project = self.project(
            "build", self.settings(SERVER, "build") | {"app": str(app), "image": "bench-build"}
        )
        project.up()
        return project

    @property
    def environment(self) -> dict[str, str]:
        """Variables for all projects: the state's passphrase, the registry's password and authority."""
        return {
            "PULUMI_CONFIG_PASSPHRASE": "bench",
            PASSWORD_VARIABLE: self.parts.password,
            "SSL_CERT_FILE": self.parts.registry.ca_certificate,
        }

    def settings(self, name: str, service: str) -> dict[str, Any]:
        """Say how an app is deployed to a box that is there."""
        return self.parts.settings(box.known(name)) | {
            "service": service,
            "proxy": {"app_port": PORT, "hosts": [f"{service}.test"]},
        }

    def project(self, name: str, config: dict[str, Any]) -> Deployed:
        """Make a project of Backstaff's."""
        return Deployed(self._projects / name, config, self.environment)

    def bare_box(self, name: str) -> Box:
        """Make a server on which nothing is installed."""
        box.down(name)
        self._boxes.add(name)
        return box.up(name)

    def take_down(self, name: str) -> None:
        """Take a server away."""
        box.down(name)
        self._boxes.discard(name)

    def root(self, command: str) -> str:
        """Run a shell command on the server as root; it must succeed."""
        return run_as_root(self.server, command)

    def connections(self) -> int:
        """Count the log-ins that the server's sshd has seen, but for this one."""
        log = self.root("journalctl --unit ssh --no-pager --output cat")
        return sum(line.startswith("Accepted") for line in log.splitlines()) - 1

    def end(self) -> None:
        """Take the servers and the images away."""
        for name in sorted(self._boxes):
            box.down(name)
        if "images" in self.__dict__:
            self.images.remove()
        shutil.rmtree(self._projects, ignore_errors=True)


__all__ = ["PORT", "STACK", "Stage"]
