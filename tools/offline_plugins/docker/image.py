"""The resource `docker:index/image:Image`: what an image's inputs mean, and when it has to be built again."""

from __future__ import annotations

from collections.abc import Callable

from render.context.digest import context_digest
from render.context.walk import ContextError
from tools.offline_plugins.docker import inputs as given
from tools.offline_plugins.docker.builder import Image, ImageBuilder
from tools.offline_plugins.docker.difference import image_changes
from tools.offline_plugins.docker.engine import Engine
from tools.offline_plugins.docker.names import registry_address
from tools.offline_plugins.docker.report import CallReport
from tools.offline_plugins.plugin import Call, Changes, PluginError
from tools.offline_plugins.values import Properties, Secret, has_unknown, revealed

IMAGE = "docker:index/image:Image"

STATE_INPUTS = "__inputs"
"""Where the state keeps the inputs of the last build, as one secret."""


class ImageResource:
    """An image that is built here and pushed to a registry.

    Args:
        engine: Gives the Docker engine, once the provider is configured.
    """

    def __init__(self, engine: Callable[[], Engine]) -> None:
        self._engine = engine

    def check(self, call: Call, inputs: Properties) -> Properties:
        """Check the inputs, and fill in defaults and the digest of the build context.

        Raises:
            InvalidInputs: When there is an input that nobody knows.
            PluginError: When an input makes no sense, or the build context cannot be read.
        """
        plain = revealed(inputs)
        given.refuse_unknown_inputs(plain)
        checked = {**inputs, "buildOnPreview": plain.get("buildOnPreview") is True}
        build = given.read_build(plain.get("build"))
        if isinstance(plain.get("build", {}), dict):
            additions = _build_additions(plain.get("build", {}), build, CallReport(call))
            checked["build"] = _merged(inputs.get("build", {}), additions)
        if (build.cached_images or plain.get("skipPush") is not True) and isinstance(
            plain.get("imageName"), str
        ):
            registry_address(given.read_registry(plain.get("registry")).server, plain["imageName"])
        return checked

    def diff(
        self,
        call: Call,  # noqa: ARG002 - the form of every resource
        state: Properties,
        old_inputs: Properties,  # noqa: ARG002 - may be newer than the last build
        inputs: Properties,
    ) -> Changes:
        """Compare with the inputs of the last build; every change is an update."""
        return Changes(image_changes(revealed(state.get(STATE_INPUTS, {})), revealed(inputs)))

    def create(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        """Build and push the image; its name is its id."""
        state = self._build(call, inputs)
        return (revealed(inputs["imageName"]) if STATE_INPUTS in state else ""), state

    def update(
        self,
        call: Call,
        state: Properties,  # noqa: ARG002 - the form of every resource
        inputs: Properties,
    ) -> Properties:
        """Build and push the image anew."""
        return self._build(call, inputs)

    def delete(self, call: Call, state: Properties) -> None:
        """Leave the image where it is, here and in the registry."""

    def _build(self, call: Call, inputs: Properties) -> Properties:
        plain = revealed(inputs)
        report = CallReport(call)
        if call.preview and not _is_built_in_preview(plain, report):
            return inputs
        image = Image(
            name=plain["imageName"],
            build=given.read_build(plain.get("build")),
            registry=given.read_registry(plain.get("registry")),
            skips_push=plain.get("skipPush") is True,
        )
        state = ImageBuilder(self._engine(), image, report).run(is_preview=call.preview)
        if isinstance(inputs["imageName"], Secret):
            state["imageName"] = Secret(state["imageName"])
        return {**state, STATE_INPUTS: Secret(plain)}


def _build_additions(written: Properties, build: given.Build, report: CallReport) -> Properties:
    """Give what a check adds to `build`: defaults, and the digest of the build context."""
    additions = {}
    if not has_unknown(written.get("context")):
        additions["context"] = build.context
    if not has_unknown(written.get("dockerfile")):
        given.check_dockerfile(build)
        additions["dockerfile"] = build.dockerfile
        try:
            additions["contextDigest"] = context_digest(build.context, build.dockerfile)
        except ContextError as error:
            raise PluginError(str(error)) from error
    if "platform" not in written:
        additions["platform"] = given.host_platform()
        report.info(
            f"Building your image for {additions['platform']} architecture.\n"
            "To ensure you are building for the correct platform, consider explicitly setting the "
            "`platform` field on ImageBuildOptions."
        )
    return additions


def _merged(written: Properties | Secret, additions: Properties) -> Properties | Secret:
    """Add to an input without losing the marks of its secrets."""
    if isinstance(written, Secret):
        return Secret(_merged(written.value, additions))
    kept = {key: value for key, value in written.items() if revealed(value) == additions.get(key)}
    return {**written, **additions, **kept}


def _is_built_in_preview(inputs: Properties, report: CallReport) -> bool:
    if inputs.get("buildOnPreview") is not True:
        return False
    build = inputs.get("build")
    needed = ("dockerfile", "context", "args")
    is_known = isinstance(build, dict) and not any(has_unknown(build.get(key)) for key in needed)
    if is_known and not has_unknown(inputs.get("imageName")):
        return True
    report.warn(
        "Minimum inputs for build are unresolved. Continuing without preview image build. "
        "To avoid this warning, ensure image name, dockerfile, args, and context are resolved at preview."
    )
    return False
