"""Traefik's dynamic files, as Traefik parses them."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from render.names import PRIVATE_PORT, RELEASE_HEADER, RoleNames
from render.routes import public_path
from render.scripts import REMOTE
from render.traefik import candidate_file, live_file, private_file
from settings import HealthCheck, Proxy
from tests.unit.shell import run

NAMES = RoleNames("hello", "web")
RELEASE = "9e52547c5edd-a1b2c3"
CONTAINER = f"hello-web-{RELEASE}"
BALANCER = {"loadBalancer": {"servers": [{"url": f"http://{CONTAINER}:8000"}]}}


def parsed(text: str) -> Any:  # noqa: ANN401 - YAML can be of any shape
    """Parse a file as Traefik does."""
    return yaml.safe_load(text)


def test_the_candidate_is_reached_by_its_header_on_the_private_entry_point() -> None:
    """Keep the public from a release that is not yet healthy."""
    assert parsed(candidate_file(NAMES, RELEASE, 8000)) == {
        "http": {
            "routers": {
                f"candidate-{CONTAINER}": {
                    "entryPoints": ["private"],
                    "rule": f"Header(`X-Backstaff-Release`, `{CONTAINER}`)",
                    "service": f"candidate-{CONTAINER}",
                }
            },
            "services": {f"candidate-{CONTAINER}": BALANCER},
        }
    }


@pytest.mark.parametrize(
    ("hosts", "rule", "priority"),
    [
        ((), "PathPrefix(`/`)", 1),
        (("a.example",), "Host(`a.example`)", 1001),
        (("a.example", "b.example"), "(Host(`a.example`) || Host(`b.example`))", 1001),
    ],
)
def test_the_live_route_takes_the_public_to_one_release(
    hosts: tuple[str, ...], rule: str, priority: int
) -> None:
    """Route the app's host names, or every request, on the public entry point."""
    assert parsed(live_file(NAMES, RELEASE, 8000, Proxy(hosts=hosts, response_timeout=7))) == {
        "http": {
            "routers": {
                "hello-web": {
                    "entryPoints": ["http"],
                    "rule": rule,
                    "priority": priority,
                    "service": CONTAINER,
                }
            },
            "services": {
                CONTAINER: {"loadBalancer": BALANCER["loadBalancer"] | {"serversTransport": "hello-web"}}
            },
            "serversTransports": {
                "hello-web": {"forwardingTimeouts": {"responseHeaderTimeout": "7s", "idleConnTimeout": "1s"}}
            },
        }
    }


def test_path_prefixes_are_whole_parts_of_a_path() -> None:
    """Give each prefix a router, a longer one first, and take it off on the way unless that is not wanted."""
    proxy = Proxy(hosts=("a.example",), path_prefixes=("/api", "/api/v2"))
    http = parsed(live_file(NAMES, RELEASE, 8000, proxy))["http"]
    rules = {name: (one["rule"], one["priority"]) for name, one in http["routers"].items()}
    assert rules == {
        "hello-web": ("Host(`a.example`) && (Path(`/api`) || PathPrefix(`/api/`))", 1004),
        "hello-web-2": ("Host(`a.example`) && (Path(`/api/v2`) || PathPrefix(`/api/v2/`))", 1007),
    }
    assert http["middlewares"] == {"hello-web": {"stripPrefix": {"prefixes": ["/api", "/api/v2"]}}}
    assert {tuple(one["middlewares"]) for one in http["routers"].values()} == {("hello-web",)}
    kept = parsed(live_file(NAMES, RELEASE, 8000, proxy.model_copy(update={"strip_path_prefix": False})))
    assert "middlewares" not in str(kept)


@pytest.mark.parametrize(
    ("proxy", "words", "path"),
    [
        (Proxy(), "*/", "/up"),
        (Proxy(hosts=("B.example", "a.example")), "a.example/ b.example/", "/up"),
        (Proxy(path_prefixes=("/api", "/v2")), "*/api */v2", "/api/up"),
        (Proxy(path_prefixes=("/api",), strip_path_prefix=False), "*/api", "/api"),
        (
            Proxy(
                path_prefixes=("/v2", "/api"),
                strip_path_prefix=False,
                healthcheck=HealthCheck(path="/api/up?deep=1"),
            ),
            "*/api */v2",
            "/api/up?deep=1",
        ),
    ],
)
def test_scripts_are_told_who_is_routed(proxy: Proxy, words: str, path: str) -> None:
    """Say what another service may not have too, and which path the public reaches the app's health with."""
    assert live_file(NAMES, RELEASE, 8000, proxy).splitlines()[1] == f"# routes: {words}"
    assert (" ".join(proxy.routes), public_path(proxy)) == (words, path)


def test_the_first_line_tells_the_release() -> None:
    """Let a script on the server see which release a file is for, without a parser."""
    for text in (live_file(NAMES, RELEASE, 8000, Proxy()), candidate_file(NAMES, RELEASE, 8000)):
        assert text.split("\n")[0] == f"# release: {RELEASE}"


def test_two_releases_share_the_router_and_nothing_else() -> None:
    """Let a switch replace the router, while candidates of two releases lie side by side."""
    one, two = (parsed(live_file(NAMES, release, 8000, Proxy()))["http"] for release in ("r1", "r2"))
    first, second = (parsed(candidate_file(NAMES, release, 8000))["http"] for release in ("r1", "r2"))

    assert one["routers"].keys() == two["routers"].keys()
    assert not one["services"].keys() & two["services"].keys()
    assert not first["routers"].keys() & second["routers"].keys()
    assert not first["services"].keys() & (one["services"].keys() | second["services"].keys())


def test_api_and_ping_answer_on_the_private_entry_point_only() -> None:
    """Ask for the header there too, or an app's page that calls 127.0.0.1:5880 could read the API."""
    assert parsed(private_file()) == {
        "http": {
            "routers": {
                "backstaff-api": {
                    "entryPoints": ["private"],
                    "rule": "Header(`X-Backstaff-Release`, `traefik`) && PathPrefix(`/api`)",
                    "service": "api@internal",
                },
                "backstaff-ping": {
                    "entryPoints": ["private"],
                    "rule": "Header(`X-Backstaff-Release`, `traefik`) && Path(`/ping`)",
                    "service": "ping@internal",
                },
            }
        }
    }


def test_names_are_those_that_the_scripts_build() -> None:
    """Agree with the scripts on the server on the container's name, the header and the private port."""
    said = run(
        "bash",
        f"source '{REMOTE}/lib.sh'; ARG=([service]=hello [role]=web [release]={RELEASE})\n"
        'container_name; printf " %s %s" "$RELEASE_HEADER" "$PRIVATE"',
    ).decode()

    assert said == f"{CONTAINER} {RELEASE_HEADER} http://127.0.0.1:{PRIVATE_PORT}"
    assert NAMES.release(RELEASE) == CONTAINER
