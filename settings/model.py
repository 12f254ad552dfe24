"""One typed, immutable model of all that can be set, with Kamal's key names.

Times are in seconds. Every default stands here and nowhere else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

# What Docker's object names and DNS labels both accept, so that a service can name containers and hosts.
NAME = r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"
# One line of `ssh-keyscan` or `known_hosts` without its host: algorithm and base64 key.
HOST_KEY = r"^(ssh|ecdsa)-[a-z0-9-]+ [A-Za-z0-9+/]+={0,2}( .*)?$"
# The path of a URL; a query is allowed. Without blanks, and without what curl would take for several paths.
URL_PATH = r"^/[^\s`{}\[\]]*$"
# A host, an IPv4 or an IPv6 address: what SSH connects to.
HOST = r"^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?$"
# A host name that requests are routed by.
DOMAIN = r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$"
# A registry: a host with an optional port, and no scheme.
SERVER = r"^[A-Za-z0-9.-]+(:[0-9]+)?$"
# What Debian's adduser accepts.
USER = r"^[a-z_][a-z0-9_-]{0,31}$"
# An image that can be pulled: a repository with tag, digest or neither.
REFERENCE = r"^[a-z0-9][A-Za-z0-9._/:@-]*$"
# A repository with optional host and port, without tag or digest.
IMAGE = r"^[a-z0-9][a-z0-9._/-]*(:\d+/[a-z0-9._/-]+)?$"

Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[int, Field(ge=0, le=3600)]


class Section(BaseModel):
    """A group of settings: frozen, and a key that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Registry(Section):
    """Where the app's image is pushed to and pulled from.

    Attributes:
        server: host and port; Docker Hub if not set.
        username: the account's name.
        password: its password or access token.
    """

    server: str = Field(default="docker.io", pattern=SERVER)
    username: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)


class Builder(Section):
    """How the image is built.

    Attributes:
        arch: the server's architecture.
        context: the build's context, relative to the app's folder.
        dockerfile: the Dockerfile, relative to the context.
        target: the stage to build; the last one if not set.
        args: build arguments; not for secrets, they stay in the image's history.
    """

    arch: Literal["amd64", "arm64"] = "amd64"
    context: Path = Path()
    dockerfile: Path = Path("Dockerfile")
    target: str | None = None
    args: dict[str, str] = Field(default_factory=dict)


class HealthCheck(Section):
    """The question that a new release must answer before it gets traffic.

    Attributes:
        path: asked with GET; any status from 200 to 299 is healthy.
        interval: seconds between two questions.
        timeout: seconds that one answer may take.
    """

    path: str = Field(default="/up", pattern=URL_PATH)
    interval: float = Field(default=1.0, gt=0, le=60)
    timeout: float = Field(default=5.0, gt=0, le=60)


class Proxy(Section):
    """How Traefik reaches the app, and who is routed to it.

    Attributes:
        app_port: the port that the app listens on inside its container.
        hosts: host names that are routed to the app; every request if empty.
        healthcheck: the gate before traffic.
    """

    app_port: Port = 80
    hosts: tuple[Annotated[str, Field(pattern=DOMAIN)], ...] = ()
    healthcheck: HealthCheck = HealthCheck()


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


class Settings(Section):
    """Everything that can be set for one stack.

    Attributes:
        app: the app's folder, absolute.
        service: the app's name; names its containers, routes and files on the server.
        image: the image's repository, without registry and tag; the service's name if not set.
        servers: addresses of the servers.
        env: what the app finds in its environment, from its `.env`.
        deploy_timeout: seconds that a new release has to become healthy.
        drain_timeout: seconds that requests in flight have to end on the old release.
        stop_timeout: seconds between SIGTERM and SIGKILL.
        retain_containers: how many old releases are kept, stopped.
    """

    app: Path
    service: str = Field(pattern=NAME)
    image: Annotated[str, Field(pattern=IMAGE)] | None = None
    servers: tuple[Annotated[str, Field(pattern=HOST)], ...] = Field(min_length=1, max_length=1)
    registry: Registry
    builder: Builder = Builder()
    proxy: Proxy = Proxy()
    ssh: Ssh = Ssh()
    traefik: TraefikSettings = TraefikSettings()
    env: dict[str, SecretStr] = Field(default_factory=dict)
    deploy_timeout: Annotated[int, Field(ge=1, le=3600)] = 30
    drain_timeout: Seconds = 30
    stop_timeout: Seconds = 10
    retain_containers: int = Field(default=5, ge=1, le=100)

    @property
    def role(self) -> str:
        """The role that the servers run."""
        return "web"

    @property
    def repository(self) -> str:
        """The image's full name, with its registry and without a tag."""
        return f"{self.registry.server}/{self.image or self.service}"

    @property
    def dockerfile(self) -> Path:
        """The Dockerfile, absolute."""
        return self.context / self.builder.dockerfile

    @property
    def context(self) -> Path:
        """The build's context, absolute."""
        return (self.app / self.builder.context).resolve()
