"""One build and push of an image, step by step as the official plugin takes them."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tools.offline_plugins.docker import names
from tools.offline_plugins.docker.answers import EngineError
from tools.offline_plugins.docker.archive import locate, pack
from tools.offline_plugins.docker.credentials import Credentials, DockerConfig, load_config
from tools.offline_plugins.docker.engine import Engine
from tools.offline_plugins.docker.inputs import BUILDKIT, Build, Registry
from tools.offline_plugins.docker.progress import ProgressError, follow
from tools.offline_plugins.docker.session import BuildSession
from tools.offline_plugins.docker.sign_in import sign_in
from tools.offline_plugins.plugin import PluginError

STORE_TRIES, STORE_WAIT_SECONDS = 5, 1.0
"""How often and how far apart the engine's store is asked for an image that was just built."""

_NO_DIGEST = "<none>@<none>"


class BuildError(PluginError):
    """Why an image could not be built or pushed."""


class Reporter(Protocol):
    """Where a build tells what it does."""

    def status(self, text: str) -> None:
        """Show what happens right now."""

    def info(self, text: str) -> None:
        """Tell something that stays to be read."""

    def warn(self, text: str) -> None:
        """Tell something that may not be as wanted."""


@dataclass(frozen=True)
class Image:
    """An image to build.

    Attributes:
        name: Its name, which is its place in a registry where it is pushed.
        build: How it is built.
        registry: Where it is pushed, and who pushes it.
        skips_push: Whether it stays on the engine that builds it.
    """

    name: str
    build: Build
    registry: Registry
    skips_push: bool


