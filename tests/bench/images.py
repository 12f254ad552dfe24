"""Images of an app, each with a layer that no server has seen."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from pathlib import Path
from typing import Final

from tools.toolchain import cache, docker_cli, registry_access
from tools.toolchain.registry_access import Registry

NAME: Final = "bench-app"
LAYER_BYTES: Final = 20_000_000
DOCKERFILE: Final = """\
FROM scratch
COPY app /app
COPY layer /layer
EXPOSE 8000
CMD ["/app"]
"""


class Images:
    """Makes images and pushes them.

    Attributes:
        registry: where they go.
    """

    def __init__(self, where: Registry, folder: Path, app: Path) -> None:
        """Make nothing yet.

        Args:
            where: the registry.
            folder: for what images are built from.
            app: the program in them, which needs no other file.
        """
        self.registry = where
        self._folder = folder
        self._app = app
        self._made: list[str] = []
        self._login = folder / "login"
        self._login.mkdir(parents=True)
        auths = {where.server: {"auth": registry_access.basic(where)}}
        registry_access.write(self._login / "config.json", json.dumps({"auths": auths}))

    def context(self, name: str, layer_bytes: int = 1000) -> Path:
        """Lay out a folder to build an image from.

        Args:
            name: the folder's; what is there is used again, with another layer.
            layer_bytes: how much of the image is new each time.

        Returns:
            The folder.
        """
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "app").exists():
            shutil.copy(self._app, folder / "app")
        (folder / "Dockerfile").write_text(DOCKERFILE, encoding="utf-8")
        change(folder, layer_bytes)
        return folder

    def prebuilt(self, layer_bytes: int = LAYER_BYTES) -> str:
        """Build an image and push it.

        Args:
            layer_bytes: how much of it is new.

        Returns:
            Its name and tag at the registry, without the registry: `bench-app:a1b2c3`.
        """
        image, _ = self.build_and_push(self.context("prebuilt", layer_bytes))
        return image

    def build_and_push(self, context: Path) -> tuple[str, float]:
        """Build an image and push it, by the plain command line.

        Args:
            context: a folder as `context` makes it.

        Returns:
            Its name and tag at the registry, without the registry; and the seconds that it took.
        """
        image = f"{NAME}:{secrets.token_hex(6)}"
        reference = self.reference(image)
        self._made.append(reference)
        began = time.monotonic()
        docker_cli.call("build", "--quiet", "--tag", reference, str(context))
        docker_cli.call("push", "--quiet", reference, variables={"DOCKER_CONFIG": str(self._login)})
        return image, time.monotonic() - began

    def reference(self, image: str) -> str:
        """Return the whole reference of an image: `172.17.0.1:5443/bench-app:a1b2c3`."""
        return f"{self.registry.server}/{image}"

    def remove(self) -> None:
        """Remove the images from this machine's engine, and what is big of them from the registry."""
        docker_cli.remove("image", self._made)
        # In its data, as its own collection of garbage wants the registry to itself. The layers are of random
        # bytes, so nobody else's image has one.
        data = registry_access.folder() / "data" / "docker" / "registry" / "v2"
        for layer in (data / "repositories" / NAME / "_layers" / "sha256").glob("*"):
            blob = data / "blobs" / "sha256" / layer.name[:2] / layer.name
            if (blob / "data").exists() and (blob / "data").stat().st_size >= LAYER_BYTES:
                cache.remove(blob)
        cache.remove(data / "repositories" / NAME)


def change(folder: Path, layer_bytes: int = 1000) -> None:
    """Write another layer, of bytes that cannot be packed."""
    (folder / "layer").write_bytes(os.urandom(layer_bytes))
