"""How `remote.Command` reaches a server: keys, passwords, agents, host keys, retries, a bastion."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pulumi
import pytest
from pulumi_command import remote

from tests.conformance.ssh_agent import agent, silent_agent
from tests.conformance.ssh_server import HOST, Server, private, public, serving
from tests.conformance.stacks import Program, Stack

KEY = asyncssh.generate_private_key("ssh-ed25519")
OTHER_KEY = asyncssh.generate_private_key("ssh-ed25519")
PASSWORD = "correct horse"

Connections = dict[str, Any]


@pytest.fixture
def by_password() -> Iterator[Server]:
    """Return a server that takes a password only."""
    with serving(Server(password=PASSWORD)) as server:
        yield server


@pytest.fixture
def by_questions() -> Iterator[Server]:
    """Return a server that asks two questions, and takes no plain password."""
    with serving(Server(password=PASSWORD, questions=["Code:", "Once more:"])) as server:
        yield server


def _greeting(connections: Connections) -> Program:
    """Give a program that runs one command over each connection, named as it is."""

    def program() -> None:
        for name, connection in connections.items():
            remote.Command(name, connection=connection, create=f"echo hello {name}")

    return program


def _in_vain(**more: object) -> dict[str, Any]:
    """Give a connection's inputs that are tried once only."""
    return {"dialErrorLimit": 0, **more}


