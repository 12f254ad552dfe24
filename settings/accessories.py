"""Long-lived containers beside the app, such as a database: what can be set, and where they run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from settings import rules
from settings.base import NAME, OPTION, REFERENCE, VOLUME, Host, Labels, Registry, Seconds, Section
from settings.roles import Route

# A path in a container, as Docker's `--volume` takes it.
CONTAINER_PATH = r"^/[^:,\s]*$"
# A folder of the server: absolute, or a name below the accessory's own folder.
FOLDER = r"^[A-Za-z0-9/_][A-Za-z0-9_./-]*$"
# Docker's options of a mount, such as `ro` or `ro,z`.
MOUNT_OPTIONS = r"^[A-Za-z]+(,[A-Za-z]+)*$"
# As `chmod` takes it.
MODE = r"^[0-7]{3,4}$"
# As `chown` takes it.
OWNER = r"^[a-z0-9_][a-z0-9_-]*(:[a-z0-9_][a-z0-9_-]*)?$"
# `PORT`, `HOST_PORT:PORT` or `ADDRESS:HOST_PORT:PORT`, with `/udp` for another protocol than TCP.
PUBLISHED = r"^(((\d{1,3}(\.\d{1,3}){3}|\[[0-9A-Fa-f:.]+\]):)?\d{1,5}:)?\d{1,5}(/(tcp|udp|sctp))?$"
NETWORK = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
# The places in which an accessory can say where it runs; one of them.
PLACES = ("hosts", "roles", "tags")


class Mount(Section):
    """What a file and a directory have in common.

    Attributes:
        remote: where it is in the container.
        mode: as `chmod` takes it.
        owner: as `chown` takes it; numbers are best, names are those of the server.
        options: of the mount, such as `ro`.
    """

    remote: str = Field(pattern=CONTAINER_PATH)
    mode: Annotated[str, Field(pattern=MODE)] | None = None
    owner: Annotated[str, Field(pattern=OWNER)] | None = None
    options: Annotated[str, Field(pattern=MOUNT_OPTIONS)] | None = None


class File(Mount):
    """A file of the app's folder that is brought to the server.

    Attributes:
        local: relative to the app's folder.
        remote: as for `Mount`.
        mode: as for `Mount`; 755 if not set.
        owner: as for `Mount`.
        options: as for `Mount`.
    """

    local: Annotated[Path, AfterValidator(rules.inside)]


class Directory(Mount):
    """A folder of the server, made if it is not there, in which data outlive the container.

    Attributes:
        local: absolute, or a name below the accessory's own folder.
        remote: as for `Mount`.
        mode: as for `Mount`; 755 if not set.
        owner: as for `Mount`.
        options: as for `Mount`.
    """

    local: Annotated[str, Field(pattern=FOLDER), AfterValidator(rules.downward)]


class AccessoryHealth(Section):
    """When an accessory counts as ready.

    Attributes:
        cmd: run in the container by `sh -c`, ready when it exits with 0; Docker's own health check if not
            set, and where there is none, that it stays up.
    """

    cmd: Annotated[str, Field(min_length=1)] | None = None


class Accessory(Section):
    """A long-lived container beside the app.

    Attributes:
        service: its container's name, by which the app reaches it; `<service>-<accessory>` if not set.
        image: what it is made of; with a registry of its own, without that registry's server.
        registry: the registry of its image, with its account; that of the app, or none, if not set.
        hosts: addresses of the servers it runs on; they need not run the app.
        roles: it runs on the servers of these roles.
        tags: it runs on the servers with one of these tags.
        command: what the container runs; the image's own if empty.
        port: published ports; on the loopback address only, unless another one is written.
        labels: of the container, as Docker's `--label` takes them.
        options: further options of `docker run`, each with its values; none is an option without a value.
        env: what it finds in its environment.
        files: files of the app's folder that it finds in its container.
        directories: folders of the server that it finds in its container.
        volumes: `NAME:PATH` or `FOLDER:PATH`, as Docker's `--volume` takes them.
        network: the Docker network that it is in; the one of the app and the proxy if not set.
        proxy: who is routed to it by the proxy; nobody if not set.
        healthcheck: when it counts as ready.
        deploy_timeout: seconds that it has to become ready.
        stop_timeout: seconds between SIGTERM and SIGKILL.
        refresh: any text; another one pulls the image anew and re-creates the container.
        remove_data: whether its volumes and directories go when it goes.
    """

    service: Annotated[str, Field(pattern=NAME)] | None = None
    image: str = Field(pattern=REFERENCE)
    registry: Registry | None = None
    hosts: tuple[Host, ...] = ()
    roles: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    port: tuple[Annotated[str, Field(pattern=PUBLISHED)], ...] = ()
    labels: Labels = Field(default_factory=dict)
    options: Annotated[
        dict[Annotated[str, Field(pattern=OPTION)], tuple[str, ...]],
        AfterValidator(rules.accessory_options),
    ] = Field(default_factory=dict)
    env: dict[str, SecretStr] = Field(default_factory=dict)
    files: tuple[File, ...] = ()
    directories: tuple[Directory, ...] = ()
    volumes: tuple[Annotated[str, Field(pattern=VOLUME)], ...] = ()
    network: Annotated[str, Field(pattern=NETWORK)] | None = None
    proxy: Route | None = None
    healthcheck: AccessoryHealth = AccessoryHealth()
    deploy_timeout: Annotated[Seconds, Field(ge=1)] = 60
    stop_timeout: Seconds = 30
    refresh: str = ""
    remove_data: bool = False

    @model_validator(mode="after")
    def _one_place(self) -> Accessory:
        """See to it that it says in one way where it runs, as with Kamal."""
        written = [place for place in PLACES if getattr(self, place)]
        if len(written) > 1:
            rule = "must name its servers in one way (got {written})"
            raise PydanticCustomError("places", rule, {"written": " and ".join(written)})
        return self

    @property
    def reference(self) -> str:
        """The image's full name, with its registry."""
        return f"{self.registry.server}/{self.image}" if self.registry else self.image


def container_of(service: str, name: str, accessory: Accessory) -> str:
    """Name an accessory's container, by which the app reaches it.

    Args:
        service: the app's name.
        name: the accessory's.
        accessory: what is set for it.

    Returns:
        Such as `hello-db`.
    """
    return accessory.service or f"{service}-{name}"


def hosts_of(
    accessory: Accessory,
    first: str,
    roles: Mapping[str, tuple[str, ...]],
    tags: Mapping[str, tuple[str, ...]],
) -> tuple[str, ...]:
    """Choose the servers that an accessory runs on.

    Args:
        accessory: what is set for it.
        first: the server for one that names none.
        roles: each role's servers.
        tags: each tag's servers.

    Returns:
        Their addresses, each once.

    Raises:
        LookupError: it names a role or a tag that is not there; with what it named.
    """
    found = list(accessory.hosts)
    for names, groups in ((accessory.roles, roles), (accessory.tags, tags)):
        for name in names:
            if name not in groups:
                raise LookupError(name)
            found += groups[name]
    return tuple(dict.fromkeys(found)) or (first,)
