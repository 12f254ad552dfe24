"""The private network of a server, which steps that run side by side create."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.remote.conftest import Server

pytestmark = pytest.mark.slow

NAMED = "docker network ls --quiet --filter name='^backstaff$'"
AT_ONCE = """
source {library}
steps=()
for _ in {{1..8}}; do
  {{ until [[ -e /tmp/go ]]; do :; done; ensure_network; }} &
  steps+=($!)
done
touch /tmp/go
for step in "${{steps[@]}}"; do wait "$step"; done
rm /tmp/go
"""


@pytest.fixture
def no_network(docker_server: Server) -> Iterator[Server]:
    """A server with Docker and without the network, before and after."""
    forget = f"{NAMED} | xargs --no-run-if-empty docker network rm >/dev/null"
    docker_server.root(forget)
    yield docker_server
    docker_server.root(forget)


def library(server: Server) -> str:
    """Name the file of what the steps share."""
    return f"/var/lib/backstaff/bin/{server.scripts.digest}/lib.sh"


def test_steps_at_once_create_one_network(no_network: Server) -> None:
    """Docker takes several of one name, and then refuses to run a container in any of them."""
    told = no_network.ssh("sudo bash -s", AT_ONCE.format(library=library(no_network)))
    assert (told.status, told.text) == (0, "")
    assert len(no_network.root(NAMED).splitlines()) == 1


def test_what_docker_says_of_the_network_is_told(no_network: Server) -> None:
    """A server without a free range of addresses is not known by anything else."""
    told = no_network.ssh(
        "sudo bash -s",
        f"docker() {{ echo no range is left >&2; return 1; }}; source {library(no_network)}; ensure_network",
    )
    assert told.status == 1
    assert told.text == (
        "no range is left\nbackstaff: could not create the network backstaff; what Docker says is above\n"
    )