class ImageBuilder:
    """Builds and pushes one image.

    Args:
        engine: The Docker engine that does it.
        image: What to build.
        report: Where it tells what it does.
    """

    def __init__(self, engine: Engine, image: Image, report: Reporter) -> None:
        self._engine = engine
        self._image = image
        self._report = report
        self._credentials = Credentials()
        self._warning = ""

    def run(self, *, is_preview: bool) -> dict[str, Any]:
        """Build the image, and push it unless this is a preview or it stays here.

        Args:
            is_preview: Whether nothing may leave this machine.

        Returns:
            The outputs of the resource.

        Raises:
            BuildError: When it cannot be built or pushed.
        """
        image, build = self._image, self._image.build
        context, dockerfile = locate(build.context, build.dockerfile)
        config, auths = self._sign_in()
        self._pull_cache()
        built = self._build(context, dockerfile, config, auths)
        name = names.parse(image.name)
        if image.skips_push or is_preview:
            digest = self._engine.inspect(image.name)["Id"]
        else:
            digest = self._push(name, built)
        return {
            "dockerfile": dockerfile,
            "context": build.context,
            "baseImageName": image.name,
            "registryServer": image.registry.server,
            "imageName": image.name,
            "platform": build.platform,
            "repoDigest": digest,
        }

    def _sign_in(self) -> tuple[DockerConfig, dict[str, Credentials]]:
        """Collect the credentials of this machine, and those for the image's registry where it is needed."""
        config = load_config()
        auths = config.everything()
        if not self._image.build.cached_images and self._image.skips_push:
            return config, auths
        self._credentials, self._warning = sign_in(self._image.registry, self._image.name, config)
        if self._warning:
            self._report.warn(self._warning)
        return config.including(self._credentials), {**auths, self._credentials.server: self._credentials}

    def _pull_cache(self) -> None:
        """Pull the images whose layers may be used again; what cannot be had is only told."""
        for image in self._image.build.cached_images:
            if self._warning:
                self._report.warn(self._warning)
                continue
            try:
                self._pull(image)
            except (EngineError, names.ImageNameError) as error:
                reason = f"error pulling cached image {image}: {error}"
                self._report.info(f"cacheFrom image {image} not available: {reason}")
            except ProgressError as error:
                reason = f"error reading pull output: {error}"
                self._report.info(f"cacheFrom image {image} not available: {reason}")

    def _pull(self, image: str) -> None:
        self._report.status(f"Pulling cached image {image}")
        name = names.parse(image)
        query = [("fromImage", name.name), ("tag", name.digest or name.tag_or_latest)]
        if self._image.build.platform:
            query.append(("platform", self._image.build.platform.lower()))
        follow(self._engine.pull(query, self._credentials.for_engine()), self._report.status)

    def _build(
        self, context: str, dockerfile: str, config: DockerConfig, auths: Mapping[str, Credentials]
    ) -> str:
        build = self._image.build
        built = ""

        def take(result: Mapping[str, Any]) -> str:
            nonlocal built
            built = result.get("ID", "")
            return f"Built image with ID {built}"

        with contextlib.ExitStack() as stack:
            archive, name = pack(context, dockerfile, (build.dockerfile, build.context))
            stack.enter_context(archive)
            query = [*self._options(), ("dockerfile", name)]
            sent = {server: found.for_engine() for server, found in auths.items()}
            self._report.status("Starting Docker build")
            try:
                if build.builder == BUILDKIT:
                    query.append(("session", stack.enter_context(BuildSession(self._engine, config)).id))
                follow(self._engine.build(archive, query, sent), self._report.status, take)
            except EngineError as error:
                raise BuildError(f"error building image: {error}") from error
            except ProgressError as error:
                raise BuildError(f"error reading build output: {error}") from error
        if not built:
            raise BuildError("no image id found in build output")
        self._await_in_store(built)
        return built

    def _options(self) -> list[tuple[str, str]]:
        build = self._image.build
        chosen = [
            ("platform", build.platform.lower()),
            ("target", build.target),
            ("networkmode", "" if build.network == "default" else build.network),
            ("buildargs", json.dumps(build.args) if build.args else ""),
            ("cachefrom", json.dumps(build.cached_images) if build.cached_images else ""),
        ]
        always = [("t", self._image.name), ("rm", "0"), ("version", build.builder)]
        return (
            always + [("extrahosts", host) for host in build.add_hosts] + [pair for pair in chosen if pair[1]]
        )

    def _await_in_store(self, image_id: str) -> None:
        self._report.status(f'Built image with local id "{image_id}", polling image store for image')
        for place in range(STORE_TRIES):
            if image_id in self._engine.image_ids():
                self._report.status(f'Image built successfully, local id "{image_id}"')
                return
            if place < STORE_TRIES - 1:
                time.sleep(STORE_WAIT_SECONDS)
        raise BuildError("unable to find built image in local image store")

    def _push(self, name: names.ImageName, image_id: str) -> str:
        """Push the image, and give its repository with the digest that the registry knows it by."""
        self._report.status("Pushing Image to the registry")
        if name.digest:
            raise BuildError("cannot push a digest reference")
        pushed = ""

        def take(result: Mapping[str, Any]) -> str | None:
            nonlocal pushed
            digest = str(result.get("Digest", ""))
            if not names.is_digest(digest):
                return None
            pushed = str(name.with_digest(digest))
            return f"Pushed image with digest {digest}"

        try:
            messages = self._engine.push(name.name, name.tag_or_latest, self._credentials.for_engine())
            follow(messages, self._report.status, take)
        except ProgressError as error:
            raise BuildError(f"error reading push output: {error}") from error
        return pushed or self._stored_digest(name, image_id)

    def _stored_digest(self, name: names.ImageName, image_id: str) -> str:
        """Fall back to the digest in the engine's own store, which a registry may not share."""
        self._report.warn("Push completed without reporting a digest; falling back to local image inspect")
        for stored in self._engine.inspect(image_id).get("RepoDigests") or []:
            try:
                found = names.parse(stored)
            except names.ImageNameError as error:
                self._report.warn(f'Error parsing digest "{stored}": {error}')
                continue
            if found.name == name.name:
                return str(found)
        return _NO_DIGEST
