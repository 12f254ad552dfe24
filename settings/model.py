"""One typed, immutable model of all that can be set, with Kamal's key names.

Times are in seconds. Every default stands here and nowhere else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    field_validator,
    model_validator,
)

from settings import rules
from settings.aws import Aws

# What Docker's object names accept and its DNS resolves, so that a service can name containers and hosts;
# short enough for a DNS label of 63 characters together with a role and a release.
NAME = r"^[a-z0-9]([a-z0-9_-]{0,34}[a-z0-9])?$"
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
# A repository with optional host and port, with a tag, a digest or neither.
IMAGE = (
    r"^[a-z0-9][a-z0-9._/-]*(:\d+/[a-z0-9._/-]+)?"
    r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$"
)
# A status of HTTP, or a range of them.
STATUS = r"^[1-5][0-9]{2}(-[1-5][0-9]{2})?$"
# What `pulumi stack output release` prints, or the one before the live one.
ROLLBACK = r"^(previous|[0-9a-f]{12}-[0-9a-f]{6})$"
# A volume's name or a folder of the server, a path in the container, and Docker's options for the two.
VOLUME = r"^[A-Za-z0-9/][A-Za-z0-9_./-]*:/[^:,]*(:[A-Za-z,]+)?$"

# An option of `docker run`, without its dashes.
OPTION = r"^[a-z][a-z0-9-]*$"

Count = Annotated[int, BeforeValidator(rules.number)]
Port = Annotated[Count, Field(ge=1, le=65535)]
Seconds = Annotated[int, BeforeValidator(rules.seconds), Field(ge=0, le=3600)]
Host = Annotated[str, Field(pattern=HOST), AfterValidator(rules.host)]
Domain = Annotated[str, Field(pattern=DOMAIN), AfterValidator(rules.domain)]


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
        dockerfile: the Dockerfile, relative to the app's folder.
        target: the stage to build; the last one if not set.
        args: build arguments; not for secrets, they stay in the image's history.
    """

    arch: Literal["amd64", "arm64"] = "amd64"
    context: Annotated[Path, AfterValidator(rules.inside)] = Path()
    dockerfile: Annotated[Path, AfterValidator(rules.inside)] = Path("Dockerfile")
    target: str | None = None
    args: dict[str, str] = Field(default_factory=dict)


