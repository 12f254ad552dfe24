"""Roles: sets of servers that run the same command, and how each one's releases run and are reached."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from settings import rules
from settings.base import NAME, OPTION, Host, Labels, Port, Seconds, Section

# The path of a URL; a query is allowed. Without blanks, and without what curl would take for several paths.
URL_PATH = r"^/[^\s`{}\[\]]*$"
# A part of a URL's path from its beginning, without what Traefik's rules would take for themselves.
PREFIX = r"^/[A-Za-z0-9._~/-]{0,199}$"
# A host name that requests are routed by.
DOMAIN = r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$"
# A path in the container, and Docker's options of a mount there.
ASSETS = r"^/[^:,\s]+(:[A-Za-z]+(,[A-Za-z]+)*)?$"
# A log driver of Docker's, or a plugin that is one.
DRIVER = r"^[a-z0-9][A-Za-z0-9._/:-]*$"
# What systemd may take for a calendar; the server's own tells.
CALENDAR = r"^[A-Za-z0-9*.,:/~ -]{1,100}$"
# A status of HTTP, or a range of them.
STATUS = r"^[1-5][0-9]{2}(-[1-5][0-9]{2})?$"

Domain = Annotated[str, Field(pattern=DOMAIN), AfterValidator(rules.domain)]


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


class Route(Section):
    """Who is routed to a container, and how.

    Attributes:
        app_port: the port that is listened on inside the container.
        hosts: host names that are routed to it; of every host if empty.
        path_prefixes: paths below which requests are routed to it; all if empty.
        strip_path_prefix: whether it sees paths without their prefix, which then stands in
            `X-Forwarded-Prefix`.
        response_timeout: seconds until an answer has to begin.
    """

    app_port: Port = 80
    hosts: Annotated[tuple[Domain, ...], AfterValidator(rules.distinct)] = ()
    path_prefixes: tuple[Annotated[str, Field(pattern=PREFIX), AfterValidator(rules.prefix)], ...] = ()
    strip_path_prefix: bool = True
    response_timeout: Annotated[Seconds, Field(ge=1)] = 30

    @property
    def routes(self) -> tuple[str, ...]:
        """What is routed, such as `a.example/api`, or `*/` for all; no two apps can have the same."""
        hosts, prefixes = self.hosts or ("*",), self.path_prefixes or ("/",)
        return tuple(sorted(f"{host.lower()}{prefix}" for host in hosts for prefix in prefixes))


class Proxy(Route):
    """How Traefik reaches the app, and who is routed to it.

    Attributes:
        app_port: the port that the app listens on inside its container.
        hosts: host names that are routed to the app; of every host if empty.
        path_prefixes: paths below which requests are routed to the app; all if empty.
        strip_path_prefix: whether the app sees paths without their prefix, which then stands in
            `X-Forwarded-Prefix`.
        response_timeout: seconds that the app has to begin an answer.
        healthcheck: the gate before traffic.
    """

    healthcheck: HealthCheck = HealthCheck()


class Logging(Section):
    """Where Docker puts what the app prints.

    Attributes:
        driver: Docker's name of it.
        options: of that driver, such as `max-size: 10m`.
    """

    driver: str = Field(default="json-file", pattern=DRIVER)
    options: dict[str, str] = Field(default_factory=lambda: {"max-size": "10m", "max-file": "3"})


class Job(Section):
    """A command that is run by the calendar.

    Attributes:
        calendar: when, as systemd takes it: `hourly`, `*-*-* 03:00`, `Mon..Fri *:0/15`.
            Source: systemd.time(7), calendar events.
        command: what its container runs.
    """

    calendar: str = Field(pattern=CALENDAR)
    command: tuple[str, ...] = Field(min_length=1, alias="cmd")


class Role(Section):
    """What the servers of one role run; what stands at the root for all roles is laid under it.

    Attributes:
        hosts: addresses of its servers; names, for servers that are made on AWS.
        proxy: how the app is reached there; none for a role that gets no requests, such as a worker.
        command: what the container runs; the image's own if empty.
        options: further options of `docker run`, each with its values; none is an option without a value.
        labels: of the container, as Docker's `--label` takes them.
        logging: of the container.
        env: what the app finds in its environment, on each server.
        asset_path: as for all roles.
        stop_timeout: as for all roles.
        schedule: jobs by their names; then nothing runs between them, and they run on one server.
        stop_first: whether the old release is stopped before the new one starts, since the two may not run
            at once; for a role without a proxy.
    """

    hosts: Annotated[tuple[Host, ...], AfterValidator(rules.distinct)] = Field(min_length=1)
    proxy: Proxy | None = None
    command: tuple[str, ...] = ()
    options: dict[Annotated[str, Field(pattern=OPTION)], tuple[str, ...]] = Field(default_factory=dict)
    labels: Labels = Field(default_factory=dict)
    logging: Logging = Logging()
    env: dict[str, dict[str, SecretStr]] = Field(default_factory=dict)
    asset_path: Annotated[str, Field(pattern=ASSETS)] | None = None
    stop_timeout: Seconds | None = None
    schedule: dict[Annotated[str, Field(pattern=NAME)], Job] = Field(default_factory=dict)
    stop_first: bool = False

    @field_validator("options")
    @classmethod
    def _leave_ours(cls, value: dict[str, tuple[str, ...]], info: ValidationInfo) -> object:
        """See to it that two releases can run side by side where they have to."""
        return rules.options(value, is_proxied=info.data.get("proxy") is not None)

    @field_validator("stop_first")
    @classmethod
    def _lose_no_request(cls, value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - pydantic's way
        """See to it that something serves at any time."""
        if value and info.data.get("proxy") is not None:
            rule = "is for roles without a proxy: stopping the old release first would lose requests"
            raise PydanticCustomError("stop_first", rule)
        return value

    @field_validator("schedule")
    @classmethod
    def _run_once(cls, value: dict[str, Job], info: ValidationInfo) -> dict[str, Job]:
        """See to it that each job runs on one server, and that nothing else is asked for."""
        if value and len(info.data.get("hosts", ())) > 1:
            raise PydanticCustomError("schedule", "needs a role with one server: a job runs once")
        if value and (info.data.get("proxy") is not None or info.data.get("command")):
            rule = "is for a role without a proxy, and without a cmd beside those of its jobs"
            raise PydanticCustomError("schedule", rule)
        return value

    @property
    def is_stopped_first(self) -> bool:
        """Whether two of its releases may not run at once: it was said so, or they would take one port."""
        return self.stop_first or "publish" in self.options