def test_every_way_to_sign_in_works(
    stack: Stack,
    server: Server,
    by_password: Server,
    by_questions: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A key, an encrypted key, a password, questions that it answers, an agent by path and by variable."""
    assert server.key
    with agent(tmp_path / "agent", server.key) as path:
        monkeypatch.setenv("SSH_AUTH_SOCK", path)
        connections = {
            "key": server.connection(user="ada"),
            "sealed-key": server.connection(
                user="bob", privateKey=private(server.key, "seal"), privateKeyPassword="seal"
            ),
            "agent": server.connection(user="cy", privateKey=None, agentSocketPath=path),
            "variable": server.connection(user="di", privateKey=None),
            "password": by_password.connection(),
            "key-refused": by_password.connection(privateKey=private(OTHER_KEY)),
            "questions": by_questions.connection(),
        }
        done = stack.up(_greeting(connections))

    assert not done.failed, done.text
    for name in connections:
        assert done.outputs(name)["stdout"] == f"hello {name}"
    assert sorted(server.users) == ["ada", "bob", "cy", "di"]
    assert set(server.ways) == {"publickey"}
    assert by_password.ways == ["password", "password"]
    assert by_questions.ways == ["keyboard-interactive"]


def test_a_failed_sign_in_names_what_was_tried(
    stack: Stack, server: Server, by_password: Server, by_questions: Server
) -> None:
    """The error of a wrong password or key lists the ways that were tried; the command does not run."""
    done = stack.up(
        _greeting(
            {
                "password": by_password.connection(**_in_vain(password="wrong")),
                "questions": by_questions.connection(**_in_vain(password="wrong")),
                "key": server.connection(**_in_vain(privateKey=private(OTHER_KEY))),
                "nothing": server.connection(**_in_vain(privateKey=None)),
            }
        ),
        continue_on_error=True,
    )

    tried = {
        "password": "none password",
        "questions": "none keyboard-interactive",
        "key": "none publickey",
        "nothing": "none",
    }
    for name, ways in tried.items():
        expected = (
            "after 0 failed attempts: ssh: handshake failed: ssh: unable to authenticate, "
            f"attempted methods [{ways}], no supported methods remain"
        )
        assert expected in done.error(name)
    assert server.commands == by_password.commands == by_questions.commands == []


def test_a_key_that_cannot_be_read_is_an_error_at_once(stack: Stack, server: Server, tmp_path: Path) -> None:
    """An encrypted key without its password, no key at all, no agent: nothing is tried."""
    sealed = private(KEY, "seal")
    done = stack.up(
        _greeting(
            {
                "sealed": server.connection(privateKey=sealed),
                "mistaken": server.connection(privateKey=sealed, privateKeyPassword="other"),
                "no-key": server.connection(privateKey="not a key"),
                "no-agent": server.connection(agentSocketPath=str(tmp_path / "none")),
                "no-host-key": server.connection(hostKey="not a key"),
            }
        ),
        continue_on_error=True,
    )

    assert "ssh: this private key is passphrase protected" in done.error("sealed")
    assert "password incorrect" in done.error("mistaken")
    assert "ssh: no key found" in done.error("no-key")
    assert f"dial unix {tmp_path}/none: connect: no such file or directory" in done.error("no-agent")
    assert "failed to parse host key: ssh: no key found" in done.error("no-host-key")
    assert server.connections == 0


def test_an_agent_that_hangs_up_is_no_way_to_sign_in(
    stack: Stack, server: Server, by_password: Server, tmp_path: Path
) -> None:
    """Without another way the attempt fails, and says that it was the agent; a password still signs in."""
    with silent_agent(tmp_path / "agent") as path:
        done = stack.up(
            _greeting(
                {
                    "alone": server.connection(**_in_vain(privateKey=None, agentSocketPath=path)),
                    "password": by_password.connection(agentSocketPath=path),
                }
            ),
            continue_on_error=True,
        )

    assert "after 0 failed attempts: ssh: handshake failed: agent: client error: " in done.error("alone")
    assert done.outputs("password")["stdout"] == "hello password"


def test_the_host_key_is_checked_if_it_is_given(stack: Stack, server: Server) -> None:
    """Another host key is an error before a sign-in; a comment is no matter; without one, any goes."""
    done = stack.up(
        _greeting(
            {
                "wrong": server.connection(**_in_vain(hostKey=public(OTHER_KEY))),
                "commented": server.connection(hostKey=f"{server.host_key} root@box"),
                "unchecked": server.connection(hostKey=None),
            }
        ),
        continue_on_error=True,
    )

    assert "after 0 failed attempts: ssh: handshake failed: ssh: host key mismatch" in done.error("wrong")
    assert done.outputs("commented")["stdout"] == "hello commented"
    assert done.outputs("unchecked")["stdout"] == "hello unchecked"
    assert len(server.ways) == 2 * 2  # a key is first shown, then used


def test_a_server_that_is_not_ready_is_tried_again(stack: Stack, server: Server) -> None:
    """Each failed attempt is shown with the limit, 10 unless another is given; then the command runs."""
    server.to_refuse = 2

    done = stack.up(_greeting({"patient": server.connection()}))

    assert done.status_lines("patient") == [
        "Dial 1/10 failed: retrying",
        "Dial 2/10 failed: retrying",
        "hello patient",
    ]
    assert server.connections == 3


def test_attempts_end_at_their_limit(stack: Stack, server: Server) -> None:
    """The limit is on retries: one attempt more is made, and its error shown. -1 is no limit but the time."""
    server.to_refuse = 100

    def endless() -> None:
        remote.Command(
            "endless",
            connection=server.connection(dialErrorLimit=-1),
            create="echo never",
            opts=pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="1s")),
        )

    limited = stack.up(_greeting({"limited": server.connection(dialErrorLimit=2)}))
    assert server.connections == 3
    assert "after 2 failed attempts: ssh: handshake failed: " in limited.error("limited")
    assert limited.status_lines("limited") == ["Dial 1/2 failed: retrying", "Dial 2/2 failed: retrying"]

    ended = stack.up(endless)
    assert "context deadline exceeded" in ended.error("endless")
    assert ended.status_lines("endless")[:2] == ["Dial 1/inf failed: retrying", "Dial 2/inf failed: retrying"]


def test_a_server_that_cannot_be_reached_is_named(stack: Stack) -> None:
    """The error of the last attempt says what was dialled and why it failed."""
    with _closed_port() as port:
        done = stack.up(
            _greeting(
                {
                    "closed": {"host": HOST, "port": port, "dialErrorLimit": 1},
                    "nowhere": _in_vain(host="no-such-host.invalid"),
                }
            ),
            continue_on_error=True,
        )

    assert f"after 1 failed attempts: dial tcp {HOST}:{port}: connect: connection refused" in done.error(
        "closed"
    )
    assert done.status_lines("closed") == ["Dial 1/1 failed: retrying"]
    assert "lookup no-such-host.invalid" in done.error("nowhere")


def test_a_command_goes_through_a_bastion(stack: Stack, server: Server, by_password: Server) -> None:
    """The bastion is signed in at with its own ways, and connects to the server, which is checked as ever."""
    way = server.connection(user="ada", proxy=by_password.connection(user="guard"))

    done = stack.up(_greeting({"inside": way}))

    assert not done.failed, done.text
    assert done.outputs("inside")["stdout"] == "hello inside"
    assert by_password.tunnels == [(HOST, server.port)]
    assert by_password.users == ["guard"]
    assert server.users == ["ada"]
    assert by_password.commands == []


def test_each_part_of_the_way_through_a_bastion_fails_by_name(
    stack: Stack, server: Server, by_password: Server
) -> None:
    """A bastion that refuses, one that cannot connect, and a wrong server behind it each say `proxy:`."""
    proxy = by_password.connection()
    with _closed_port() as port:
        done = stack.up(
            _greeting(
                {
                    "refused": server.connection(
                        proxy=by_password.connection(password="wrong", dialErrorLimit=1)
                    ),
                    "cut": {"host": HOST, "port": port, "dialErrorLimit": 1, "proxy": proxy},
                    "wrong": server.connection(**_in_vain(hostKey=public(OTHER_KEY), proxy=proxy)),
                }
            ),
            continue_on_error=True,
        )

    assert "proxy: after 1 failed attempts: ssh: handshake failed: ssh: unable to authenticate" in done.error(
        "refused"
    )
    assert done.status_lines("refused") == ["Dial proxy 1/1 failed: retrying"]
    assert "proxy: after 1 failed attempts: ssh: rejected: connect failed" in done.error("cut")
    assert done.status_lines("cut") == ["Dial from proxy 1/1 failed: retrying"]
    assert "proxy: after 0 failed attempts: ssh: handshake failed: ssh: host key mismatch" in done.error(
        "wrong"
    )
    assert server.commands == []


@contextlib.contextmanager
def _closed_port() -> Iterator[int]:
    """Give a port that nobody listens on, and nobody else gets meanwhile."""
    with socket.socket() as kept:
        kept.bind((HOST, 0))
        yield kept.getsockname()[1]
