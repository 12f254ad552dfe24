"""The stand-in as a whole: its configuration, its resource, its look-up."""

from __future__ import annotations

from tools.offline_plugins.docker.answers import EngineError
from tools.offline_plugins.docker.configuration import OPTIONS, SECRET_OPTION, options
from tools.offline_plugins.docker.engine import Engine, connect
from tools.offline_plugins.docker.image import IMAGE, ImageResource
from tools.offline_plugins.plugin import Call, InvalidInputs, Plugin, PluginError, refuse_unknown
from tools.offline_plugins.values import Properties, Secret, revealed

LOOKUP = "docker:index/getRegistryImage:getRegistryImage"


class DockerPlugin(Plugin):
    """Stand-in for `pulumi-resource-docker`."""

    name = "docker"
    version = "5.2.0"

    def __init__(self) -> None:
        super().__init__({IMAGE: ImageResource(self._found_engine)}, {LOOKUP: self._look_up})
        self._options: dict[str, str] = {}
        self._engine: Engine | None = None

    def check_configuration(self, inputs: Properties) -> Properties:
        """Refuse options that nobody knows, and mark the one that holds passwords as a secret."""
        refuse_unknown(inputs, OPTIONS, "the provider docker")
        return {
            key: Secret(revealed(value)) if key == SECRET_OPTION else value for key, value in inputs.items()
        }

    def configure(self, inputs: Properties) -> None:
        """Find the Docker engine, and read who looks images up.

        Raises:
            PluginError: When the engine does not answer or an option makes no sense.
        """
        self._options = options(inputs)
        try:
            self._engine = connect(self._options)
        except PluginError as error:
            raise EngineError(
                f"docker native provider returned an unexpected error from Configure: {error}"
            ) from error
        if self._options.get(SECRET_OPTION):
            # Imported here, as below: most programs look nothing up.
            from tools.offline_plugins.docker.registry_auth import (  # noqa: PLC0415
                RegistryAuthError,
                read_registry_auth,
            )

            try:
                read_registry_auth(self._options[SECRET_OPTION])
            except PluginError as error:
                raise RegistryAuthError(
                    f"1 error occurred:\n\t* Error loading registry auth config: {error}\n\n"
                ) from error

    def cancel(self) -> None:
        """Cut the connections to the Docker engine, which then stops what it does for them."""
        if self._engine is not None:
            self._engine.cancel()

    def _found_engine(self) -> Engine:
        if self._engine is None:
            raise EngineError("failed to connect to any docker daemon")
        return self._engine

    def _look_up(self, _: Call, arguments: Properties) -> Properties:
        """Give the digest that a registry has for an image."""
        # Imported here: most programs look nothing up, and HTTPS takes a while to import.
        from tools.offline_plugins.docker.lookup import LookupFailure, registry_digest  # noqa: PLC0415
        from tools.offline_plugins.docker.registry_auth import read_registry_auth  # noqa: PLC0415

        plain = revealed(arguments)
        refuse_unknown(plain, ("name", "insecureSkipVerify"), LOOKUP)
        if "name" not in plain:
            reason = (
                'Missing required argument: The argument "name" is required, but no definition was found.'
            )
            raise InvalidInputs({"": f"[name] {reason}"})
        trusts_anyone = plain.get("insecureSkipVerify") is True
        auths = read_registry_auth(self._options.get(SECRET_OPTION, ""))
        try:
            digest = registry_digest(plain["name"], auths, trusts_anyone=trusts_anyone)
        except LookupFailure as error:
            raise LookupFailure(f"invoking {LOOKUP}: 1 error occurred:\n\t* {error}\n\n") from error
        return {
            "id": digest,
            "insecureSkipVerify": trusts_anyone,
            "name": plain["name"],
            "sha256Digest": digest,
        }