class HealthCheck(Section):
    """The question that a new release must answer before it gets traffic.

    Attributes:
        path: asked with GET.
        port: asked there; the app's port if not set.
        host: the name it is asked of, since many frameworks refuse any other than their own; the first of
            `proxy.hosts`, or `localhost`, if not set.
        interval: seconds between two questions; in the first second they follow faster.
        timeout: seconds that one answer may take.
        status: the healthy ones, each a number or a range such as `200-399`.
        body: a text that the answer must hold; any will do if not set.
        successes: how many healthy answers in a row are asked for.
    """

    path: str = Field(default="/up", pattern=URL_PATH)
    port: Port | None = None
    host: Domain | None = None
    interval: Annotated[float, BeforeValidator(rules.seconds)] = Field(default=1.0, gt=0, le=60)
    timeout: Annotated[float, BeforeValidator(rules.seconds)] = Field(default=5.0, gt=0, le=60)
    status: tuple[Annotated[str, Field(pattern=STATUS)], ...] = Field(default=("200-299",), min_length=1)
    body: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    successes: int = Field(default=1, ge=1, le=100)

    @field_validator("status", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        """Take numbers as what they look like."""
        if isinstance(value, (list, tuple)):
            return [str(entry) if isinstance(entry, int) else entry for entry in value]
        return value


class Proxy(Section):
    """How Traefik reaches the app, and who is routed to it.

    Attributes:
        app_port: the port that the app listens on inside its container.
        hosts: host names that are routed to the app; every request if empty.
        healthcheck: the gate before traffic.
        response_timeout: seconds that the app has to begin an answer.
    """

    app_port: Port = 80
    hosts: Annotated[tuple[Domain, ...], AfterValidator(rules.distinct)] = ()
    healthcheck: HealthCheck = HealthCheck()
    response_timeout: Annotated[Seconds, Field(ge=1)] = 30


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


class Logging(Section):
    """Where Docker puts what the app prints.

    Attributes:
        driver: Docker's name of it.
        options: of that driver, such as `max-size: 10m`.
    """

    driver: str = Field(default="json-file", pattern=r"^[a-z][a-z0-9-]*$")
    options: dict[str, str] = Field(default_factory=lambda: {"max-size": "10m", "max-file": "3"})


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
        proxy: how the app is reached.
        ssh: how the servers are reached.
        traefik: the proxy in front of all apps of a server.
        rollback: the release to bring back, `previous` or an id; none is the one that the settings make.
        volumes: `NAME:PATH` or `FOLDER:PATH`, as Docker's `--volume` takes them.
        labels: of the container, as Docker's `--label` takes them.
        logging: of the container.
        primary_role: the role that the servers run; names the containers.
        command: what the container runs; the image's own if empty.
        options: further options of `docker run`, each with its values; none is an option without a value.
        require_destination: whether a stack must have a `config/deploy.<stack>.yml`.
        allow_empty_roles: whether a role may have no hosts.
        hooks_path: where Kamal's hooks are, relative to the app's folder; they are not run.
        secrets_path: where Kamal's secrets are, relative to the app's folder.
        allow_commands: whether what the settings' files ask to be run is run: `$(command)`, and Ruby in ERB.
        secrets: values for what is named as a secret, by name; they win over those from files.
        servers: addresses of the servers; names, for servers that are made on AWS.
        aws: the server on AWS that is made, if one is.
        env: what the app finds in its environment, from its `.env`.
        deploy_timeout: seconds that a new release has to become healthy.
        drain_timeout: seconds that requests in flight have to end on the old release.
        stop_timeout: seconds between SIGTERM and SIGKILL.
        retain_containers: how many old releases are kept, stopped.
    """

    app: Path | None = None
    service: str = Field(pattern=NAME)
    image: Annotated[str, Field(pattern=IMAGE)] | None = None
    servers: Annotated[tuple[Host, ...], AfterValidator(rules.distinct)] = Field(min_length=1, max_length=1)
    aws: Aws | None = None
    registry: Registry | None = None
    ecr: str | None = None
    builder: Builder = Builder()
    proxy: Proxy = Proxy()
    ssh: Ssh = Ssh()
    traefik: TraefikSettings = TraefikSettings()
    env: dict[str, SecretStr] = Field(default_factory=dict)
    deploy_timeout: Annotated[Seconds, Field(ge=1)] = 30
    drain_timeout: Seconds = 30
    stop_timeout: Seconds = 10
    retain_containers: Count = Field(default=5, ge=1, le=100)
    rollback: Annotated[str, Field(pattern=ROLLBACK)] | None = None
    volumes: tuple[Annotated[str, Field(pattern=VOLUME)], ...] = ()
    labels: Annotated[dict[str, str], AfterValidator(rules.labels)] = Field(default_factory=dict)
    logging: Logging = Logging()
    primary_role: str = Field(default="web", pattern=NAME)
    command: tuple[str, ...] = ()
    options: Annotated[
        dict[Annotated[str, Field(pattern=OPTION)], tuple[str, ...]], AfterValidator(rules.options)
    ] = Field(default_factory=dict)
    require_destination: bool = False
    allow_empty_roles: bool = False
    hooks_path: Path = Path(".kamal/hooks")
    secrets_path: Path = Path(".kamal/secrets")
    allow_commands: bool = Field(default=False, alias="allowCommands")
    secrets: dict[str, SecretStr] = Field(default_factory=dict)
    _warnings: tuple[str, ...] = PrivateAttr(default=())

    @field_validator("registry", mode="before")
    @classmethod
    def _none(cls, value: object) -> object:
        """Take the word for what it says; a key that is left empty is a mistake."""
        return {} if value is None else None if value == "none" else value

    @model_validator(mode="after")
    def _names_fit(self) -> Settings:
        """See to it that a container's name is one label of DNS, by which the proxy finds it."""
        rules.fits_label(self.service, self.primary_role)
        return self

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was written and has no effect, a line each."""
        return self._warnings

    @property
    def role(self) -> str:
        """The role that the servers run."""
        return self.primary_role

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
