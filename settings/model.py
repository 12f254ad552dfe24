"""One typed, immutable model of all that can be set, with Kamal's key names.

Times are in seconds. Every default stands here and nowhere else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    SecretStr,
    field_validator,
    model_validator,
)

from settings import rules
from settings.accessories import Accessory, container_of, hosts_of
from settings.aws import Aws
from settings.base import (
    NAME,
    REFERENCE,
    VOLUME,
    Count,
    Labels,
    Port,
    Registry,
    Seconds,
    Section,
)
from settings.roles import ASSETS, Logging, Proxy, Role

# One line of `ssh-keyscan` or `known_hosts` without its host: algorithm and base64 key.
HOST_KEY = r"^(ssh|ecdsa)-[a-z0-9-]+ [A-Za-z0-9+/]+={0,2}( .*)?$"
# What Debian's adduser accepts.
USER = r"^[a-z_][a-z0-9_-]{0,31}$"
# A repository with optional host and port, with a tag, a digest or neither.
IMAGE = (
    r"^[a-z0-9][a-z0-9._/-]*(:\d+/[a-z0-9._/-]+)?"
    r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$"
)
# What `pulumi stack output release` prints, or the one before the live one.
ROLLBACK = r"^(previous|[0-9a-f]{12}-[0-9a-f]{6})$"
# A number of servers, or their share.
LIMIT = r"^[1-9][0-9]{0,3}%?$"
PERCENT = 100
# Docker's own, for what the proxy serves: its requests have ended before.
STOP_SECONDS = 10


class Builder(Section):
    """How the image is built.

    Attributes:
        arch: the server's architecture.
        context: the build's context, relative to the app's folder.
        dockerfile: the Dockerfile, relative to the app's folder.
        target: the stage to build; the last one if not set.
        args: build arguments; not for secrets, they stay in the image's history.
    """

    arch: Literal["amd64", "arm64"] = "amd64"
    context: Annotated[Path, AfterValidator(rules.inside)] = Path()
    dockerfile: Annotated[Path, AfterValidator(rules.inside)] = Path("Dockerfile")
    target: str | None = None
    args: dict[str, str] = Field(default_factory=dict)


class Ssh(Section):
    """How the servers are reached.

    Attributes:
        user: root, or a user that may use sudo without a password.
        port: of the SSH server.
        keys: private key files; the SSH agent's keys if empty.
        host_keys: a server's address to its public host key (`ssh-ed25519 AAAA...`); one that is not
            given is learnt at the first `pulumi up`, kept in the state and checked ever after.
    """

    user: str = Field(default="root", pattern=USER)
    port: Port = 22
    keys: tuple[Path, ...] = Field(default=(), max_length=1)
    host_keys: dict[str, Annotated[str, Field(pattern=HOST_KEY)]] = Field(default_factory=dict)


class TraefikSettings(Section):
    """The proxy in front of all apps of a server.

    Attributes:
        image: one version, so that every server runs the same; by digest if you want to be sure.
        http_port: the public port on the server.
    """

    image: str = Field(
        default="docker.io/library/traefik:v3.7.15",
        pattern=REFERENCE,
    )
    http_port: Port = 80


class Boot(Section):
    """A release that goes to some servers after others.

    Attributes:
        limit: how many servers at a time, or which share of them, such as `25%`; all at once if not set.
        wait: seconds between some and the next.
    """

    limit: Annotated[str, BeforeValidator(rules.text), Field(pattern=LIMIT)] | None = None
    wait: Seconds = 0


class Settings(Section):
    """Everything that can be set for one stack.

    Attributes:
        app: the app's folder, absolute; not needed for a prebuilt image.
        service: the app's name; names its containers, routes and files on the server.
        image: the image's repository, without registry; the service's name if not set. With a tag or a
            digest it is a prebuilt one, which is deployed as it is.
        registry: where the image goes by; without one, or with `none`, it is built on this machine and
            brought over SSH.
        ecr: Amazon's registry, signed in to by tokens: `ecr` for the account's own, or its address.
        builder: how the image is built.
        proxy: how the app is reached, by the primary role and by others that ask for it.
        ssh: how the servers are reached.
        traefik: the proxy in front of all apps of a server.
        rollback: the release to bring back, `previous` or an id; none is the one that the settings make.
        volumes: `NAME:PATH` or `FOLDER:PATH`, as Docker's `--volume` takes them.
        labels: of the containers, as Docker's `--label` takes them.
        logging: of the containers, those of accessories too.
        primary_role: the role whose releases have to be healthy before those of others start.
        boot: how many servers get a release at a time.
        readiness_delay: seconds that a release without a proxy and without a health check of Docker's has to
            stay up.
        require_destination: whether a stack must have a `config/deploy.<stack>.yml`.
        allow_empty_roles: whether a role may have no hosts.
        hooks_path: where hooks are, relative to the app's folder.
        secrets_path: where Kamal's secrets are, relative to the app's folder.
        allow_commands: whether what the settings' files ask to be run is run: `$(command)`, and Ruby in ERB.
        secrets: values for what is named as a secret, by name; they win over those from files.
        servers: the roles by name, with their servers.
        aws: the server on AWS that is made, if one is.
        host_tags: each server's tags, as written under `servers`.
        accessories: long-lived containers beside the app, by their names.
        asset_path: a folder in the container whose files, such as scripts and styles, can be had of the
            release before too; with `:` and Docker's options of a mount, if there are any.
        release_command: run once for each release, in its image and with its variables, before it is started;
            if it fails, nothing is switched.
        release_timeout: seconds that it may take.
        deploy_timeout: seconds that a new release has to become healthy.
        drain_timeout: seconds that requests in flight have to end on the old release.
        stop_timeout: seconds between SIGTERM and SIGKILL; if not set, 10 where the proxy serves, and
            elsewhere as many as `drain_timeout`.
        retain_containers: how many old releases are kept, stopped.
    """

    app: Path | None = None
    service: str = Field(pattern=NAME)
    image: Annotated[str, Field(pattern=IMAGE)] | None = None
    servers: dict[Annotated[str, Field(pattern=NAME)], Role] = Field(min_length=1)
    aws: Aws | None = None
    registry: Registry | None = None
    ecr: str | None = None
    builder: Builder = Builder()
    proxy: Proxy = Proxy()
    ssh: Ssh = Ssh()
    traefik: TraefikSettings = TraefikSettings()
    asset_path: Annotated[str, Field(pattern=ASSETS)] | None = None
    release_command: tuple[str, ...] = ()
    release_timeout: Annotated[Seconds, Field(ge=1)] = 600
    deploy_timeout: Annotated[Seconds, Field(ge=1)] = 30
    drain_timeout: Seconds = 30
    stop_timeout: Seconds | None = None
    readiness_delay: Seconds = 7
    boot: Boot = Boot()
    retain_containers: Count = Field(default=5, ge=1, le=100)
    rollback: Annotated[str, Field(pattern=ROLLBACK)] | None = None
    volumes: tuple[Annotated[str, Field(pattern=VOLUME)], ...] = ()
    labels: Labels = Field(default_factory=dict)
    logging: Logging = Logging()
    primary_role: str = Field(default="web", pattern=NAME)
    host_tags: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    accessories: dict[Annotated[str, Field(pattern=NAME)], Accessory] = Field(default_factory=dict)
    require_destination: bool = False
    allow_empty_roles: bool = False
    hooks_path: Path = Path(".kamal/hooks")
    secrets_path: Path = Path(".kamal/secrets")
    allow_commands: bool = Field(default=False, alias="allowCommands")
    secrets: dict[str, SecretStr] = Field(default_factory=dict)
    _warnings: tuple[str, ...] = PrivateAttr(default=())
    _hooks: tuple[str, ...] = PrivateAttr(default=())
    _hook_secrets: dict[str, SecretStr] = PrivateAttr(default_factory=dict)

    @field_validator("registry", mode="before")
    @classmethod
    def _none(cls, value: object) -> object:
        """Take the word for what it says; a key that is left empty is a mistake."""
        return {} if value is None else None if value == "none" else value

    @model_validator(mode="after")
    def _names_fit(self) -> Settings:
        """See to it that a container's name is one label of DNS, by which the proxy finds it."""
        for role in self.servers:
            rules.fits_label(self.service, role)
        rules.containers_fit(
            {name: container_of(self.service, name, one) for name, one in self.accessories.items()}
        )
        return self

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was written and has no effect, a line each."""
        return self._warnings

    @property
    def hooks(self) -> tuple[str, ...]:
        """The names of the app's hooks."""
        return self._hooks

    @property
    def hook_secrets(self) -> dict[str, SecretStr]:
        """What hooks find in their environment of secrets: all of Kamal's files and of the stack, by name."""
        return self._hook_secrets

    @property
    def primary(self) -> Role:
        """The role whose releases have to be healthy before those of others start."""
        return self.servers[self.primary_role]

    @property
    def hosts(self) -> tuple[str, ...]:
        """The servers of all roles and accessories, each once, the primary role's first."""
        roles = [self.primary, *self.servers.values()]
        found = [host for role in roles for host in role.hosts]
        found += [host for name in self.accessories for host in self.accessory_hosts(name)]
        return tuple(dict.fromkeys(found))

    def roles_of(self, host: str) -> tuple[str, ...]:
        """Name the roles that a server has, the primary one first.

        Args:
            host: its address.

        Returns:
            Their names; none for a server of accessories alone.
        """
        names = [name for name, role in self.servers.items() if host in role.hosts]
        return tuple(sorted(names, key=lambda name: name != self.primary_role))

    def accessory_hosts(self, name: str) -> tuple[str, ...]:
        """Choose the servers that an accessory runs on.

        Args:
            name: the accessory's.

        Returns:
            Their addresses.

        Raises:
            LookupError: it names a role or a tag that is not there; with what it named.
        """
        tags: dict[str, tuple[str, ...]] = {}
        for server, names in self.host_tags.items():
            for tag in names:
                tags[tag] = (*tags.get(tag, ()), server)
        roles = {role: one.hosts for role, one in self.servers.items()}
        return hosts_of(self.accessories[name], self.primary.hosts[0], roles, tags)

    def has_proxy(self, host: str) -> bool:
        """Tell whether the proxy serves anything on a server.

        Args:
            host: its address.
        """
        routed = [name for name, one in self.accessories.items() if one.proxy]
        is_routed = any(host in self.accessory_hosts(name) for name in routed)
        return is_routed or any(self.servers[role].proxy for role in self.roles_of(host))

    @property
    def waves(self) -> tuple[tuple[str, ...], ...]:
        """The servers with roles, in the groups in which they get a release, as `boot.limit` says."""
        hosts = [host for host in self.hosts if self.roles_of(host)]
        limit = self.boot.limit or str(len(hosts))
        size = int(limit.rstrip("%"))
        if limit.endswith("%"):
            size = max(len(hosts) * size // PERCENT, 1)
        return tuple(tuple(hosts[first : first + size]) for first in range(0, len(hosts), size))

    def stop_seconds(self, role: str) -> int:
        """Say how long a role's containers have between SIGTERM and SIGKILL.

        Args:
            role: its name.

        Returns:
            Seconds.
        """
        own = self.servers[role].stop_timeout
        default = STOP_SECONDS if self.servers[role].proxy else self.drain_timeout
        return default if own is None else own

    @property
    def repository(self) -> str:
        """The image's full name with its registry, and with its tag or digest if it is a prebuilt one."""
        name = self.image or self.service
        return f"{self.registry.server}/{name}" if self.registry else name

    @property
    def is_prebuilt(self) -> bool:
        """Whether the image is deployed as it is: it is named by a tag or a digest."""
        return ":" in (self.image or "").rpartition("/")[2] or "@" in (self.image or "")

    @property
    def dockerfile(self) -> Path:
        """The Dockerfile, absolute."""
        return ((self.app or Path()) / self.builder.dockerfile).resolve()

    @property
    def context(self) -> Path:
        """The build's context, absolute."""
        return ((self.app or Path()) / self.builder.context).resolve()
